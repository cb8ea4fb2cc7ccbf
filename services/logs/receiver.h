// The receiving end of lib/log's writer_sink.h: takes the lines of all processes.
#ifndef OCA_SERVICES_LOGS_RECEIVER_H_
#define OCA_SERVICES_LOGS_RECEIVER_H_

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace oca::logs {

// Owned by one thread.
class Receiver {
 public:
  using Take = absl::FunctionRef<void(std::string_view name, std::string_view line)>;

  // Listens at `path`, in the place of what an earlier writer left. Only this account and root are
  // heard.
  static absl::StatusOr<std::unique_ptr<Receiver>> Open(const std::string& path);
  // Removes the socket.
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  // Waits until lines have come, Wake was called, or for `longest`; hands over what is there.
  void TakeSome(absl::Duration longest, Take take);
  // No further connection; hands over all that was sent before.
  void Drain(Take take);
  // Async-signal-safe; any thread.
  void Wake();

 private:
  Receiver(std::string path, int listener, int epoll, int wake);
  void Accept();
  // False when the connection is over.
  bool Read(int fd, Take take);

  const std::string path_;
  int listener_;
  const int epoll_;
  const int wake_;
  std::unordered_map<int, std::string> names_;  // of connections; empty = not greeted yet
  std::vector<char> packet_;
};

}  // namespace oca::logs

#endif  // OCA_SERVICES_LOGS_RECEIVER_H_
