// CRC-32C (Castagnoli) without a library: by the processor's instruction where it has one.
#ifndef OCA_LIB_VTAPE_CRC32C_H_
#define OCA_LIB_VTAPE_CRC32C_H_

#include <cstdint>
#include <string_view>

namespace oca::vtape {

// CRC of `bytes`, continuing from `crc` (0 to start). Thread-safe.
uint32_t Crc32c(std::string_view bytes, uint32_t crc = 0);

// The same by table alone; for processors without the instruction, and for tests to compare.
uint32_t Crc32cByTable(std::string_view bytes, uint32_t crc = 0);

}  // namespace oca::vtape

#endif  // OCA_LIB_VTAPE_CRC32C_H_
