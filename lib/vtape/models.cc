#include "lib/vtape/models.h"

#include <array>

namespace oca::vtape {
namespace {

constexpr std::array<DriveModel, 6> kDrives = {{
    {4, "IBM", "ULT3580-TD4", "A232", 0x46, "U-416", "L4", 800'000},
    {5, "IBM", "ULT3580-TD5", "D2D0", 0x58, "U-516", "L5", 1'500'000},
    {6, "IBM", "ULT3580-TD6", "J450", 0x5a, "U-616", "L6", 2'500'000},
    {7, "IBM", "ULT3580-TD7", "M471", 0x5c, "U-732", "L7", 6'000'000},
    {8, "IBM", "ULT3580-TD8", "P371", 0x5e, "U-832", "L8", 12'000'000},
    {9, "IBM", "ULT3580-TD9", "Q3F5", 0x60, "U-932", "L9", 18'000'000},
}};

}  // namespace

std::span<const DriveModel> DriveModels() { return kDrives; }

const DriveModel* DriveModelOf(uint8_t generation) {
  for (const DriveModel& model : kDrives) {
    if (model.generation == generation) return &model;
  }
  return nullptr;
}

bool DriveReads(uint8_t drive_generation, uint8_t cartridge_generation) {
  uint8_t back = drive_generation >= 8 ? 1 : 2;
  return cartridge_generation <= drive_generation &&
         cartridge_generation + back >= drive_generation;
}

bool DriveWrites(uint8_t drive_generation, uint8_t cartridge_generation) {
  return cartridge_generation <= drive_generation && cartridge_generation + 1 >= drive_generation;
}

}  // namespace oca::vtape
