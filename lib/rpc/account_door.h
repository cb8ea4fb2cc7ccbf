// A unix socket at which the kernel says which account of the machine is there (SO_PEERCRED), which
// gRPC does not tell: for what an account may ask before it has a token. One question and one
// answer for each connection.
#ifndef OCA_LIB_RPC_ACCOUNT_DOOR_H_
#define OCA_LIB_RPC_ACCOUNT_DOOR_H_

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace oca::rpc {

struct Knock {
  uid_t account = 0;          // as the kernel says
  std::string origin;         // where the account says it is; printable ASCII, at most 128 bytes
  std::string one_time_code;  // of a second factor; may be empty
};

// Answers on a thread of its own, one knock after another.
class AccountDoor {
 public:
  // A token, or why there is none; payloads of the status arrive too.
  using Answer = std::function<absl::StatusOr<std::string>(const Knock&)>;

  // Path, `shared_with` and errors as of UnixServer::Start.
  static absl::StatusOr<std::unique_ptr<AccountDoor>> Open(const std::string& path,
                                                           std::optional<gid_t> shared_with,
                                                           Answer answer);
  // Waits for the answer that is being given; removes the socket.
  ~AccountDoor();
  AccountDoor(const AccountDoor&) = delete;
  AccountDoor& operator=(const AccountDoor&) = delete;

 private:
  AccountDoor(std::string path, int listen_fd, int stop_fd, Answer answer)
      : path_(std::move(path)),
        listen_fd_(listen_fd),
        stop_fd_(stop_fd),
        answer_(std::move(answer)),
        thread_([this] { Loop(); }) {}
  void Loop();
  void Serve(int fd);

  const std::string path_;
  const int listen_fd_;
  const int stop_fd_;  // readable: it shall end
  const Answer answer_;
  std::thread thread_;
};

// Asks at the door, as the account that runs this: its answer. kUnavailable when nobody is there,
// kDeadlineExceeded when there is no answer within `timeout`.
absl::StatusOr<std::string> KnockAt(const std::string& path, const std::string& origin,
                                    const std::string& one_time_code, absl::Duration timeout);

}  // namespace oca::rpc

#endif  // OCA_LIB_RPC_ACCOUNT_DOOR_H_
