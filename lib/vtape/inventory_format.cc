// The bytes of an inventory: docs/format/library.md.
#include <algorithm>
#include <set>

#include "lib/vtape/attributes.h"
#include "lib/vtape/bytes.h"
#include "lib/vtape/inventory.h"
#include "lib/vtape/models.h"
#include "lib/vtape/unit.h"

namespace oca::vtape {
namespace {

constexpr std::string_view kInventoryMagic = "OCATAPEL";
constexpr uint16_t kInventoryVersion = 1;
constexpr const char* kInventory = "inventory";
constexpr size_t kMaxOutside = 50000;  // cartridges on the shelf, or being removed

void PutElement(std::string* out, const Element& element) {
  PutShort(out, element.barcode);
  PutLe(out, element.source_address);
  PutLe<uint8_t>(out, element.placed_by_operator ? 1 : 0);
}

Element GetElement(ByteReader& in, bool* good) {
  Element out;
  out.barcode = in.Short();
  out.source_address = in.Le<uint16_t>();
  uint8_t flags = in.Le<uint8_t>();
  out.placed_by_operator = flags == 1;
  if (flags > 1 || (out.full() && !IsBarcode(out.barcode))) *good = false;
  return out;
}

void PutElements(std::string* out, const std::vector<Element>& elements) {
  PutLe(out, static_cast<uint32_t>(elements.size()));
  for (const Element& element : elements) PutElement(out, element);
}

std::vector<Element> GetElements(ByteReader& in, size_t limit, bool* good) {
  uint32_t count = in.Le<uint32_t>();
  if (count > limit) *good = false;
  std::vector<Element> out;
  for (uint32_t i = 0; i < count && in.ok() && *good; ++i) out.push_back(GetElement(in, good));
  return out;
}

void PutBarcodes(std::string* out, const std::vector<std::string>& barcodes) {
  PutLe(out, static_cast<uint32_t>(barcodes.size()));
  for (const std::string& barcode : barcodes) PutShort(out, barcode);
}

std::vector<std::string> GetBarcodes(ByteReader& in, bool* good) {
  uint32_t count = in.Le<uint32_t>();
  if (count > kMaxOutside) *good = false;
  std::vector<std::string> out;
  for (uint32_t i = 0; i < count && in.ok() && *good; ++i) {
    out.emplace_back(in.Short());
    *good = IsBarcode(out.back()) && (i == 0 || out[i - 1] < out[i]);
  }
  return out;
}

std::vector<Drive> GetDrives(ByteReader& in, bool* good) {
  uint32_t count = in.Le<uint32_t>();
  if (count > kMaxDrives) *good = false;
  std::vector<Drive> out;
  for (uint32_t i = 0; i < count && in.ok() && *good; ++i) {
    Drive drive;
    drive.element = GetElement(in, good);
    drive.serial = in.Short();
    drive.generation = in.Le<uint8_t>();
    uint8_t flags = in.Le<uint8_t>();
    drive.read_only = flags == 1;
    if (flags > 1 || !IsBarcode(drive.serial) || DriveModelOf(drive.generation) == nullptr) {
      *good = false;
    }
    out.push_back(std::move(drive));
  }
  return out;
}

bool IsVendor(std::string_view text) {
  return text.size() <= 8 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// Whether each cartridge is in one place, and each drive has a serial of its own.
bool Unique(const Inventory& inventory) {
  std::set<std::string_view> barcodes;
  bool unique = true;
  auto take = [&](std::string_view barcode) {
    if (!barcode.empty() && !barcodes.insert(barcode).second) unique = false;
  };
  std::set<std::string_view> serials = {inventory.serial};
  for (const Drive& drive : inventory.drives) {
    take(drive.element.barcode);
    if (!serials.insert(drive.serial).second) unique = false;
  }
  for (const Element& element : inventory.slots) take(element.barcode);
  for (const Element& element : inventory.mail_slots) take(element.barcode);
  for (const std::string& barcode : inventory.shelf) take(barcode);
  for (const std::string& barcode : inventory.removing) take(barcode);
  return unique;
}

}  // namespace

std::string EncodeInventory(const Inventory& inventory) {
  std::string body;
  PutShort(&body, inventory.serial);
  PutShort(&body, inventory.oem_vendor);
  PutShort(&body, inventory.barcode_prefix);
  PutLe(&body, inventory.next_barcode);
  PutLe(&body, inventory.next_drive_serial);
  PutLe(&body, static_cast<uint32_t>(inventory.drives.size()));
  for (const Drive& drive : inventory.drives) {
    PutElement(&body, drive.element);
    PutShort(&body, drive.serial);
    PutLe(&body, drive.generation);
    PutLe<uint8_t>(&body, drive.read_only ? 1 : 0);
  }
  PutElements(&body, inventory.slots);
  PutElements(&body, inventory.mail_slots);
  PutBarcodes(&body, inventory.shelf);
  PutBarcodes(&body, inventory.removing);
  return EncodeUnit(kInventoryMagic, kInventoryVersion, body);
}

Result<Inventory> DecodeInventory(std::string_view bytes) {
  VTAPE_ASSIGN_OR_RETURN(ByteReader in,
                         DecodeUnit(bytes, kInventoryMagic, kInventoryVersion, kInventory));
  bool good = true;
  Inventory out;
  out.serial = in.Short();
  out.oem_vendor = in.Short();
  out.barcode_prefix = in.Short();
  out.next_barcode = in.Le<uint32_t>();
  out.next_drive_serial = in.Le<uint32_t>();
  out.drives = GetDrives(in, &good);
  if (good) out.slots = GetElements(in, kMaxSlots, &good);
  if (good) out.mail_slots = GetElements(in, kMaxMailSlots, &good);
  if (good) out.shelf = GetBarcodes(in, &good);
  if (good) out.removing = GetBarcodes(in, &good);
  if (!good || !in.ok() || !in.empty()) return Damaged(kInventory, "impossible fields");
  if (!IsBarcode(out.serial) || !IsVendor(out.oem_vendor) || !IsBarcode(out.barcode_prefix) ||
      out.barcode_prefix.size() != 6) {
    return Damaged(kInventory, "impossible names");
  }
  if (!Unique(out)) return Damaged(kInventory, "a cartridge or serial number is there twice");
  return out;
}

}  // namespace oca::vtape
