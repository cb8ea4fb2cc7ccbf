#include "lib/vtape/index_format.h"

#include <cstring>

#include "lib/vtape/bytes.h"
#include "lib/vtape/crc32c.h"
#include "lib/vtape/unit.h"

namespace oca::vtape {
namespace {

constexpr std::string_view kHeaderMagic = "OCATAPEI";
constexpr std::string_view kCheckpointMagic = "OCATAPES";
constexpr uint16_t kIndexVersion = 1;
constexpr uint64_t kMarksMask = (uint64_t{1} << 56) - 1;
constexpr uint64_t kMaxOffset = uint64_t{1} << 62;

std::string_view View(const CartridgeId& id) { return {id.data(), id.size()}; }

uint32_t EntrySeed(const CartridgeId& id, uint64_t object) {
  uint32_t crc = Crc32c(View(id));
  return Crc32c({reinterpret_cast<const char*>(&object), sizeof object}, crc);
}

}  // namespace

std::string EncodeIndexHeader(const CartridgeId& id) {
  std::string out(kHeaderMagic);
  PutLe(&out, kIndexVersion);
  PutLe<uint16_t>(&out, 0);
  PutLe(&out, static_cast<uint32_t>(kEntriesOffset));
  out.append(View(id));
  Seal(&out, kIndexHeaderBytes, 0);
  return out;
}

Result<CartridgeId> DecodeIndexHeader(std::string_view bytes) {
  VTAPE_RETURN_IF_ERROR(Unseal(bytes, kIndexHeaderBytes, 0, "index header"));
  ByteReader in(bytes);
  VTAPE_RETURN_IF_ERROR(CheckBeginning(in, kHeaderMagic, kIndexVersion, "index header"));
  if (in.Le<uint32_t>() != kEntriesOffset) {
    return Status(Code::kDamaged, "index header: entries begin where they cannot");
  }
  CartridgeId id;
  std::memcpy(id.data(), in.Take(id.size()).data(), id.size());
  return id;
}

std::string EncodeCheckpoint(const CartridgeId& id, const Checkpoint& checkpoint) {
  std::string out(kCheckpointMagic);
  PutLe(&out, kIndexVersion);
  PutLe<uint16_t>(&out, 0);
  PutLe(&out, checkpoint.epoch);
  PutLe(&out, checkpoint.sequence);
  PutLe(&out, checkpoint.objects);
  PutLe(&out, checkpoint.filemarks);
  PutLe(&out, checkpoint.payload_bytes);
  Seal(&out, kCheckpointBytes, Crc32c(View(id)));
  return out;
}

Result<Checkpoint> DecodeCheckpoint(const CartridgeId& id, std::string_view bytes) {
  VTAPE_RETURN_IF_ERROR(Unseal(bytes, kCheckpointBytes, Crc32c(View(id)), "checkpoint"));
  ByteReader in(bytes);
  VTAPE_RETURN_IF_ERROR(CheckBeginning(in, kCheckpointMagic, kIndexVersion, "checkpoint"));
  Checkpoint out;
  out.epoch = in.Le<uint32_t>();
  out.sequence = in.Le<uint64_t>();
  out.objects = in.Le<uint64_t>();
  out.filemarks = in.Le<uint64_t>();
  out.payload_bytes = in.Le<uint64_t>();
  if (out.filemarks > out.objects || out.objects > kMaxOffset / kEntryBytes ||
      out.payload_bytes > kMaxOffset) {
    return Status(Code::kDamaged, "checkpoint: impossible counts");
  }
  return out;
}

std::string EncodeEntry(const CartridgeId& id, uint64_t object, const Entry& entry) {
  std::string out;
  PutLe(&out, entry.payload_offset);
  PutLe(&out, entry.length);
  PutLe(&out, entry.payload_crc);
  PutLe(&out, (static_cast<uint64_t>(entry.kind) << 56) | entry.filemarks_before);
  PutLe(&out, entry.epoch);
  Seal(&out, kEntryBytes, EntrySeed(id, object));
  return out;
}

Result<Entry> DecodeEntry(const CartridgeId& id, uint64_t object, std::string_view bytes) {
  VTAPE_RETURN_IF_ERROR(Unseal(bytes, kEntryBytes, EntrySeed(id, object), "index entry"));
  ByteReader in(bytes);
  Entry out;
  out.payload_offset = in.Le<uint64_t>();
  out.length = in.Le<uint32_t>();
  out.payload_crc = in.Le<uint32_t>();
  uint64_t kind_and_marks = in.Le<uint64_t>();
  out.kind = static_cast<ObjectKind>(kind_and_marks >> 56);
  out.filemarks_before = kind_and_marks & kMarksMask;
  out.epoch = in.Le<uint32_t>();
  bool block = out.kind == ObjectKind::kBlock && out.length >= 1 && out.length <= kMaxBlockBytes;
  bool filemark = out.kind == ObjectKind::kFilemark && out.length == 0 && out.payload_crc == 0;
  if (!(block || filemark) || out.filemarks_before > object || out.payload_offset > kMaxOffset) {
    return Status(Code::kDamaged, "index entry: impossible fields");
  }
  return out;
}

}  // namespace oca::vtape
