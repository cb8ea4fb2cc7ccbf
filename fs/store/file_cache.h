// Files of packs open for reading: the most recently used ones stay open.
#ifndef OCA_FS_STORE_FILE_CACHE_H_
#define OCA_FS_STORE_FILE_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "lib/base/ids.h"
#include "lib/io/file_system.h"

namespace oca::store {

// Thread-safe. Files are opened without the lock held.
class FileCache {
 public:
  using Opener = std::function<absl::StatusOr<std::unique_ptr<io::File>>(PackId)>;

  FileCache(size_t max_open, Opener open) : max_open_(max_open), open_(std::move(open)) {}

  // The pack's file, opened when it is not open yet. Who holds it may read on after Drop.
  absl::StatusOr<std::shared_ptr<io::File>> Get(PackId id);
  // Forgets the pack. A Get that opened the file before the pack was unlinked does not put it back.
  void Drop(PackId id);

  size_t open_count() const;

 private:
  struct Entry {
    PackId id;
    std::shared_ptr<io::File> file;
  };

  const size_t max_open_;
  const Opener open_;
  mutable absl::Mutex mu_;
  std::list<Entry> recent_ ABSL_GUARDED_BY(mu_);  // most recently used first
  absl::flat_hash_map<PackId, std::list<Entry>::iterator> by_id_ ABSL_GUARDED_BY(mu_);
  uint64_t drops_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace oca::store

#endif  // OCA_FS_STORE_FILE_CACHE_H_
