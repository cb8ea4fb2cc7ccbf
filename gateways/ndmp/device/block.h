// The bytes of a tape's block or of a mover's record.
#ifndef OCA_GATEWAYS_NDMP_DEVICE_BLOCK_H_
#define OCA_GATEWAYS_NDMP_DEVICE_BLOCK_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include "lib/base/buffer.h"

namespace oca::ndmp {

// Its memory is kept for the next ones, and never cleared.
class Block {
 public:
  char* data() { return room_.data(); }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // NOLINTNEXTLINE(google-explicit-constructor): it goes wherever bytes of a string go.
  operator std::string_view() const { return {room_.data(), size_}; }

  void Clear() { size_ = 0; }
  // What is there stays; what comes behind it is anything.
  void Resize(size_t bytes) {
    if (bytes > room_.size()) {
      Buffer larger(bytes);
      if (size_ > 0) std::memcpy(larger.data(), room_.data(), size_);
      room_ = std::move(larger);
    }
    size_ = bytes;
  }
  void Append(std::string_view bytes) {
    const size_t had = size_;
    Resize(had + bytes.size());
    std::copy(bytes.begin(), bytes.end(), data() + had);
  }
  // Zeros behind what is there.
  void FillUp(size_t bytes) {
    const size_t had = size_;
    Resize(bytes);
    if (bytes > had) std::memset(data() + had, 0, bytes - had);
  }

 private:
  Buffer room_;
  size_t size_ = 0;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_DEVICE_BLOCK_H_
