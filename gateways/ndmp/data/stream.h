// What the backup of files and their recovery stand between: the stream on one side, and who hears
// how it goes on the other.
#ifndef OCA_GATEWAYS_NDMP_DATA_STREAM_H_
#define OCA_GATEWAYS_NDMP_DATA_STREAM_H_

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateways/ndmp/wire/enums.h"

namespace oca::ndmp {

// Where a backup goes.
class Sink {
 public:
  virtual ~Sink() = default;
  // All of it; waits for the peer. kCancelled: the operation is aborted; kUnavailable: the peer has
  // gone.
  virtual absl::Status Write(std::string_view bytes) = 0;
};

// Where a recovery comes from: parts of a stream, which have to be asked for.
class Source {
 public:
  virtual ~Source() = default;
  // Wants a part; kUnlimited: to its end. What was asked for before must have been read.
  virtual absl::Status Ask(uint64_t offset, uint64_t length) = 0;
  // Whether asking takes no message of a client, so that many small parts cost little.
  virtual bool asks_cheaply() const = 0;
  // What comes next of it, at most `room` bytes, at least one; waits. 0: the stream has ended.
  // Errors as above.
  virtual absl::StatusOr<size_t> Read(char* to, size_t room) = 0;
};

// A file in the history of a backup.
struct HistoryEntry {
  std::string path;  // from what is backed up: "" is that itself, "a/b"
  uint64_t node = 0;
  uint64_t parent = 0;  // the folder's node; the top's own
  uint64_t offset = 0;  // where in the stream it begins
  struct stat info {};
};

// Hears how an operation goes. Its calls may wait.
class Reporter {
 public:
  virtual ~Reporter() = default;
  // The operation shall end soon, and its outcome does not matter any more.
  virtual bool stopped() const = 0;
  virtual void History(std::vector<HistoryEntry> entries) = 0;
  // How it went with a name of a recovery's list, or a file that could not be backed up.
  virtual void FileResult(const std::string& name, const absl::Status& status) = 0;
  virtual void Say(LogType type, const std::string& text) = 0;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_DATA_STREAM_H_
