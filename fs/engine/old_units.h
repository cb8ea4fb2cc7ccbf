// Where the units of an old recipe end, told while it is read entry by entry.
#ifndef OCA_FS_ENGINE_OLD_UNITS_H_
#define OCA_FS_ENGINE_OLD_UNITS_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "fs/markers/splitter.h"
#include "fs/tree/recipe.h"

namespace oca::engine {

// Not thread-safe. Begins where a unit does.
class OldUnits {
 public:
  // The next entry, [begin, end) of the file.
  void Add(uint64_t begin, uint64_t end, const tree::Ref& ref) {
    if (ref.slice && (ref.skip == 0 || span_ == kNone)) {
      ends_.push_back(begin);
      span_ = begin;
    }
    if (span_ != kNone && end - span_ < markers::kSpanBytes) return;
    span_ = kNone;
    ends_.push_back(end);
  }
  bool EndsAt(uint64_t offset) const {
    return std::find(ends_.begin(), ends_.end(), offset) != ends_.end();
  }
  // Nobody asks for ends up to `offset` any more.
  void Forget(uint64_t offset) {
    std::erase_if(ends_, [offset](uint64_t end) { return end <= offset; });
  }

 private:
  static constexpr uint64_t kNone = UINT64_MAX;

  std::vector<uint64_t> ends_;
  uint64_t span_ = kNone;  // where the span that goes on began
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_OLD_UNITS_H_
