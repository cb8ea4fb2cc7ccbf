// The log files of all processes: one each, rotated, old ones compressed.
#ifndef OCA_SERVICES_LOGS_LOG_FILES_H_
#define OCA_SERVICES_LOGS_LOG_FILES_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace oca::logs {

struct Limits {
  uint64_t max_bytes = 16u << 20;            // of a file; then it is rotated
  absl::Duration max_age = absl::Hours(24);  // of a file that holds something
  size_t keep_files = 20;                    // rotated ones of a process; the oldest go first
};

// A name that may be a file's: 1 to 32 of [a-z0-9_-], not starting with '-'.
bool IsLogName(std::string_view name);

// <folder>/<name>.log, rotated to <name>-<UTC time>.log and compressed to <name>-<UTC
// time>.log.zst. Not thread-safe.
class LogFiles {
 public:
  // `rotated` is told of each file that shall be compressed.
  LogFiles(std::string folder, Limits limits, std::function<absl::Time()> now,
           std::function<void(const std::string& path)> rotated);
  ~LogFiles();
  LogFiles(const LogFiles&) = delete;
  LogFiles& operator=(const LogFiles&) = delete;

  // Appends a line (without a newline; what would break it is made a blank). An error of the disk
  // loses the line: it is counted, and their number is the file's next line once there is room.
  void Append(std::string_view name, std::string_view line);
  // Rotates what is old, and opens anew what somebody else moved away. Call it now and then.
  void LookAfter();
  // Lines lost since the start.
  uint64_t lost() const { return lost_; }

  // What a process that ended left to be compressed.
  static std::vector<std::string> Uncompressed(const std::string& folder);

 private:
  struct File {
    int fd = -1;
    uint64_t bytes = 0;
    absl::Time begun;
    uint64_t lost = 0;  // lines, not told yet
    bool torn = false;  // the last line is not whole
  };

  std::string PathOf(std::string_view name) const;
  bool Open(std::string_view name, File* file);
  // Closes it; the next line opens it anew.
  static void Forget(File* file);
  bool Write(File* file, std::string_view text);
  void Rotate(const std::string& name, File* file);
  void DropOldest(const std::string& name);

  const std::string folder_;
  const Limits limits_;
  const std::function<absl::Time()> now_;
  const std::function<void(const std::string&)> rotated_;
  std::map<std::string, File, std::less<>> files_;
  uint64_t lost_ = 0;
};

}  // namespace oca::logs

#endif  // OCA_SERVICES_LOGS_LOG_FILES_H_
