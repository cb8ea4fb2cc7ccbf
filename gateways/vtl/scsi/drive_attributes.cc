// The medium's memory (MAM): READ ATTRIBUTE and WRITE ATTRIBUTE, SPC-4 6.17, 6.44 and 7.4.
#include "gateways/vtl/scsi/drive.h"
#include "gateways/vtl/scsi/drive_tables.h"

namespace oca::scsi {
namespace {

using vtape::MamFormat;

constexpr uint64_t kMiB = 1 << 20;
constexpr size_t kAttributeHeaderBytes = 5;
constexpr uint16_t kBarcodeAttribute = 0x0806;
constexpr uint8_t kReadOnly = 0x80;

std::string Number(uint64_t value, size_t bytes) {
  std::string out;
  PutBe(&out, value, bytes);
  return out;
}

std::string Ascii(std::string_view text, size_t bytes) {
  std::string out;
  PutText(&out, text, bytes);
  return out;
}

}  // namespace

std::map<uint16_t, Drive::MamValue> Drive::MamValues(const std::string& port) {
  const vtape::Attributes& a = tape_->attributes();
  std::map<uint16_t, MamValue> out;
  auto binary = [&](uint16_t id, uint64_t value, size_t bytes) {
    out[id] = {true, MamFormat::kBinary, Number(value, bytes)};
  };
  auto ascii = [&](uint16_t id, std::string_view text, size_t bytes) {
    out[id] = {true, MamFormat::kAscii, Ascii(text, bytes)};
  };
  binary(0x0000, tape_->remaining_bytes() / kMiB, 8);
  binary(0x0001, a.capacity_bytes / kMiB, 8);
  binary(0x0002, 0, 8);  // TapeAlert flags since the medium was loaded are in the log page
  binary(0x0003, a.loads, 8);
  binary(0x0004, vtape::kMaxMamBytes - vtape::MamBytes(a), 8);
  ascii(0x0005, "LTO-CVE", 8);
  binary(0x0006, DensityCode(), 1);
  binary(0x0007, 1, 2);  // initializations
  ascii(0x020a, Ascii(identity().vendor, 8) + identity().serial, 40);
  binary(0x0220, a.written_bytes / kMiB, 8);
  binary(0x0221, a.read_bytes / kMiB, 8);
  binary(0x0222, mount_.written_bytes / kMiB, 8);
  binary(0x0223, mount_.read_bytes / kMiB, 8);
  ascii(0x0400, identity().vendor, 8);
  ascii(0x0401, a.barcode, 32);
  ascii(0x0404, "LTO-CVE", 8);
  binary(0x0405, DensityCode(), 1);
  binary(0x0407, vtape::kMaxMamBytes, 8);
  binary(0x0408, a.kind == vtape::MediumKind::kWorm ? 0x80 : 0, 1);
  binary(0x0409, 0, 2);
  out[kBarcodeAttribute] = {false, MamFormat::kAscii, Ascii(a.barcode, 32)};
  for (const auto& [id, attribute] : a.mam) out[id] = {false, attribute.format, attribute.value};
  return out;
}

Outcome Drive::ReadAttribute(Command& command) {
  enum Action : uint8_t { kValues = 0, kList = 1, kVolumes = 2, kPartitions = 3, kSupported = 5 };
  if (Outcome ready = Ready(); !ready.good()) return ready;
  uint64_t allocation = command.cdb.Get(10, 4);
  uint8_t action = command.cdb[1] & 0x1f;
  std::string out;
  if (action == kVolumes || action == kPartitions) {
    PutBe(&out, 2, 2);
    PutBe(&out, 0, 1);  // the first, and how many
    PutBe(&out, 1, 1);
    return command.Reply(out, allocation);
  }
  std::map<uint16_t, MamValue> values = MamValues(command.initiator.port);
  auto first = static_cast<uint16_t>(command.cdb.Get(8, 2));
  if (action == kSupported) {
    for (uint16_t id : HostAttributeIds()) values[id];
  } else if (first != 0 && !values.contains(first)) {
    return InvalidCdb(8);
  }
  std::string list;
  for (auto at = values.lower_bound(first); at != values.end(); ++at) {
    PutBe(&list, at->first, 2);
    if (action != kValues) continue;
    const MamValue& value = at->second;
    PutBe(&list, (value.read_only ? kReadOnly : 0) | static_cast<uint8_t>(value.format), 1);
    PutBe(&list, value.value.size(), 2);
    list += value.value;
  }
  PutBe(&out, list.size(), 4);
  return command.Reply(out + list, allocation);
}

Outcome Drive::ParseAttributes(std::string_view list,
                               std::map<uint16_t, vtape::MamAttribute>* out) const {
  for (size_t at = 4; at < list.size();) {
    if (list.size() - at < kAttributeHeaderBytes) {
      return Check(Key::kIllegalRequest, Asc::kParameterListLengthError);
    }
    auto id = static_cast<uint16_t>(GetBe(list.substr(at, 2)));
    auto format = static_cast<uint8_t>(list[at + 2]);
    size_t length = GetBe(list.substr(at + 3, 2));
    auto known = HostAttributeOf(id);
    if (!known || (!out->empty() && out->rbegin()->first >= id)) return InvalidParameter(at);
    // Vendor specific attributes have the format that the host gives them.
    bool any_format = !known->exact && format <= static_cast<uint8_t>(MamFormat::kText);
    if (format != static_cast<uint8_t>(known->format) && !any_format) {
      return InvalidParameter(at + 2);
    }
    if (length > known->bytes || (known->exact && length != 0 && length != known->bytes)) {
      return InvalidParameter(at + 3);
    }
    if (list.size() - at - kAttributeHeaderBytes < length) {
      return Check(Key::kIllegalRequest, Asc::kParameterListLengthError);
    }
    (*out)[id] = {static_cast<MamFormat>(format),
                  std::string(list.substr(at + kAttributeHeaderBytes, length))};
    at += kAttributeHeaderBytes + length;
  }
  return Good();
}

// All of the list is checked before any of it is written. A length of zero removes an attribute.
Outcome Drive::WriteAttribute(Command& command) {
  if (Outcome ready = Ready(); !ready.good()) return ready;
  uint64_t length = command.cdb.Get(10, 4);
  if (length == 0) return Good();
  if (length < 4 || command.out.size() < length) {
    return Check(Key::kIllegalRequest, Asc::kParameterListLengthError);
  }
  std::string_view list = command.out.substr(0, length);
  if (GetBe(list.substr(0, 4)) != length - 4) return InvalidParameter(0);
  std::map<uint16_t, vtape::MamAttribute> wanted;
  if (Outcome parsed = ParseAttributes(list, &wanted); !parsed.good()) return parsed;
  if (Outcome writable = CheckWritable(); !writable.good()) return writable;
  vtape::Attributes after = tape_->attributes();
  for (const auto& [id, attribute] : wanted) {
    after.mam.erase(id);
    if (!attribute.value.empty()) after.mam[id] = attribute;
  }
  if (vtape::MamBytes(after) > vtape::kMaxMamBytes) {
    return Check(Key::kIllegalRequest, Asc::kMemoryOutOfSpace);
  }
  // Removals first: every step then fits.
  for (bool removals : {true, false}) {
    for (const auto& [id, attribute] : wanted) {
      if (attribute.value.empty() != removals) continue;
      vtape::Status status = tape_->SetMam(id, attribute);
      if (!status.ok()) return WriteFailed(status, 0);
    }
  }
  return Good();
}

}  // namespace oca::scsi
