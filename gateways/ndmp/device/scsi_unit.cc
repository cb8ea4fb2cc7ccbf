#include "gateways/ndmp/device/scsi_unit.h"

namespace oca::ndmp {
namespace {

uint8_t ByteAt(std::string_view bytes, size_t at) {
  return at < bytes.size() ? static_cast<uint8_t>(bytes[at]) : 0;
}

void SetStreamBits(uint8_t bits, Sense* sense) {
  sense->filemark = (bits & 0x80) != 0;
  sense->end_of_medium = (bits & 0x40) != 0;
  sense->incorrect_length = (bits & 0x20) != 0;
}

Sense ParseFixed(std::string_view bytes) {
  Sense sense;
  if (bytes.size() < 8) return sense;
  sense.key = ByteAt(bytes, 2) & 0x0f;
  SetStreamBits(ByteAt(bytes, 2), &sense);
  sense.code = ByteAt(bytes, 12) << 8 | ByteAt(bytes, 13);
  sense.has_information = (ByteAt(bytes, 0) & 0x80) != 0;
  sense.information = static_cast<int32_t>(BigEndian(bytes.substr(3, 4)));
  return sense;
}

Sense ParseDescriptors(std::string_view bytes) {
  Sense sense;
  if (bytes.size() < 8) return sense;
  sense.key = ByteAt(bytes, 1) & 0x0f;
  sense.code = ByteAt(bytes, 2) << 8 | ByteAt(bytes, 3);
  for (std::string_view rest = bytes.substr(8); rest.size() >= 2;) {
    size_t size = 2 + ByteAt(rest, 1);
    std::string_view one = rest.substr(0, size);
    if (ByteAt(one, 0) == 0 && one.size() >= 12) {
      sense.has_information = (ByteAt(one, 2) & 0x80) != 0;
      sense.information = static_cast<int64_t>(BigEndian(one.substr(4, 8)));
    }
    if (ByteAt(one, 0) == 4) SetStreamBits(ByteAt(one, 3), &sense);
    rest.remove_prefix(one.size());
  }
  return sense;
}

}  // namespace

uint64_t BigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

Sense ParseSense(std::string_view bytes) {
  int format = ByteAt(bytes, 0) & 0x7f;
  if (format == 0x70) return ParseFixed(bytes);
  if (format == 0x72) return ParseDescriptors(bytes);
  return {};
}

}  // namespace oca::ndmp
