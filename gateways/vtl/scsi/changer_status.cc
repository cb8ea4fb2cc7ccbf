// READ ELEMENT STATUS, SMC-3 6.12.
#include <algorithm>

#include "gateways/vtl/scsi/changer.h"

namespace oca::scsi {
namespace {

using vtape::ElementType;

constexpr uint8_t kFull = 0x01;
constexpr uint8_t kByOperator = 0x02;  // IMPEXP
constexpr uint8_t kAccess = 0x08;
constexpr uint8_t kBothWays = 0x30;  // INENAB and EXENAB
constexpr uint8_t kSourceValid = 0x80;
constexpr uint8_t kVolumeTags = 0x80;
constexpr size_t kVolumeTagBytes = 36;
constexpr size_t kVolumeNameBytes = 32;

std::string VolumeTag(const std::string& barcode) {
  std::string out;
  if (!barcode.empty()) PutText(&out, barcode, kVolumeNameBytes);
  out.resize(kVolumeTagBytes, '\0');
  return out;
}

}  // namespace

std::vector<Changer::Selection> Changer::Select(uint8_t type, uint16_t first, size_t count) const {
  const vtape::Inventory& inventory = library_.inventory();
  std::vector<Selection> out;
  // Ascending by address, as it happens by type too.
  for (auto [each, begin, size] :
       {std::tuple<ElementType, uint32_t, size_t>{ElementType::kRobot, vtape::kRobotAddress, 1},
        {ElementType::kMailSlot, vtape::kMailSlotAddress, inventory.mail_slots.size()},
        {ElementType::kDrive, vtape::kDriveAddress, inventory.drives.size()},
        {ElementType::kSlot, vtape::kSlotAddress, inventory.slots.size()}}) {
    if (type != 0 && type != static_cast<uint8_t>(each)) continue;
    Selection selection{each, {}};
    for (uint32_t address = std::max<uint32_t>(begin, first); address < begin + size && count > 0;
         ++address, --count) {
      selection.addresses.push_back(static_cast<uint16_t>(address));
    }
    if (!selection.addresses.empty()) out.push_back(std::move(selection));
  }
  return out;
}

std::string Changer::Descriptor(uint16_t address, bool volume_tags, bool device_ids) const {
  const vtape::Inventory& inventory = library_.inventory();
  const vtape::Element* element = vtape::FindElement(inventory, address);
  ElementType type = *vtape::TypeOf(inventory, address);
  bool full = element != nullptr && element->full();
  uint8_t flags = full ? kFull : 0;
  if (type == ElementType::kSlot) flags |= kAccess;
  if (type == ElementType::kMailSlot) {
    flags |= kAccess | kBothWays | (element->placed_by_operator ? kByOperator : 0);
  }
  if (type == ElementType::kDrive) {
    auto drive = drives_.find(address);
    if (drive == drives_.end() || drive->second->Accessible()) flags |= kAccess;
  }
  bool source = full && element->source_address != 0;
  std::string out;
  PutBe(&out, address, 2);
  PutBe(&out, flags, 1);
  PutBe(&out, 0, 6);
  PutBe(&out, source ? kSourceValid : 0, 1);
  PutBe(&out, source ? element->source_address : 0, 2);
  if (volume_tags) out += VolumeTag(full ? element->barcode : "");
  if (device_ids && type == ElementType::kDrive) {
    std::string name =
        Designation(IdentityOf(DriveConfigOf(inventory, address - vtape::kDriveAddress)));
    PutBe(&out, 0x020100, 3);  // ASCII; T10 vendor identification
    PutBe(&out, name.size(), 1);
    return out + name;
  }
  PutBe(&out, 0, 4);
  return out;
}

std::string Changer::DescriptorPage(const Selection& selection, bool volume_tags,
                                    bool device_ids) const {
  std::vector<std::string> descriptors;
  size_t longest = 0;
  for (uint16_t address : selection.addresses) {
    descriptors.push_back(Descriptor(address, volume_tags, device_ids));
    longest = std::max(longest, descriptors.back().size());
  }
  std::string out;
  PutBe(&out, static_cast<uint8_t>(selection.type), 1);
  PutBe(&out, volume_tags ? kVolumeTags : 0, 1);
  PutBe(&out, longest, 2);
  PutBe(&out, 0, 1);
  PutBe(&out, longest * descriptors.size(), 3);
  for (std::string& descriptor : descriptors) {
    descriptor.resize(longest, '\0');  // those of one page are equally long
    out += descriptor;
  }
  return out;
}

Outcome Changer::ReadElementStatus(Command& command) {
  constexpr uint8_t kLastType = 4;
  constexpr uint8_t kWantsVolumeTags = 0x10;
  constexpr uint8_t kWantsDeviceIds = 0x01;
  uint8_t type = command.cdb[1] & 0x0f;
  if (type > kLastType) return InvalidCdb(1);
  auto selections =
      Select(type, static_cast<uint16_t>(command.cdb.Get(2, 2)), command.cdb.Get(4, 2));
  std::string pages;
  size_t elements = 0;
  for (const Selection& selection : selections) {
    elements += selection.addresses.size();
    pages += DescriptorPage(selection, command.cdb.Has(1, kWantsVolumeTags),
                            command.cdb.Has(6, kWantsDeviceIds));
  }
  std::string out;
  PutBe(&out, selections.empty() ? 0 : selections.front().addresses.front(), 2);
  PutBe(&out, elements, 2);
  PutBe(&out, 0, 1);
  PutBe(&out, pages.size(), 3);
  return command.Reply(out + pages, command.cdb.Get(7, 3));
}

}  // namespace oca::scsi
