#include "lib/base/crc32c.h"

#include <isa-l.h>

namespace oca {

uint32_t Crc32c(std::string_view bytes, uint32_t crc) {
  // crc32_iscsi leaves pre- and post-inversion to the caller and takes a non-const pointer it does not write.
  auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  return ~crc32_iscsi(data, static_cast<int>(bytes.size()), ~crc);
}

}  // namespace oca
