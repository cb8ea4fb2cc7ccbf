// Changes of the names database that are not in RocksDB yet. A backup of many small files changes
// the same few records again and again (an inode at its creation, its attributes and its content;
// its directory's and its container's records each time): here they change in memory, and RocksDB
// sees their last state.
#ifndef OCA_FS_NAMES_WRITE_BUFFER_H_
#define OCA_FS_NAMES_WRITE_BUFFER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"

namespace oca::names {

// A key's new value; none: the key is deleted.
struct Change {
  std::string key;
  std::optional<std::string> value;
};

// Not thread-safe.
class WriteBuffer {
 public:
  using Map = absl::btree_map<std::string, std::optional<std::string>, std::less<>>;

  // Applies the changes in their order.
  void Apply(std::vector<Change> changes);
  // The key's change; null when it has none. Valid until the next call that is not const.
  const std::optional<std::string>* Find(std::string_view key) const;
  // All changes of [from, end) in ascending order; an empty `end` is no bound.
  std::vector<Change> Range(std::string_view from, std::string_view end) const;
  // About the memory that is held.
  size_t bytes() const { return bytes_; }

  // Hands out all changes to be written; they are found here until EndFlush. One flush at a time.
  std::shared_ptr<const Map> BeginFlush();
  // Forgets what was written, or takes it back.
  void EndFlush(bool written);

 private:
  Map changes_;
  std::shared_ptr<const Map> flushing_ = std::make_shared<Map>();
  size_t bytes_ = 0;
};

}  // namespace oca::names

#endif  // OCA_FS_NAMES_WRITE_BUFFER_H_
