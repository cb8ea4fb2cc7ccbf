// The bytes of a cartridge's index file: docs/format/cartridge.md. Pure.
#ifndef OCA_LIB_VTAPE_INDEX_FORMAT_H_
#define OCA_LIB_VTAPE_INDEX_FORMAT_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/vtape/status.h"

namespace oca::vtape {

using CartridgeId = std::array<char, 16>;  // random, never used again

constexpr uint64_t kIndexHeaderBytes = 64;
constexpr uint64_t kCheckpointBytes = 64;
constexpr std::array<uint64_t, 2> kCheckpointOffsets = {512, 1024};  // written in turn
constexpr uint64_t kEntriesOffset = 4096;
constexpr uint64_t kEntryBytes = 32;
constexpr uint32_t kMaxBlockBytes = 8 << 20;

enum class ObjectKind : uint8_t { kBlock = 1, kFilemark = 2 };

// One logical object. Entry n of the file is object n.
struct Entry {
  ObjectKind kind = ObjectKind::kBlock;
  uint64_t payload_offset = 0;    // of a filemark: where the next block begins
  uint32_t length = 0;            // bytes; 0 of a filemark
  uint32_t payload_crc = 0;       // CRC-32C; 0 of a filemark
  uint64_t filemarks_before = 0;  // filemarks among the objects before this one
  uint32_t epoch = 0;

  bool operator==(const Entry&) const = default;
  uint64_t payload_end() const { return payload_offset + length; }
  uint64_t filemarks_after() const {
    return filemarks_before + (kind == ObjectKind::kFilemark ? 1 : 0);
  }
};

// What is durable for certain. Later entries count when they are whole and of its epoch.
struct Checkpoint {
  uint64_t sequence = 0;
  uint32_t epoch = 0;  // grows with every truncation and every load
  uint64_t objects = 0;
  uint64_t filemarks = 0;
  uint64_t payload_bytes = 0;

  bool operator==(const Checkpoint&) const = default;
};

std::string EncodeIndexHeader(const CartridgeId& id);
// kDamaged, or kNewer.
Result<CartridgeId> DecodeIndexHeader(std::string_view bytes);

std::string EncodeCheckpoint(const CartridgeId& id, const Checkpoint& checkpoint);
Result<Checkpoint> DecodeCheckpoint(const CartridgeId& id, std::string_view bytes);

// An entry's checksum covers the cartridge and the object's number, so that an entry in the wrong
// place is damage.
std::string EncodeEntry(const CartridgeId& id, uint64_t object, const Entry& entry);
Result<Entry> DecodeEntry(const CartridgeId& id, uint64_t object, std::string_view bytes);

}  // namespace oca::vtape

#endif  // OCA_LIB_VTAPE_INDEX_FORMAT_H_
