#include "lib/vtape/library.h"

#include <algorithm>
#include <utility>

#include "lib/vtape/cartridge.h"
#include "lib/vtape/models.h"

namespace oca::vtape {
namespace {

constexpr size_t kMaxSerialBytes = 6;  // of a changer: four digits more are a drive's
constexpr uint32_t kMaxDriveSerial = 9999;

std::string InventoryPath(const std::string& dir) { return dir + "/inventory"; }
std::string CartridgesPath(const std::string& dir) { return dir + "/cartridges"; }

Result<std::unique_ptr<StorageLock>> LockInventory(Storage& storage, const std::string& dir) {
  return storage.LockAndWait(dir + "/lock");
}

Result<Inventory> ReadInventory(Storage& storage, const std::string& dir) {
  VTAPE_ASSIGN_OR_RETURN(std::string bytes,
                         ReadWhole(storage, InventoryPath(dir), kMaxInventoryBytes));
  auto inventory = DecodeInventory(bytes);
  if (inventory.ok()) return inventory;
  return Status(inventory.status().code(),
                InventoryPath(dir) + ": " + inventory.status().message());
}

Status WriteInventory(Storage& storage, const std::string& dir, const Inventory& inventory) {
  return WriteAtomically(storage, InventoryPath(dir), EncodeInventory(inventory));
}

Status AppendDrives(Inventory& inventory, size_t count, uint8_t generation) {
  if (DriveModelOf(generation) == nullptr) {
    return Status(Code::kInvalid, "there is no model of an LTO-" + std::to_string(generation) +
                                      " drive: give a generation of 4 to 9");
  }
  if (count > kMaxDrives - inventory.drives.size()) {
    return Status(Code::kInvalid,
                  "a library has at most " + std::to_string(kMaxDrives) + " drives");
  }
  for (size_t i = 0; i < count; ++i) {
    if (inventory.next_drive_serial > kMaxDriveSerial) {
      return Status(Code::kNoSpace, "all serial numbers of drives are used: make another library");
    }
    // Serials of drives extend the changer's, so that those of two libraries differ.
    std::string number = std::to_string(inventory.next_drive_serial++);
    inventory.drives.push_back(
        {{}, inventory.serial + std::string(4 - number.size(), '0') + number, generation, false});
  }
  return Status();
}

Status AppendSlots(Inventory& inventory, size_t count) {
  if (count > kMaxSlots - inventory.slots.size()) {
    return Status(Code::kInvalid, "a library has at most " + std::to_string(kMaxSlots) + " slots");
  }
  inventory.slots.resize(inventory.slots.size() + count);
  return Status();
}

Element* FreeSlot(Inventory& inventory) {
  auto free = std::find_if(inventory.slots.begin(), inventory.slots.end(),
                           [](const Element& slot) { return !slot.full(); });
  if (free != inventory.slots.end()) return &*free;
  return AppendSlots(inventory, 1).ok() ? &inventory.slots.back() : nullptr;
}

void InsertSorted(std::vector<std::string>& list, const std::string& barcode) {
  list.insert(std::lower_bound(list.begin(), list.end(), barcode), barcode);
}

bool RemoveSorted(std::vector<std::string>& list, const std::string& barcode) {
  auto at = std::lower_bound(list.begin(), list.end(), barcode);
  if (at == list.end() || *at != barcode) return false;
  list.erase(at);
  return true;
}

}  // namespace

Status Library::Create(Storage& storage, const std::string& dir, const LibrarySpec& spec) {
  Inventory inventory;
  inventory.serial = spec.serial;
  inventory.oem_vendor = spec.oem_vendor;
  inventory.barcode_prefix = spec.barcode_prefix;
  if (spec.serial.size() > kMaxSerialBytes) {
    return Status(Code::kInvalid, "a library's serial has 1 to 6 capital letters and digits");
  }
  if (spec.drives == 0 || spec.mail_slots > kMaxMailSlots) {
    return Status(Code::kInvalid, "a library has 1 to 60 drives and at most 100 mail slots");
  }
  VTAPE_RETURN_IF_ERROR(AppendDrives(inventory, spec.drives, spec.drive_generation));
  VTAPE_RETURN_IF_ERROR(AppendSlots(inventory, spec.slots));
  inventory.mail_slots.resize(spec.mail_slots);
  auto checked = DecodeInventory(EncodeInventory(inventory));
  if (!checked.ok()) return Status(Code::kInvalid, checked.status().message());

  VTAPE_RETURN_IF_ERROR(storage.CreateDir(dir));
  VTAPE_ASSIGN_OR_RETURN(auto lock, LockInventory(storage, dir));
  auto there = ReadInventory(storage, dir);
  if (there.ok()) return Status(Code::kExists, dir + ": a library is there already");
  if (there.status().code() != Code::kNotFound) return there.status();
  VTAPE_RETURN_IF_ERROR(storage.CreateDir(CartridgesPath(dir)));
  VTAPE_RETURN_IF_ERROR(storage.SyncDir(ParentOf(dir)));
  return WriteInventory(storage, dir, inventory);
}

Result<std::unique_ptr<Library>> Library::Open(Storage& storage, const std::string& dir) {
  std::unique_ptr<Library> library(new Library(storage, dir));
  VTAPE_RETURN_IF_ERROR(library->Refresh());
  VTAPE_RETURN_IF_ERROR(library->FinishRemovals());
  return library;
}

Status Library::Refresh() {
  VTAPE_ASSIGN_OR_RETURN(inventory_, ReadInventory(storage_, dir_));
  return Status();
}

std::string Library::CartridgeDir(std::string_view barcode) const {
  return CartridgesPath(dir_) + "/" + std::string(barcode);
}

Status Library::Update(const std::function<Status(Inventory&)>& change) {
  VTAPE_ASSIGN_OR_RETURN(auto lock, LockInventory(storage_, dir_));
  VTAPE_RETURN_IF_ERROR(Refresh());
  Inventory next = inventory_;
  VTAPE_RETURN_IF_ERROR(change(next));
  // What cannot be read again must not be written.
  auto checked = DecodeInventory(EncodeInventory(next));
  if (!checked.ok()) return Status(Code::kInvalid, dir_ + ": " + checked.status().message());
  VTAPE_RETURN_IF_ERROR(WriteInventory(storage_, dir_, next));
  inventory_ = std::move(next);
  return Status();
}

Status Library::Move(uint16_t source, uint16_t destination) {
  return Update([&](Inventory& inventory) { return MoveMedium(inventory, source, destination); });
}

Status Library::Exchange(uint16_t source, uint16_t first, uint16_t second) {
  return Update(
      [&](Inventory& inventory) { return ExchangeMedium(inventory, source, first, second); });
}

Status Library::MakeCartridge(const std::string& barcode, const CartridgeSpec& spec,
                              const std::function<void(std::span<char>)>& fill_random) {
  Attributes attributes;
  fill_random(attributes.id);
  attributes.barcode = barcode;
  attributes.kind = spec.kind;
  attributes.generation = spec.generation;
  attributes.capacity_bytes = spec.capacity_bytes;
  Status status = Cartridge::Create(storage_, CartridgeDir(barcode), attributes);
  if (status.code() != Code::kExists) return status;
  // Made by an addition that a crash cut short. Nobody can have written it: no inventory had it.
  VTAPE_ASSIGN_OR_RETURN(Attributes found,
                         Cartridge::ReadAttributes(storage_, CartridgeDir(barcode)));
  if (found.loads > 0) return status;
  VTAPE_RETURN_IF_ERROR(Cartridge::Remove(storage_, CartridgeDir(barcode)));
  return Cartridge::Create(storage_, CartridgeDir(barcode), attributes);
}

Result<std::vector<std::string>> Library::AddCartridges(
    const CartridgeSpec& spec, const std::function<void(std::span<char>)>& fill_random) {
  if (spec.capacity_bytes < kMinCapacityBytes) {
    return Status(Code::kInvalid, "a cartridge has 1 MiB or more");
  }
  std::vector<std::string> barcodes;
  Status status = Update([&](Inventory& inventory) {
    for (size_t i = 0; i < spec.count; ++i) {
      Element* slot = FreeSlot(inventory);
      if (slot == nullptr) return Status(Code::kNoSpace, "no free slot, and no more can be added");
      VTAPE_ASSIGN_OR_RETURN(slot->barcode, NextBarcode(inventory));
      VTAPE_RETURN_IF_ERROR(MakeCartridge(slot->barcode, spec, fill_random));
      barcodes.push_back(slot->barcode);
    }
    return Status();
  });
  if (!status.ok()) return status;
  return barcodes;
}

Status Library::RemoveCartridge(const std::string& barcode) {
  VTAPE_RETURN_IF_ERROR(Update([&](Inventory& inventory) {
    auto address = FindBarcode(inventory, barcode);
    if (address && TypeOf(inventory, *address) == ElementType::kDrive) {
      return Status(Code::kBusy, barcode + " is in a drive: move it to a slot first");
    }
    if (address) {
      *FindElement(inventory, *address) = {};
    } else if (!RemoveSorted(inventory.shelf, barcode)) {
      return Status(Code::kNotFound, "the library has no cartridge " + barcode);
    }
    InsertSorted(inventory.removing, barcode);
    return Status();
  }));
  return FinishRemovals();
}

Status Library::FinishRemovals() {
  if (inventory_.removing.empty()) return Status();
  return Update([&](Inventory& inventory) {
    for (const std::string& barcode : inventory.removing) {
      Status status = Cartridge::Remove(storage_, CartridgeDir(barcode));
      if (!status.ok() && status.code() != Code::kNotFound) return status;
    }
    inventory.removing.clear();
    return Status();
  });
}

Status Library::AddDrives(size_t count, uint8_t generation) {
  return Update([&](Inventory& inventory) { return AppendDrives(inventory, count, generation); });
}

Status Library::RemoveDrives(size_t count) {
  return Update([&](Inventory& inventory) {
    if (count >= inventory.drives.size()) {
      return Status(Code::kInvalid, "a library keeps one drive at least");
    }
    for (size_t i = 0; i < count; ++i) {
      if (inventory.drives.back().element.full()) {
        return Status(Code::kBusy, "drive " + inventory.drives.back().serial + " holds " +
                                       inventory.drives.back().element.barcode +
                                       ": move it to a slot first");
      }
      inventory.drives.pop_back();
    }
    return Status();
  });
}

Status Library::AddSlots(size_t count) {
  return Update([&](Inventory& inventory) { return AppendSlots(inventory, count); });
}

Status Library::SetDriveReadOnly(uint16_t address, bool on) {
  return Update([&](Inventory& inventory) {
    if (TypeOf(inventory, address) != ElementType::kDrive) {
      return Status(Code::kNotFound, "no drive has address " + std::to_string(address));
    }
    inventory.drives[address - kDriveAddress].read_only = on;
    return Status();
  });
}

Status Library::Export(uint16_t address) {
  return Update([&](Inventory& inventory) {
    auto type = TypeOf(inventory, address);
    if (type != ElementType::kMailSlot && type != ElementType::kSlot) {
      return Status(Code::kNotFound, "no slot or mail slot has address " + std::to_string(address));
    }
    Element* element = FindElement(inventory, address);
    if (!element->full()) {
      return Status(Code::kEmpty, "element " + std::to_string(address) + " holds no cartridge");
    }
    InsertSorted(inventory.shelf, element->barcode);
    *element = {};
    return Status();
  });
}

Status Library::Import(const std::string& barcode, uint16_t address) {
  return Update([&](Inventory& inventory) {
    if (TypeOf(inventory, address) != ElementType::kMailSlot) {
      return Status(Code::kNotFound, "no mail slot has address " + std::to_string(address));
    }
    Element* element = FindElement(inventory, address);
    if (element->full()) {
      return Status(Code::kOccupied, "mail slot " + std::to_string(address) + " holds " +
                                         element->barcode + ": take it out first");
    }
    if (!RemoveSorted(inventory.shelf, barcode)) {
      return Status(Code::kNotFound, "no cartridge " + barcode + " is on the shelf");
    }
    *element = {barcode, 0, true};
    return Status();
  });
}

}  // namespace oca::vtape
