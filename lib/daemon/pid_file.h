// A file that names the one running instance of a process.
#ifndef OCA_LIB_DAEMON_PID_FILE_H_
#define OCA_LIB_DAEMON_PID_FILE_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace oca::daemon {

// Holds the file locked (flock) while it lives, and removes it at its end. After a crash the file
// stays, unlocked: the lock, not the file, says that somebody runs.
class PidFile {
 public:
  // Writes this process's number into `path`, whose folder must exist. kAlreadyExists, naming the
  // other's number, when another instance holds it.
  static absl::StatusOr<std::unique_ptr<PidFile>> Acquire(const std::string& path);
  ~PidFile();
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;

 private:
  PidFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  const std::string path_;
  const int fd_;
};

// The process whose number is in `path`, when it holds the lock on that file; none = nobody does.
std::optional<pid_t> HolderOf(const std::string& path);

}  // namespace oca::daemon

#endif  // OCA_LIB_DAEMON_PID_FILE_H_
