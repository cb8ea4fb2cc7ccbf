// Bytes written in the middle of a file and not yet chunked.
#ifndef OCA_FS_ENGINE_OVERLAY_H_
#define OCA_FS_ENGINE_OVERLAY_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/btree_map.h"

namespace oca::engine {

// A map of disjoint extents. Not thread-safe.
class Overlay {
 public:
  static constexpr uint64_t kNone = UINT64_MAX;

  // Puts `data` at `offset`, over what was there.
  void Write(uint64_t offset, std::string_view data);
  // Forgets all bytes at and after `offset`.
  void Truncate(uint64_t offset);
  // Forgets all bytes in [begin, end).
  void Erase(uint64_t begin, uint64_t end);
  // Copies the bytes that it has for [offset, offset + length) over out[0, length); returns the end
  // offset of the last byte copied, or 0.
  uint64_t CopyTo(uint64_t offset, char* out, uint64_t length) const;
  // First offset >= from that it has a byte for; kNone when there is none.
  uint64_t Next(uint64_t from) const;
  // End of the extent that holds `offset` (which must be in one).
  uint64_t ExtentEnd(uint64_t offset) const;

  void Clear() {
    extents_.clear();
    bytes_ = 0;
  }
  bool empty() const { return extents_.empty(); }
  uint64_t bytes() const { return bytes_; }

 private:
  using Extents = absl::btree_map<uint64_t, std::string>;
  Extents::const_iterator Containing(uint64_t offset) const;

  Extents extents_;
  uint64_t bytes_ = 0;
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_OVERLAY_H_
