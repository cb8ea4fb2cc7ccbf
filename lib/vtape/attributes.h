// What a cartridge is and what hosts say about it (MAM): the file `attributes`. Pure.
#ifndef OCA_LIB_VTAPE_ATTRIBUTES_H_
#define OCA_LIB_VTAPE_ATTRIBUTES_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "lib/vtape/index_format.h"
#include "lib/vtape/status.h"

namespace oca::vtape {

enum class MediumKind : uint8_t { kData = 1, kWorm = 2, kCleaning = 3 };

// The formats of SPC's MEDIUM AUXILIARY MEMORY attributes.
enum class MamFormat : uint8_t { kBinary = 0, kAscii = 1, kText = 2 };

struct MamAttribute {
  MamFormat format = MamFormat::kBinary;
  std::string value;
  bool operator==(const MamAttribute&) const = default;
};

constexpr size_t kMaxBarcodeBytes = 10;
constexpr size_t kMaxMamBytes = 16 << 10;  // of all values of a cartridge, with 5 for each
constexpr uint64_t kMaxAttributesBytes = 64 << 10;
constexpr uint64_t kMinCapacityBytes = 1 << 20;

struct Attributes {
  CartridgeId id{};
  std::string barcode;
  MediumKind kind = MediumKind::kData;
  uint8_t generation = 4;  // LTO generation: density and what drives read and write it
  bool write_protected = false;
  uint64_t capacity_bytes = 0;
  uint64_t loads = 0;
  uint64_t written_bytes = 0;  // in its life
  uint64_t read_bytes = 0;
  std::map<uint16_t, MamAttribute> mam;  // those that hosts wrote, by attribute identifier

  bool operator==(const Attributes&) const = default;
};

// Whether it is 1 to 10 of A-Z, 0-9: what changers, labels and file names all bear.
bool IsBarcode(std::string_view text);
// The bytes that the MAM attributes take of kMaxMamBytes.
size_t MamBytes(const Attributes& attributes);

std::string EncodeAttributes(const Attributes& attributes);
// kDamaged, or kNewer.
Result<Attributes> DecodeAttributes(std::string_view bytes);

}  // namespace oca::vtape

#endif  // OCA_LIB_VTAPE_ATTRIBUTES_H_
