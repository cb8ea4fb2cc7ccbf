// Which recipe roots of a storage group came and went since the cleaner last counted.
#ifndef OCA_FS_ENGINE_ROOT_JOURNAL_H_
#define OCA_FS_ENGINE_ROOT_JOURNAL_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "fs/names/records.h"
#include "lib/base/ids.h"

namespace oca::engine {

// Thread-safe. Names call Note under their writer mutex, so that the journal is in step with them.
class RootJournal {
 public:
  // An inode's content when it was counted, and now; as in the inode record, empty = none.
  struct Change {
    std::string before;
    std::string after;
  };
  using Changes = absl::flat_hash_map<InodeNo, Change>;

  // `before.content` was replaced by `after`.
  void Note(const names::Inode& before, std::string_view after, uint64_t bytes_dropped)
      ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    dropped_bytes_ += bytes_dropped;
    if (!counting_) return;
    auto [it, added] = changes_.try_emplace(before.ino);
    if (added) it->second.before = before.content;
    it->second.after = after;
    if (it->second.before == it->second.after) {
      changes_.erase(it);
    } else if (changes_.size() > kMaxChanges) {
      changes_ = Changes();
      counting_ = false;
    }
  }

  // From now on: what is before the next Note is counted.
  void Restart() ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    changes_ = Changes();
    counting_ = true;
    dropped_bytes_ = 0;
  }
  // No count is kept: nothing is written down until Restart.
  void Abandon() ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    changes_ = Changes();
    counting_ = false;
  }
  // False: too much changed, or it was abandoned; every root has to be counted anew.
  bool counting() const ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    return counting_;
  }
  bool empty() const ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    return changes_.empty();
  }
  // All changes up to one moment; they are the caller's to count now.
  Changes Take() ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    dropped_bytes_ = 0;
    return std::exchange(changes_, Changes());
  }
  // File bytes, before any reduction, that were deleted or replaced since the last count.
  uint64_t dropped_bytes() const ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    return dropped_bytes_;
  }

 private:
  static constexpr size_t kMaxChanges = 200'000;  // some 60 MB

  mutable absl::Mutex mu_;
  bool counting_ ABSL_GUARDED_BY(mu_) = false;
  Changes changes_ ABSL_GUARDED_BY(mu_);
  uint64_t dropped_bytes_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_ROOT_JOURNAL_H_
