#include "fs/format/pack.h"

#include <algorithm>

#include "fs/format/pack_parts.h"
#include "lib/base/coding.h"
#include "lib/base/crc32c.h"
#include "lib/base/status.h"

namespace oca::format {
namespace {

constexpr std::string_view kPackMagic = "OCA-PACK";

// The fixed fields at the head of a group.
struct FixedGroupHeader {
  Codec codec = Codec::kRaw;
  ContainerId container;
  uint32_t raw_bytes = 0;
  uint32_t stored_bytes = 0;
  uint32_t chunk_count = 0;
  uint32_t body_crc = 0;
  size_t encoded_size() const { return kGroupHeaderSize + 4 * size_t{chunk_count} + stored_bytes; }
};

absl::StatusOr<FixedGroupHeader> DecodeFixedGroupHeader(std::string_view bytes) {
  size_t magic_bytes = std::min(bytes.size(), kGroupMagic.size());
  if (bytes.substr(0, magic_bytes) != kGroupMagic.substr(0, magic_bytes)) {
    return absl::DataLossError("group: no magic");
  }
  if (bytes.size() < kGroupHeaderSize) return absl::OutOfRangeError("group: header is cut off");
  bytes = bytes.substr(0, kGroupHeaderSize);
  if (!CrcHolds(bytes)) return absl::DataLossError("group: header checksum is wrong");
  ByteReader in(bytes.substr(kGroupMagic.size()));
  OCA_RETURN_IF_ERROR(CheckVersion(in.Le<uint16_t>(), "group"));
  FixedGroupHeader out;
  uint8_t codec = in.Le<uint8_t>();
  uint8_t flags = in.Le<uint8_t>();
  out.codec = static_cast<Codec>(codec);
  out.container = ContainerId(in.Le<uint32_t>());
  out.raw_bytes = in.Le<uint32_t>();
  out.stored_bytes = in.Le<uint32_t>();
  out.chunk_count = in.Le<uint32_t>();
  uint32_t reserved = in.Le<uint32_t>();
  out.body_crc = in.Le<uint32_t>();
  if (codec > static_cast<uint8_t>(Codec::kDelta) || flags != 0 || reserved != 0) {
    return absl::DataLossError("group: unknown codec or flags");
  }
  bool sizes_hold = out.raw_bytes >= 1 && out.raw_bytes <= kMaxGroupRawBytes &&
                    out.stored_bytes >= 1 && out.stored_bytes <= out.raw_bytes &&
                    (out.codec != Codec::kRaw || out.stored_bytes == out.raw_bytes) &&
                    out.chunk_count >= 1 && out.chunk_count <= kMaxChunksPerPack &&
                    out.chunk_count <= out.raw_bytes;
  if (!sizes_hold) return absl::DataLossError("group: sizes are outside their limits");
  return out;
}

}  // namespace

std::string EncodePackHeader(const PackHeader& header) {
  std::string out(kPackMagic);
  PutLe<uint16_t>(&out, kPackVersion);
  PutLe<uint16_t>(&out, kPackHeaderSize);
  PutLe<uint32_t>(&out, 0);  // flags
  PutLe<uint32_t>(&out, header.group_id.value);
  PutLe<uint32_t>(&out, 0);
  PutLe<uint64_t>(&out, header.pack_id.value);
  out.resize(kPackHeaderSize - kCrcSize, '\0');
  PutCrc(&out);
  return out;
}

absl::StatusOr<PackHeader> DecodePackHeader(std::string_view bytes) {
  if (bytes.size() < kPackHeaderSize) return absl::DataLossError("pack header: cut off");
  bytes = bytes.substr(0, kPackHeaderSize);
  if (!bytes.starts_with(kPackMagic)) return absl::DataLossError("pack header: no magic");
  if (!CrcHolds(bytes)) return absl::DataLossError("pack header: checksum is wrong");
  ByteReader in(bytes.substr(kPackMagic.size()));
  OCA_RETURN_IF_ERROR(CheckVersion(in.Le<uint16_t>(), "pack header"));
  uint16_t size = in.Le<uint16_t>();
  uint32_t flags = in.Le<uint32_t>();
  PackHeader header;
  header.group_id = GroupId(in.Le<uint32_t>());
  uint32_t reserved = in.Le<uint32_t>();
  header.pack_id = PackId(in.Le<uint64_t>());
  std::string_view rest = in.Take(in.remaining() - kCrcSize);
  if (size != kPackHeaderSize || flags != 0 || reserved != 0 ||
      rest.find_first_not_of('\0') != std::string_view::npos) {
    return absl::DataLossError("pack header: unknown flags");
  }
  return header;
}

std::string EncodeGroup(const GroupHeader& header, std::string_view payload) {
  std::string table;
  table.reserve(4 * header.chunks.size());
  uint32_t raw_bytes = 0;
  for (const GroupChunk& chunk : header.chunks) {
    PutLe<uint32_t>(&table, PackLengthAndKind(chunk.length, chunk.kind));
    raw_bytes += chunk.length;
  }
  std::string out;
  out.reserve(kGroupHeaderSize + table.size() + payload.size());
  out.append(kGroupMagic);
  PutLe<uint16_t>(&out, kPackVersion);
  PutLe<uint8_t>(&out, static_cast<uint8_t>(header.codec));
  PutLe<uint8_t>(&out, 0);  // flags
  PutLe<uint32_t>(&out, header.container.value);
  PutLe<uint32_t>(&out, raw_bytes);
  PutLe<uint32_t>(&out, static_cast<uint32_t>(payload.size()));
  PutLe<uint32_t>(&out, static_cast<uint32_t>(header.chunks.size()));
  PutLe<uint32_t>(&out, 0);
  PutLe<uint32_t>(&out, Crc32c(payload, Crc32c(table)));
  PutCrc(&out);
  out.append(table);
  out.append(payload);
  return out;
}

absl::StatusOr<size_t> EncodedGroupSize(std::string_view bytes) {
  if (LooksSealed(bytes)) return EncodedSealedSize(bytes);
  OCA_ASSIGN_OR_RETURN(FixedGroupHeader fixed, DecodeFixedGroupHeader(bytes));
  return fixed.encoded_size();
}

bool IsWholeGroup(std::string_view bytes) {
  if (LooksSealed(bytes)) {
    absl::StatusOr<DecodedSealed> sealed = DecodeSealed(bytes);
    return sealed.ok() && sealed->header.kind == SealedKind::kGroup &&
           sealed->encoded_size == bytes.size();
  }
  absl::StatusOr<DecodedGroup> group = DecodeGroup(bytes);
  return group.ok() && group->encoded_size == bytes.size();
}

absl::StatusOr<DecodedGroup> DecodeGroup(std::string_view bytes) {
  OCA_ASSIGN_OR_RETURN(FixedGroupHeader fixed, DecodeFixedGroupHeader(bytes));
  if (bytes.size() < fixed.encoded_size()) return absl::OutOfRangeError("group: body is cut off");
  std::string_view body = bytes.substr(kGroupHeaderSize, fixed.encoded_size() - kGroupHeaderSize);
  if (Crc32c(body) != fixed.body_crc) return absl::DataLossError("group: checksum is wrong");
  DecodedGroup out;
  out.encoded_size = fixed.encoded_size();
  out.header.codec = fixed.codec;
  out.header.container = fixed.container;
  out.header.raw_bytes = fixed.raw_bytes;
  out.header.stored_bytes = fixed.stored_bytes;
  out.header.chunks.resize(fixed.chunk_count);
  ByteReader in(body);
  uint64_t sum = 0;
  for (GroupChunk& chunk : out.header.chunks) {
    if (!UnpackLengthAndKind(in.Le<uint32_t>(), &chunk.length, &chunk.kind)) {
      return absl::DataLossError("group: chunk length or kind is outside its limits");
    }
    sum += chunk.length;
  }
  if (sum != fixed.raw_bytes) return absl::DataLossError("group: chunks do not fill it");
  out.payload = in.rest();
  return out;
}

}  // namespace oca::format
