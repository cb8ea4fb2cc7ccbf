// CRC-32C (Castagnoli) by ISA-L.
#ifndef OCA_LIB_BASE_CRC32C_H_
#define OCA_LIB_BASE_CRC32C_H_

#include <cstdint>
#include <string_view>

namespace oca {

// CRC of `bytes`, continuing from `crc` (0 to start). Thread-safe.
uint32_t Crc32c(std::string_view bytes, uint32_t crc = 0);

}  // namespace oca

#endif  // OCA_LIB_BASE_CRC32C_H_
