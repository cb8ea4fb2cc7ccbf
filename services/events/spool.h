// Events that nobody has taken yet, on disk: a queue that survives crashes and power cuts.
#ifndef OCA_SERVICES_EVENTS_SPOOL_H_
#define OCA_SERVICES_EVENTS_SPOOL_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "lib/base/bell.h"
#include "lib/io/file_system.h"

namespace oca::events {

struct SpoolLimits {
  uint64_t segment_bytes = 1 << 20;  // a new file is begun after so many
  uint64_t total_bytes = 64 << 20;
};

// A crash brings back what was popped since the last file was removed: who takes records must know
// them again. Thread-safe.
class Spool {
 public:
  // Opens what is in `dir` (made when missing), which is the spool's own. What is not whole in a
  // file is left out, and logged.
  static absl::StatusOr<std::unique_ptr<Spool>> Open(io::FileSystem& fs, const std::string& dir,
                                                     SpoolLimits limits = {});

  // Adds records at the end: all of them are durable when it returns OK, else some may be.
  // kResourceExhausted when the spool is full, kInvalidArgument for a record beyond
  // kMaxRecordBytes, the errors of the disk.
  absl::Status Append(std::span<const std::string> records);

  // Up to `count` of the oldest, in order. Errors of the disk.
  absl::StatusOr<std::vector<std::string>> Front(size_t count);
  // The oldest `count`, which Front gave, are no longer needed.
  void Pop(size_t count);

  // Waits until there is a record, for at most `timeout`; whether there is one.
  bool AwaitRecord(absl::Duration timeout);
  uint64_t records() const;
  uint64_t bytes() const;

 private:
  struct File {
    uint64_t number = 0;
    uint64_t records = 0;  // still to be popped
    uint64_t bytes = 0;
  };

  Spool(io::FileSystem& fs, std::string dir, SpoolLimits limits)
      : fs_(fs), dir_(std::move(dir)), limits_(limits) {}
  std::string PathOf(uint64_t number) const;
  absl::Status Load() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status LoadFile(uint64_t number, bool last) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Write(const std::string& text) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status BeginFile() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status ReadHead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void DropEmptyHeads() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  io::FileSystem& fs_;
  const std::string dir_;
  const SpoolLimits limits_;
  mutable absl::Mutex mu_;
  std::deque<File> files_ ABSL_GUARDED_BY(mu_);
  uint64_t next_number_ ABSL_GUARDED_BY(mu_) = 1;
  uint64_t records_ ABSL_GUARDED_BY(mu_) = 0;
  Bell added_;  // for AwaitRecord
  uint64_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
  // To which records are appended: the last of files_; null: the next one begins a file.
  std::unique_ptr<io::File> tail_ ABSL_GUARDED_BY(mu_);
  // What is left of the first of files_, once it was read.
  std::deque<std::string> head_ ABSL_GUARDED_BY(mu_);
  bool head_read_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace oca::events

#endif  // OCA_SERVICES_EVENTS_SPOOL_H_
