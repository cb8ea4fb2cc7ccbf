#include "lib/vtape/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace oca::vtape {
namespace {

constexpr std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) ? 0x82f63b78u : 0);
    table[i] = value;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kTable = MakeTable();

#if defined(__x86_64__)
#define OCA_CRC_TARGET __attribute__((target("sse4.2")))

// An instruction takes three times as long as until the next one may begin, so three stretches of a
// long text go side by side: Gopal et al., "Fast CRC Computation for iSCSI Polynomial Using CRC32
// Instruction" (2011).
constexpr size_t kStretch = 2048;

OCA_CRC_TARGET uint64_t Step(uint64_t state, const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return _mm_crc32_u64(state, word);
}

// What a stretch of zeros makes of a state. It is linear, so the bytes of the state may go apart.
class PastStretch {
 public:
  OCA_CRC_TARGET PastStretch() {
    for (uint32_t byte = 0; byte < 4; ++byte) {
      for (uint32_t bit = 0; bit < 8; ++bit) {
        uint64_t state = uint64_t{1} << (8 * byte + bit);
        for (size_t at = 0; at < kStretch; at += 8) state = _mm_crc32_u64(state, 0);
        for (uint32_t value = 0; value < 256; ++value) {
          if ((value >> bit & 1) != 0) of_[byte][value] ^= static_cast<uint32_t>(state);
        }
      }
    }
  }
  uint32_t Of(uint64_t state) const {
    return of_[0][state & 0xff] ^ of_[1][state >> 8 & 0xff] ^ of_[2][state >> 16 & 0xff] ^
           of_[3][state >> 24 & 0xff];
  }

 private:
  std::array<std::array<uint32_t, 256>, 4> of_{};
};

OCA_CRC_TARGET uint32_t ByInstruction(std::string_view bytes, uint32_t crc) {
  static const PastStretch past;
  uint64_t state = static_cast<uint32_t>(~crc);
  while (bytes.size() >= 3 * kStretch) {
    const char* at = bytes.data();
    uint64_t second = 0, third = 0;
    for (const char* end = at + kStretch; at != end; at += 8) {
      state = Step(state, at);
      second = Step(second, at + kStretch);
      third = Step(third, at + 2 * kStretch);
    }
    state = past.Of(past.Of(state) ^ second) ^ third;
    bytes.remove_prefix(3 * kStretch);
  }
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) state = Step(state, bytes.data());
  for (char c : bytes) {
    state = _mm_crc32_u8(static_cast<uint32_t>(state), static_cast<unsigned char>(c));
  }
  return ~static_cast<uint32_t>(state);
}
#endif

}  // namespace

uint32_t Crc32cByTable(std::string_view bytes, uint32_t crc) {
  crc = ~crc;
  for (char c : bytes) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return ~crc;
}

uint32_t Crc32c(std::string_view bytes, uint32_t crc) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2");
  if (has_instruction) return ByInstruction(bytes, crc);
#endif
  return Crc32cByTable(bytes, crc);
}

}  // namespace oca::vtape
