#include "lib/vtape/attributes.h"

#include <algorithm>
#include <cstring>

#include "lib/vtape/bytes.h"
#include "lib/vtape/unit.h"

namespace oca::vtape {
namespace {

constexpr std::string_view kAttributesMagic = "OCATAPEA";
constexpr uint16_t kAttributesVersion = 1;
constexpr const char* kAttributes = "cartridge attributes";
constexpr size_t kMamOverheadBytes = 5;

Status DecodeMam(ByteReader& in, Attributes* out) {
  uint16_t count = in.Le<uint16_t>();
  int last = -1;
  for (uint16_t i = 0; i < count && in.ok(); ++i) {
    uint16_t id = in.Le<uint16_t>();
    uint8_t format = in.Le<uint8_t>();
    std::string_view value = in.Short();
    if (id <= last) return Damaged(kAttributes, "MAM attributes out of order");
    if (format > static_cast<uint8_t>(MamFormat::kText)) {
      return Damaged(kAttributes, "unknown MAM format");
    }
    last = id;
    out->mam[id] = {static_cast<MamFormat>(format), std::string(value)};
  }
  return MamBytes(*out) > kMaxMamBytes ? Damaged(kAttributes, "too many MAM bytes") : Status();
}

}  // namespace

bool IsBarcode(std::string_view text) {
  return !text.empty() && text.size() <= kMaxBarcodeBytes &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

size_t MamBytes(const Attributes& attributes) {
  size_t total = 0;
  for (const auto& [id, attribute] : attributes.mam) {
    total += kMamOverheadBytes + attribute.value.size();
  }
  return total;
}

std::string EncodeAttributes(const Attributes& attributes) {
  std::string body;
  body.append(attributes.id.data(), attributes.id.size());
  PutShort(&body, attributes.barcode);
  PutLe(&body, static_cast<uint8_t>(attributes.kind));
  PutLe(&body, attributes.generation);
  PutLe<uint8_t>(&body, attributes.write_protected ? 1 : 0);
  PutLe(&body, attributes.capacity_bytes);
  PutLe(&body, attributes.loads);
  PutLe(&body, attributes.written_bytes);
  PutLe(&body, attributes.read_bytes);
  PutLe(&body, static_cast<uint16_t>(attributes.mam.size()));
  for (const auto& [id, attribute] : attributes.mam) {
    PutLe(&body, id);
    PutLe(&body, static_cast<uint8_t>(attribute.format));
    PutShort(&body, attribute.value);
  }
  return EncodeUnit(kAttributesMagic, kAttributesVersion, body);
}

Result<Attributes> DecodeAttributes(std::string_view bytes) {
  VTAPE_ASSIGN_OR_RETURN(ByteReader in,
                         DecodeUnit(bytes, kAttributesMagic, kAttributesVersion, kAttributes));
  Attributes out;
  std::string_view id = in.Take(out.id.size());
  if (in.ok()) std::memcpy(out.id.data(), id.data(), id.size());
  out.barcode = in.Short();
  uint8_t kind = in.Le<uint8_t>();
  out.kind = static_cast<MediumKind>(kind);
  out.generation = in.Le<uint8_t>();
  uint8_t write_protected = in.Le<uint8_t>();
  out.write_protected = write_protected == 1;
  out.capacity_bytes = in.Le<uint64_t>();
  out.loads = in.Le<uint64_t>();
  out.written_bytes = in.Le<uint64_t>();
  out.read_bytes = in.Le<uint64_t>();
  VTAPE_RETURN_IF_ERROR(DecodeMam(in, &out));
  if (!in.ok() || !in.empty()) return Damaged(kAttributes, "fields do not fill it");
  if (!IsBarcode(out.barcode)) return Damaged(kAttributes, "impossible barcode");
  if (kind < 1 || kind > 3 || write_protected > 1) {
    return Damaged(kAttributes, "unknown kind of medium");
  }
  if (out.capacity_bytes < kMinCapacityBytes || out.capacity_bytes > uint64_t{1} << 60) {
    return Damaged(kAttributes, "impossible capacity");
  }
  return out;
}

}  // namespace oca::vtape
