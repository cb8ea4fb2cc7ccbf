// INQUIRY: who a logical unit is.
#include "gateways/vtl/scsi/logical_unit.h"

namespace oca::scsi {
namespace {

constexpr uint8_t kRemovable = 0x80;
constexpr uint8_t kSpc4 = 0x06;
constexpr uint8_t kResponseFormat = 0x02;
constexpr uint8_t kCommandQueueing = 0x02;
constexpr size_t kInquiryBytes = 96;
constexpr uint16_t kSam4 = 0x0080;
constexpr uint16_t kIscsiVersion = 0x0960;
constexpr uint16_t kSpc4Version = 0x0460;

// A name of 64 bits in the space that NAA leaves to everybody (3), of the unit's serial: FNV-1a.
uint64_t LocalName(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return (hash >> 4) | uint64_t{3} << 60;
}

void PutDesignator(std::string* out, uint16_t kind, std::string_view value) {
  PutBe(out, kind, 2);
  PutBe(out, 0, 1);
  PutBe(out, value.size(), 1);
  out->append(value);
}

}  // namespace

std::string LogicalUnit::Designation(const Identity& identity) {
  std::string out;
  PutText(&out, identity.vendor, 8);
  PutText(&out, identity.product, 16);
  return out + identity.serial;
}

std::string LogicalUnit::IdentificationPage() const {
  std::string designation = Designation(identity_);
  std::string name;
  PutBe(&name, LocalName(designation), 8);
  std::string port;
  PutBe(&port, 1, 4);
  std::string out;
  PutDesignator(&out, 0x0201, designation);  // ASCII; T10 vendor identification
  PutDesignator(&out, 0x0103, name);         // binary; NAA
  PutDesignator(&out, 0x5194, port);         // iSCSI, binary; relative target port
  return out;
}

std::string LogicalUnit::StandardInquiry() const {
  std::string out;
  PutBe(&out, identity_.device_type, 1);
  PutBe(&out, kRemovable, 1);
  PutBe(&out, kSpc4, 1);
  PutBe(&out, kResponseFormat, 1);
  PutBe(&out, kInquiryBytes - 5, 1);
  PutBe(&out, 0, 2);
  PutBe(&out, kCommandQueueing, 1);
  PutText(&out, identity_.vendor, 8);
  PutText(&out, identity_.product, 16);
  PutText(&out, identity_.revision, 4);
  PutBe(&out, 0, 8);  // vendor specific, bytes 36 to 57
  PutBe(&out, 0, 8);
  PutBe(&out, 0, 6);
  for (uint16_t version : {kSam4, kIscsiVersion, kSpc4Version, identity_.standard}) {
    PutBe(&out, version, 2);
  }
  out.resize(kInquiryBytes, '\0');
  return out;
}

Outcome LogicalUnit::Inquiry(Command& command) {
  uint8_t page = command.cdb[2];
  uint64_t allocation = command.cdb.Get(3, 2);
  if (!command.cdb.Has(1, 0x01)) {
    return page == 0 ? command.Reply(StandardInquiry(), allocation) : InvalidCdb(2);
  }
  std::map<uint8_t, std::string> pages = ProductData();
  pages[0x80] = identity_.serial;
  pages[0x83] = IdentificationPage();
  std::string& list = pages[0x00];
  for (const auto& [code, contents] : pages) PutBe(&list, code, 1);
  auto found = pages.find(page);
  if (found == pages.end()) return InvalidCdb(2);
  std::string out;
  PutBe(&out, identity_.device_type, 1);
  PutBe(&out, page, 1);
  PutBe(&out, found->second.size(), 2);
  return command.Reply(out + found->second, allocation);
}

}  // namespace oca::scsi
