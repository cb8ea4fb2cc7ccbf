#include "lib/vtape/inventory.h"

#include <algorithm>
#include <array>
#include <utility>

namespace oca::vtape {
namespace {

constexpr uint32_t kBarcodesPerPrefix = 36 * 36 * 36;

Status NoElement(uint16_t address) {
  return Status(Code::kNotFound, "no element has address " + std::to_string(address));
}
Status Empty(uint16_t address) {
  return Status(Code::kEmpty, "element " + std::to_string(address) + " holds no cartridge");
}
Status Occupied(uint16_t address) {
  return Status(Code::kOccupied, "element " + std::to_string(address) + " holds a cartridge");
}

// What an element becomes when the robot brings it the cartridge of `from`, which was at `source`.
Element Arrived(const Inventory& inventory, const Element& from, uint16_t source) {
  bool slot = TypeOf(inventory, source) == ElementType::kSlot;
  return {from.barcode, slot ? source : from.source_address, false};
}

}  // namespace

const Element* FindElement(const Inventory& inventory, uint16_t address) {
  auto in = [&](const auto& elements, uint16_t first) {
    return address >= first && static_cast<size_t>(address - first) < elements.size();
  };
  if (in(inventory.slots, kSlotAddress)) return &inventory.slots[address - kSlotAddress];
  if (in(inventory.drives, kDriveAddress)) {
    return &inventory.drives[address - kDriveAddress].element;
  }
  if (in(inventory.mail_slots, kMailSlotAddress)) {
    return &inventory.mail_slots[address - kMailSlotAddress];
  }
  return nullptr;
}

Element* FindElement(Inventory& inventory, uint16_t address) {
  return const_cast<Element*>(FindElement(std::as_const(inventory), address));
}

std::optional<ElementType> TypeOf(const Inventory& inventory, uint16_t address) {
  if (address == kRobotAddress) return ElementType::kRobot;
  if (FindElement(inventory, address) == nullptr) return std::nullopt;
  if (address >= kSlotAddress) return ElementType::kSlot;
  return address >= kDriveAddress ? ElementType::kDrive : ElementType::kMailSlot;
}

std::optional<uint16_t> FindBarcode(const Inventory& inventory, std::string_view barcode) {
  if (barcode.empty()) return std::nullopt;
  for (size_t i = 0; i < inventory.drives.size(); ++i) {
    if (inventory.drives[i].element.barcode == barcode) {
      return static_cast<uint16_t>(kDriveAddress + i);
    }
  }
  auto find = [&](const std::vector<Element>& elements, uint16_t first) -> std::optional<uint16_t> {
    auto at = std::find_if(elements.begin(), elements.end(),
                           [&](const Element& element) { return element.barcode == barcode; });
    if (at == elements.end()) return std::nullopt;
    return static_cast<uint16_t>(first + (at - elements.begin()));
  };
  auto address = find(inventory.slots, kSlotAddress);
  return address ? address : find(inventory.mail_slots, kMailSlotAddress);
}

Status MoveMedium(Inventory& inventory, uint16_t source, uint16_t destination) {
  Element* from = FindElement(inventory, source);
  Element* to = FindElement(inventory, destination);
  if (from == nullptr) return NoElement(source);
  if (to == nullptr) return NoElement(destination);
  if (!from->full()) return Empty(source);
  if (from == to) return Status();
  if (to->full()) return Occupied(destination);
  *to = Arrived(inventory, *from, source);
  *from = {};
  return Status();
}

Status ExchangeMedium(Inventory& inventory, uint16_t source, uint16_t first, uint16_t second) {
  Element* from = FindElement(inventory, source);
  Element* middle = FindElement(inventory, first);
  Element* last = FindElement(inventory, second);
  if (from == nullptr) return NoElement(source);
  if (middle == nullptr) return NoElement(first);
  if (last == nullptr) return NoElement(second);
  if (!from->full()) return Empty(source);
  if (!middle->full()) return Empty(first);
  if (middle == from || middle == last) return Occupied(first);
  if (last != from && last->full()) return Occupied(second);
  Element arrived = Arrived(inventory, *from, source);
  Element displaced = Arrived(inventory, *middle, first);
  *from = {};
  *middle = std::move(arrived);
  *last = std::move(displaced);
  return Status();
}

Result<std::string> NextBarcode(Inventory& inventory) {
  if (inventory.next_barcode >= kBarcodesPerPrefix) {
    return Status(Code::kNoSpace, "all barcodes of prefix " + inventory.barcode_prefix +
                                      " are used: make another library");
  }
  constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  uint32_t number = inventory.next_barcode++;
  std::string out = inventory.barcode_prefix;
  for (uint32_t unit : {36u * 36u, 36u, 1u}) out += kDigits[number / unit % 36];
  return out;
}

}  // namespace oca::vtape
