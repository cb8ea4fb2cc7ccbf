// What a tape library consists of and where its cartridges are, as a value: its changes and its
// bytes (docs/format/library.md). Pure.
#ifndef OCA_LIB_VTAPE_INVENTORY_H_
#define OCA_LIB_VTAPE_INVENTORY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/vtape/status.h"

namespace oca::vtape {

// Elements by address, as the STK L700 family numbers them.
constexpr uint16_t kRobotAddress = 1;
constexpr uint16_t kMailSlotAddress = 10;
constexpr uint16_t kDriveAddress = 500;
constexpr uint16_t kSlotAddress = 1000;
constexpr size_t kMaxMailSlots = 100;
constexpr size_t kMaxDrives = 60;
constexpr size_t kMaxSlots = 60000;
constexpr uint64_t kMaxInventoryBytes = 4 << 20;

enum class ElementType : uint8_t { kRobot = 1, kSlot = 2, kMailSlot = 3, kDrive = 4 };

// A place for one cartridge.
struct Element {
  std::string barcode;              // empty: no cartridge
  uint16_t source_address = 0;      // the slot that the cartridge came from last; 0: unknown
  bool placed_by_operator = false;  // of a mail slot: not by the robot

  bool full() const { return !barcode.empty(); }
  bool operator==(const Element&) const = default;
};

struct Drive {
  Element element;
  std::string serial;      // 1 to 10 characters, never used again in this library
  uint8_t generation = 4;  // models.h
  bool read_only = false;

  bool operator==(const Drive&) const = default;
};

struct Inventory {
  std::string serial;          // of the changer, 1 to 10 characters
  std::string oem_vendor;      // 1 to 8 characters in place of the models' vendors; or empty
  std::string barcode_prefix;  // 6 characters of all barcodes that the library makes
  uint32_t next_barcode = 0;
  uint32_t next_drive_serial = 1;
  std::vector<Drive> drives;  // address kDriveAddress + index; the others likewise
  std::vector<Element> slots;
  std::vector<Element> mail_slots;
  std::vector<std::string> shelf;     // barcodes of cartridges outside the library, sorted
  std::vector<std::string> removing;  // barcodes whose files are yet to be removed, sorted

  bool operator==(const Inventory&) const = default;
};

// The element at `address`, nullptr when there is none. The robot's hand never holds a cartridge
// and is no place for one.
Element* FindElement(Inventory& inventory, uint16_t address);
const Element* FindElement(const Inventory& inventory, uint16_t address);
std::optional<ElementType> TypeOf(const Inventory& inventory, uint16_t address);
// Where the cartridge is, if it is in the library.
std::optional<uint16_t> FindBarcode(const Inventory& inventory, std::string_view barcode);

// The robot takes the cartridge at `source` to `destination`. kNotFound: no such element; kEmpty;
// kOccupied. After an error nothing has changed.
Status MoveMedium(Inventory& inventory, uint16_t source, uint16_t destination);
// The cartridge at `source` to `first`, and the one that was there to `second`, which may be
// `source`. Errors as above.
Status ExchangeMedium(Inventory& inventory, uint16_t source, uint16_t first, uint16_t second);

// The next barcode: the prefix and three digits of base 36. kNoSpace when they are used up.
Result<std::string> NextBarcode(Inventory& inventory);

std::string EncodeInventory(const Inventory& inventory);
// kDamaged, or kNewer. No cartridge is in two places.
Result<Inventory> DecodeInventory(std::string_view bytes);

}  // namespace oca::vtape

#endif  // OCA_LIB_VTAPE_INVENTORY_H_
