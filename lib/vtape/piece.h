// A part of a file on its way between who reads or writes block after block and the storage.
#ifndef OCA_LIB_VTAPE_PIECE_H_
#define OCA_LIB_VTAPE_PIECE_H_

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

namespace oca::vtape {

// Its memory begins at a page, so that it can be moved past the kernel's own, and is kept when the
// piece becomes another.
class Piece {
 public:
  uint64_t offset = 0;
  size_t size = 0;  // 0 = nothing is there

  uint64_t end() const { return offset + size; }
  bool Has(uint64_t at) const { return at >= offset && at < end(); }
  char* data() { return memory_.get(); }
  std::string_view bytes() const { return {memory_.get(), size}; }

  // Memory for so many bytes; what is there is lost when it takes new one. False: there is none.
  bool Reserve(size_t bytes) {
    if (bytes <= capacity_) return true;
    const size_t capacity = (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
    memory_.reset(static_cast<char*>(std::aligned_alloc(kPageBytes, capacity)));
    capacity_ = memory_ == nullptr ? 0 : capacity;
    return memory_ != nullptr;
  }
  // At its end; there is room.
  void Append(std::string_view bytes) {
    std::memcpy(memory_.get() + size, bytes.data(), bytes.size());
    size += bytes.size();
  }

 private:
  static constexpr size_t kPageBytes = 4096;
  struct FreeMemory {
    void operator()(char* memory) const { std::free(memory); }
  };

  std::unique_ptr<char, FreeMemory> memory_;
  size_t capacity_ = 0;
};

}  // namespace oca::vtape

#endif  // OCA_LIB_VTAPE_PIECE_H_
