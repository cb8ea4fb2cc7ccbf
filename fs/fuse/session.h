// A mount of the engine: from mounting, through serving the kernel's requests, to unmounting.
#ifndef OCA_FS_FUSE_SESSION_H_
#define OCA_FS_FUSE_SESSION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fs/engine/filesystem.h"
#include "lib/base/clock.h"
#include "lib/base/ids.h"

namespace oca::fuse {

struct Options {
  std::string mountpoint;          // created when missing; must be empty
  int threads = 4;                 // requests served at once, besides fsyncs; at least 2
  bool allow_other = true;         // for other users, where the system lets us
  double timeout_seconds = 3600;   // how long the kernel keeps names and attributes
  uint32_t read_ahead_kib = 2048;  // of the mount, when we are root; 0 = the kernel's default
  Clock* clock = &SystemClock();
  // Called once, from a thread of the session, when the mount ended without Unmount: somebody
  // unmounted it.
  std::function<void()> on_unmounted;
};

// Thread-safe but for Unmount, which is called once.
class Session {
 public:
  // Mounts and serves until Unmount. `fs` is borrowed. A mount that a dead process of ours left on
  // the mountpoint is taken away first; kAlreadyExists when a living one is there.
  static absl::StatusOr<std::unique_ptr<Session>> Mount(engine::Filesystem& fs, Options options);
  // Unmounts when Unmount was not called.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Ends the mount. When files are in use it writes back what was mapped, commits, and detaches:
  // their users get errors from then on. Afterwards no request runs and `fs` is not used any more.
  absl::Status Unmount();

  // For changes that do not come through the mount: the kernel forgets the name `name` in `parent`
  // (and what lies below it), and the attributes and listing of `parent`. Never call it from within
  // a request of the mount.
  void InvalidateEntry(InodeNo parent, std::string_view name);
  // The kernel asks for the attributes of `ino` again. From any thread.
  void InvalidateAttributes(InodeNo ino);
  // The mount's root: its attributes and listing.
  void InvalidateRoot();

  // The mountpoint, canonical.
  const std::string& mountpoint() const;

 private:
  struct Impl;
  explicit Session(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace oca::fuse

#endif  // OCA_FS_FUSE_SESSION_H_
