// The last repairs of a repository, kept across restarts.
#ifndef OCA_FS_ENGINE_REPAIR_HISTORY_H_
#define OCA_FS_ENGINE_REPAIR_HISTORY_H_

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "fs/engine/stats.h"
#include "fs/format/repair_history.h"
#include "lib/io/file_system.h"

namespace oca::engine {

// Thread-safe; a leaf among locks.
class RepairHistory {
 public:
  RepairHistory(io::FileSystem& fs, const std::string& repository)
      : fs_(fs), path_(io::JoinPath(repository, "repairs")) {}

  // Reads the file. A damaged one counts as empty: it is no obstacle.
  absl::Status Load() ABSL_LOCKS_EXCLUDED(mu_);
  // A repair has ended. Durable when it returns, unless the disk refuses.
  void Add(const ScanStatus& repair) ABSL_LOCKS_EXCLUDED(mu_);
  // Oldest first, the last kMostRecords.
  std::vector<RepairRecord> List() const ABSL_LOCKS_EXCLUDED(mu_);

  static constexpr size_t kMostRecords = 64;
  static constexpr size_t kMostLines = 100;  // of each kind in a record

 private:
  io::FileSystem& fs_;
  const std::string path_;
  mutable absl::Mutex mu_;
  std::vector<format::RepairRecord> records_ ABSL_GUARDED_BY(mu_);
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_REPAIR_HISTORY_H_
