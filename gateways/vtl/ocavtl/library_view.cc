#include "gateways/vtl/ocavtl/library_view.h"

#include <sys/stat.h>

#include <map>
#include <memory>

#include "gateways/vtl/ocavtl/library_commands.h"
#include "lib/base/status.h"
#include "lib/vtape/cartridge.h"
#include "lib/vtape/models.h"

namespace oca::vtl {
namespace {

using Places = std::map<std::string, uint32_t>;  // addresses of cartridges, 0 = on the shelf

v1::Element* AddElement(v1::ElementType type, size_t address, const vtape::Element& element,
                        v1::LibraryState* state, Places* places) {
  v1::Element* out = state->add_elements();
  out->set_type(type);
  out->set_address(static_cast<uint32_t>(address));
  out->set_barcode(element.barcode);
  if (element.full()) (*places)[element.barcode] = out->address();
  return out;
}

// The file of the blocks is as long as what stands on the tape.
uint64_t UsedBytes(const std::string& cartridge_dir) {
  struct stat st {};
  return ::stat((cartridge_dir + "/payload").c_str(), &st) == 0 ? static_cast<uint64_t>(st.st_size)
                                                                : 0;
}

void AddCartridge(const vtape::Library& library, const std::string& barcode, uint32_t address,
                  v1::LibraryState* state) {
  v1::Cartridge* out = state->add_cartridges();
  out->set_barcode(barcode);
  out->set_address(address);
  const std::string dir = library.CartridgeDir(barcode);
  auto attributes = vtape::Cartridge::ReadAttributes(vtape::PosixStorage(), dir);
  if (!attributes.ok()) return;
  out->set_capacity_bytes(attributes->capacity_bytes);
  out->set_used_bytes(UsedBytes(dir));
  out->set_generation(attributes->generation);
  out->set_worm(attributes->kind == vtape::MediumKind::kWorm);
}

}  // namespace

absl::Status DescribeLibrary(const std::string& folder, v1::LibraryState* state) {
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<vtape::Library> library, OpenLibrary(folder));
  const vtape::Inventory& inventory = library->inventory();
  state->set_serial(inventory.serial);
  state->set_vendor(inventory.oem_vendor.empty() ? std::string(vtape::kChangerL700.vendor)
                                                 : inventory.oem_vendor);
  state->set_product(std::string(vtape::kChangerL700.product));
  Places places;
  for (size_t i = 0; i < inventory.mail_slots.size(); ++i) {
    AddElement(v1::ELEMENT_TYPE_MAIL_SLOT, vtape::kMailSlotAddress + i, inventory.mail_slots[i],
               state, &places);
  }
  for (size_t i = 0; i < inventory.drives.size(); ++i) {
    const vtape::Drive& drive = inventory.drives[i];
    v1::Element* out =
        AddElement(v1::ELEMENT_TYPE_DRIVE, vtape::kDriveAddress + i, drive.element, state, &places);
    out->set_serial(drive.serial);
    out->set_product(std::string(vtape::DriveModelOf(drive.generation)->product));
    out->set_read_only(drive.read_only);
  }
  for (size_t i = 0; i < inventory.slots.size(); ++i) {
    AddElement(v1::ELEMENT_TYPE_SLOT, vtape::kSlotAddress + i, inventory.slots[i], state, &places);
  }
  for (const std::string& barcode : inventory.shelf) places[barcode] = 0;
  for (const auto& [barcode, address] : places) AddCartridge(*library, barcode, address, state);
  return absl::OkStatus();
}

}  // namespace oca::vtl
