// Which recipe roots of a storage group came and went since the cleaner last counted.
#ifndef OCA_FS_ENGINE_ROOT_JOURNAL_H_
#define OCA_FS_ENGINE_ROOT_JOURNAL_H_

#include <atomic>
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
    noted_ = true;
    dropped_bytes_ += bytes_dropped;
    if (!counting_) return;
    auto [it, added] = changes_.try_emplace(before.ino);
    if (added) it->second.before = before.content;
    it->second.after = after;
    if (it->second.before == it->second.after) {
      changes_.erase(it);
    } else if (changes_.size() > most_changes_.load()) {
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
  // Of RAM for the changes.
  void SetBudget(uint64_t bytes) { most_changes_ = bytes / kChangeBytes; }

  // Goes on where another journal ended. False, and nothing is done, when anything changed since
  // this one was made.
  bool Resume(Changes changes, uint64_t dropped_bytes) ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    if (noted_) return false;
    changes_ = std::move(changes);
    dropped_bytes_ = dropped_bytes;
    counting_ = true;
    return true;
  }

 private:
  static constexpr uint64_t kChangeBytes = 320;  // of RAM, with two roots of usual size

  std::atomic<uint64_t> most_changes_{200'000};
  mutable absl::Mutex mu_;
  bool counting_ ABSL_GUARDED_BY(mu_) = false;
  bool noted_ ABSL_GUARDED_BY(mu_) = false;  // anything, ever
  Changes changes_ ABSL_GUARDED_BY(mu_);
  uint64_t dropped_bytes_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_ROOT_JOURNAL_H_
