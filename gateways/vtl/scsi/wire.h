// Integers in SCSI's byte order, big-endian. Pure.
#ifndef OCA_GATEWAYS_VTL_SCSI_WIRE_H_
#define OCA_GATEWAYS_VTL_SCSI_WIRE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace oca::scsi {

// Appends the lowest `bytes` bytes of `value`; more than 8 begin with zeros.
inline void PutBe(std::string* out, uint64_t value, size_t bytes) {
  for (size_t i = bytes; i-- > 0;) {
    out->push_back(i < sizeof(value) ? static_cast<char>(value >> (8 * i)) : '\0');
  }
}

// The integer in `bytes`, at most 8 of them.
inline uint64_t GetBe(std::string_view bytes) {
  uint64_t value = 0;
  for (char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

// Appends `text`, cut or filled with `fill` to `bytes`.
inline void PutText(std::string* out, std::string_view text, size_t bytes, char fill = ' ') {
  std::string field(text.substr(0, bytes));
  field.resize(bytes, fill);
  out->append(field);
}

// The lowest `bits` bits of `value` as a two's complement number.
inline int64_t SignExtend(uint64_t value, unsigned bits) {
  unsigned unused = 64 - bits;
  return static_cast<int64_t>(value << unused) >> unused;
}

}  // namespace oca::scsi

#endif  // OCA_GATEWAYS_VTL_SCSI_WIRE_H_
