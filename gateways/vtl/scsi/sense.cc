#include "gateways/vtl/scsi/sense.h"

#include <algorithm>

#include "gateways/vtl/scsi/wire.h"

namespace oca::scsi {
namespace {

constexpr uint8_t kValid = 0x80;

uint8_t Flags(const Sense& sense) {
  return (sense.filemark ? 0x80 : 0) | (sense.end_of_medium ? 0x40 : 0) |
         (sense.incorrect_length ? 0x20 : 0);
}

// The three bytes of SENSE KEY SPECIFIC.
std::string KeySpecific(const FieldPointer& field) {
  std::string out;
  PutBe(&out, kValid | (field.in_cdb ? 0x40 : 0), 1);
  PutBe(&out, field.byte, 2);
  return out;
}

std::string EncodeFixed(const Sense& sense) {
  // Lengths are unsigned, differences signed: both count as fitting.
  bool valid =
      sense.information && *sense.information >= INT32_MIN && *sense.information <= UINT32_MAX;
  std::string out;
  PutBe(&out, 0x70 | (valid ? kValid : 0), 1);
  PutBe(&out, 0, 1);
  PutBe(&out, Flags(sense) | static_cast<uint8_t>(sense.key), 1);
  PutBe(&out, valid ? static_cast<uint64_t>(*sense.information) : 0, 4);
  PutBe(&out, 10, 1);
  PutBe(&out, 0, 4);
  PutBe(&out, static_cast<uint16_t>(sense.asc), 2);
  PutBe(&out, 0, 1);
  out += sense.field ? KeySpecific(*sense.field) : std::string(3, '\0');
  return out;
}

std::string EncodeDescriptors(const Sense& sense) {
  std::string body;
  if (sense.information) {
    PutBe(&body, 0x000a8000, 4);
    PutBe(&body, static_cast<uint64_t>(*sense.information), 8);
  }
  if (sense.field) {
    PutBe(&body, 0x02060000, 4);
    body += KeySpecific(*sense.field);
    PutBe(&body, 0, 1);
  }
  if (Flags(sense) != 0) {
    PutBe(&body, 0x040200, 3);
    PutBe(&body, Flags(sense), 1);
  }
  std::string out;
  PutBe(&out, 0x72, 1);
  PutBe(&out, static_cast<uint8_t>(sense.key), 1);
  PutBe(&out, static_cast<uint16_t>(sense.asc), 2);
  PutBe(&out, 0, 3);
  PutBe(&out, body.size(), 1);
  return out + body;
}

}  // namespace

Outcome InvalidCdb(uint16_t byte) {
  return Check(Sense{.key = Key::kIllegalRequest,
                     .asc = Asc::kInvalidFieldInCdb,
                     .field = FieldPointer{true, byte}});
}

Outcome InvalidParameter(size_t byte) {
  return Check(
      Sense{.key = Key::kIllegalRequest,
            .asc = Asc::kInvalidFieldInParameters,
            .field = FieldPointer{false, static_cast<uint16_t>(std::min<size_t>(byte, 0xffff))}});
}

std::string EncodeSense(const Sense& sense, bool descriptor_format) {
  return descriptor_format ? EncodeDescriptors(sense) : EncodeFixed(sense);
}

}  // namespace oca::scsi
