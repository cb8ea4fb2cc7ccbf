#include "fs/store/file_cache.h"

#include "lib/base/status.h"

namespace oca::store {

absl::StatusOr<std::shared_ptr<io::File>> FileCache::Get(PackId id) {
  uint64_t drops_before;
  {
    absl::MutexLock lock(&mu_);
    if (auto it = by_id_.find(id); it != by_id_.end()) {
      recent_.splice(recent_.begin(), recent_, it->second);
      return it->second->file;
    }
    drops_before = drops_;
  }
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<io::File> opened, open_(id));
  std::shared_ptr<io::File> file = std::move(opened);
  std::shared_ptr<io::File> evicted;  // closed after the lock is released
  absl::MutexLock lock(&mu_);
  if (auto it = by_id_.find(id); it != by_id_.end()) return it->second->file;  // another thread's
  if (drops_ != drops_before) return file;
  recent_.push_front({id, file});
  by_id_[id] = recent_.begin();
  if (recent_.size() > max_open_) {
    evicted = std::move(recent_.back().file);
    by_id_.erase(recent_.back().id);
    recent_.pop_back();
  }
  return file;
}

void FileCache::Drop(PackId id) {
  std::shared_ptr<io::File> dropped;  // closed after the lock is released
  absl::MutexLock lock(&mu_);
  ++drops_;
  auto it = by_id_.find(id);
  if (it == by_id_.end()) return;
  dropped = std::move(it->second->file);
  recent_.erase(it->second);
  by_id_.erase(it);
}

size_t FileCache::open_count() const {
  absl::MutexLock lock(&mu_);
  return recent_.size();
}

}  // namespace oca::store
