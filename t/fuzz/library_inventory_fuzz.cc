// The inventory of a tape library: what decodes encodes to the same, and survives every move.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/vtape/inventory.h"
#include "t/fuzz/target.h"

OCA_FUZZ(library_inventory_fuzz) {
  using namespace oca::vtape;  // NOLINT
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto inventory = DecodeInventory(bytes);
  if (!inventory.ok()) return 0;
  if (EncodeInventory(*inventory) != bytes) std::abort();
  for (uint16_t source : {10, 500, 501, 1000, 1001}) {
    for (uint16_t destination : {10, 11, 500, 1000, 1002}) {
      if (!MoveMedium(*inventory, source, destination).ok()) continue;
      if (!DecodeInventory(EncodeInventory(*inventory)).ok()) std::abort();
    }
  }
  return 0;
}
