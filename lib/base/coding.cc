#include "lib/base/coding.h"

namespace oca {

void PutBe32(std::string* out, uint32_t value) { PutLe(out, __builtin_bswap32(value)); }
void PutBe64(std::string* out, uint64_t value) { PutLe(out, __builtin_bswap64(value)); }

void PutVarint(std::string* out, uint64_t value) {
  while (value >= 0x80) {
    out->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}

void PutLengthPrefixed(std::string* out, std::string_view bytes) {
  PutVarint(out, bytes.size());
  out->append(bytes);
}

uint32_t ByteReader::Be32() { return __builtin_bswap32(Le<uint32_t>()); }
uint64_t ByteReader::Be64() { return __builtin_bswap64(Le<uint64_t>()); }

uint64_t ByteReader::Varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    std::string_view raw = Take(1);
    if (raw.empty()) return 0;
    uint8_t byte = static_cast<uint8_t>(raw[0]);
    if (shift == 63 && byte > 1) break;
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  ok_ = false;
  rest_ = {};
  return 0;
}

std::string_view ByteReader::LengthPrefixed() {
  uint64_t n = Varint();
  return ok_ ? Take(n) : std::string_view();
}

Fingerprint ByteReader::Fp() {
  std::string_view raw = Take(32);
  return raw.size() == 32 ? Fingerprint::FromBytes(raw) : Fingerprint();
}

std::string_view ByteReader::Take(size_t n) {
  if (!ok_ || n > rest_.size()) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  std::string_view out = rest_.substr(0, n);
  rest_.remove_prefix(n);
  return out;
}

}  // namespace oca
