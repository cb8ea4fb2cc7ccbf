// Where watched processes say that they serve and that they live: the receiving end of
// sd_notify(3).
#ifndef OCA_SERVICES_WATCHER_NOTIFY_SOCKET_H_
#define OCA_SERVICES_WATCHER_NOTIFY_SOCKET_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace oca::watcher {

struct Notice {
  pid_t pid = 0;     // of the sender, as the kernel says
  std::string text;  // "READY=1"
};

// Not thread-safe.
class NotifySocket {
 public:
  // Listens at `path`, in the place of one that an earlier watcher left.
  static absl::StatusOr<std::unique_ptr<NotifySocket>> Open(const std::string& path);
  // Removes the socket.
  ~NotifySocket();
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  int fd() const { return fd_; }
  const std::string& path() const { return path_; }
  // The next one that has arrived; none = there is no more.
  std::optional<Notice> Next();

 private:
  NotifySocket(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  const std::string path_;
  const int fd_;
};

}  // namespace oca::watcher

#endif  // OCA_SERVICES_WATCHER_NOTIFY_SOCKET_H_
