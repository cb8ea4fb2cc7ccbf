// The changers and drives that a library can be.
#ifndef OCA_LIB_VTAPE_MODELS_H_
#define OCA_LIB_VTAPE_MODELS_H_

#include <cstdint>
#include <span>
#include <string_view>

namespace oca::vtape {

struct ChangerModel {
  std::string_view vendor;
  std::string_view product;
  std::string_view revision;
};

struct DriveModel {
  uint8_t generation;  // of LTO
  std::string_view vendor;
  std::string_view product;
  std::string_view revision;
  uint8_t density_code;
  std::string_view density_name;
  std::string_view barcode_suffix;  // of its own media, as on labels
  uint32_t native_capacity_mb;      // of its own media, in 10^6 bytes
};

constexpr ChangerModel kChangerL700 = {"STK", "L700", "0400"};

// LTO-4 to LTO-9, in this order.
std::span<const DriveModel> DriveModels();
// nullptr when there is none.
const DriveModel* DriveModelOf(uint8_t generation);

// What an LTO drive does with a cartridge of another generation.
bool DriveReads(uint8_t drive_generation, uint8_t cartridge_generation);
bool DriveWrites(uint8_t drive_generation, uint8_t cartridge_generation);

}  // namespace oca::vtape

#endif  // OCA_LIB_VTAPE_MODELS_H_
