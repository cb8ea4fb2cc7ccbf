// ocafsd's side of lib/api: the services oca.fs.v1.Fs and Paths and oca.management.v1.RecycleBin on
// a Filesystem, on a unix socket.
#ifndef OCA_FS_RPC_SERVER_H_
#define OCA_FS_RPC_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "fs/engine/filesystem.h"

namespace oca::fs_rpc {

// Called from RPC threads, several at once; must not block for long. Either may be empty.
struct Callbacks {
  // A container of this name was added or deleted: the mount forgets what the kernel knows of the
  // name.
  std::function<void(std::string_view name)> container_changed;
  // Shutdown was asked for: begin it (from another thread: Stop waits for this call's RPC), and
  // return.
  std::function<void()> shutdown_requested;
};

// What the service tells about its process.
struct ServerInfo {
  std::string version;
  std::string repository_path;
  std::string mount_path;
};

// Thread-safe but for Stop, which is called once.
class Server {
 public:
  // Serves `filesystem` (borrowed) at `socket_path`, whose folder must be ours alone
  // (lib/rpc/unix_socket.h has the errors).
  static absl::StatusOr<std::unique_ptr<Server>> Start(engine::Filesystem& filesystem,
                                                       const std::string& socket_path,
                                                       Callbacks callbacks, ServerInfo info);
  // Stops when Stop was not called.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Ends the service: running calls get a few seconds, then are cancelled. Afterwards no callback
  // runs and the filesystem is not used any more.
  void Stop();

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace oca::fs_rpc

#endif  // OCA_FS_RPC_SERVER_H_
