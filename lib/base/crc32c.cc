#include "lib/base/crc32c.h"

#include <isa-l.h>

namespace oca {

uint32_t Crc32c(std::string_view bytes, uint32_t crc) {
  constexpr size_t kStep = 1 << 30;  // crc32_iscsi counts in an int
  crc = ~crc;                        // and leaves inversion to the caller
  while (!bytes.empty()) {
    std::string_view step = bytes.substr(0, kStep);
    // It takes a pointer to non-const, but does not write.
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(step.data()));
    crc = crc32_iscsi(data, static_cast<int>(step.size()), crc);
    bytes.remove_prefix(step.size());
  }
  return ~crc;
}

}  // namespace oca
