#include "lib/base/crc32c.h"

#include <immintrin.h>
#include <isa-l.h>

namespace oca {
namespace {

// ISA-L's AVX-512 kernel returns with the upper halves of registers in use. Until they are cleared,
// every SSE instruction after an AVX one costs Intel processors some seventy cycles: SHA-NI, which
// has only SSE forms, is a hundred times slower.
__attribute__((target("avx"))) void ClearUpperHalves() { _mm256_zeroupper(); }

}  // namespace

uint32_t Crc32c(std::string_view bytes, uint32_t crc) {
  static const bool has_avx = __builtin_cpu_supports("avx");
  constexpr size_t kStep = 1 << 30;  // crc32_iscsi counts in an int
  crc = ~crc;                        // and leaves inversion to the caller
  while (!bytes.empty()) {
    std::string_view step = bytes.substr(0, kStep);
    // It takes a pointer to non-const, but does not write.
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(step.data()));
    crc = crc32_iscsi(data, static_cast<int>(step.size()), crc);
    bytes.remove_prefix(step.size());
  }
  if (has_avx) ClearUpperHalves();
  return ~crc;
}

}  // namespace oca
