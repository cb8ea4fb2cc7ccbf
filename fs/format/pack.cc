#include "fs/format/pack.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "lib/base/coding.h"
#include "lib/base/crc32c.h"
#include "lib/base/status.h"

namespace oca::format {
namespace {

constexpr std::string_view kPackMagic = "OCA-PACK";
constexpr std::string_view kFooterMagic = "OCAFOOTR";
constexpr std::string_view kTrailerMagic = "OCATRAIL";
constexpr size_t kCrcSize = 4;
constexpr size_t kFooterHeaderSize = 40;
constexpr size_t kFooterGroupSize = 28;
constexpr size_t kFooterChunkSize = 36;

void PutCrc(std::string* out) { PutLe<uint32_t>(out, Crc32c(*out)); }

// True when the last four bytes are the CRC of those before them.
bool CrcHolds(std::string_view bytes) {
  size_t body = bytes.size() - kCrcSize;
  return Crc32c(bytes.substr(0, body)) == GetLe<uint32_t>(bytes.data() + body);
}

// Only for bytes whose checksum holds.
absl::Status CheckVersion(uint16_t version, std::string_view part) {
  if (version == kPackVersion) return absl::OkStatus();
  if (version == 0) return absl::DataLossError(fmt::format("{}: version 0", part));
  return absl::FailedPreconditionError(fmt::format(
      "{} has format version {}; this version of Oca reads up to {}", part, version, kPackVersion));
}

// Length in the low 24 bits, kind in the high 8.
uint32_t PackLengthAndKind(uint32_t length, ChunkKind kind) {
  return length | static_cast<uint32_t>(kind) << 24;
}
// False when length or kind is outside its limits.
bool UnpackLengthAndKind(uint32_t word, uint32_t* length, ChunkKind* kind) {
  *length = word & 0xffffff;
  *kind = static_cast<ChunkKind>(word >> 24);
  return *length >= 1 && *length <= kMaxChunkBytes && (word >> 24) <= 1;
}

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
  if (codec > static_cast<uint8_t>(Codec::kLz4) || flags != 0 || reserved != 0) {
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
  OCA_ASSIGN_OR_RETURN(FixedGroupHeader fixed, DecodeFixedGroupHeader(bytes));
  return fixed.encoded_size();
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

void AddToFooter(uint64_t file_offset, const GroupHeader& header, std::span<const Fingerprint> fps,
                 PackFooter* footer) {
  FooterGroup group;
  group.file_offset = file_offset;
  group.encoded_size =
      static_cast<uint32_t>(kGroupHeaderSize + 4 * header.chunks.size() + header.stored_bytes);
  group.raw_bytes = header.raw_bytes;
  group.stored_bytes = header.stored_bytes;
  group.container = header.container;
  group.first_chunk = static_cast<uint32_t>(footer->chunks.size());
  group.chunk_count = static_cast<uint32_t>(header.chunks.size());
  uint32_t offset = 0;
  for (size_t i = 0; i < header.chunks.size(); ++i) {
    const GroupChunk& chunk = header.chunks[i];
    footer->chunks.push_back({.fp = fps[i],
                              .group = static_cast<uint32_t>(footer->groups.size()),
                              .offset_in_group = offset,
                              .length = chunk.length,
                              .kind = chunk.kind});
    offset += chunk.length;
  }
  footer->groups.push_back(group);
}

std::string EncodeFooter(const PackFooter& footer, uint64_t file_offset) {
  std::string out(kFooterMagic);
  out.reserve(kFooterHeaderSize + kFooterGroupSize * footer.groups.size() +
              kFooterChunkSize * footer.chunks.size() + kCrcSize + kPackTrailerSize);
  PutLe<uint16_t>(&out, kPackVersion);
  PutLe<uint16_t>(&out, 0);  // flags
  PutLe<uint32_t>(&out, footer.pack.group_id.value);
  PutLe<uint64_t>(&out, footer.pack.pack_id.value);
  PutLe<uint64_t>(&out, file_offset);
  PutLe<uint32_t>(&out, static_cast<uint32_t>(footer.groups.size()));
  PutLe<uint32_t>(&out, static_cast<uint32_t>(footer.chunks.size()));
  for (const FooterGroup& group : footer.groups) {
    PutLe<uint64_t>(&out, group.file_offset);
    PutLe<uint32_t>(&out, group.encoded_size);
    PutLe<uint32_t>(&out, group.raw_bytes);
    PutLe<uint32_t>(&out, group.stored_bytes);
    PutLe<uint32_t>(&out, group.container.value);
    PutLe<uint32_t>(&out, group.chunk_count);
  }
  for (const FooterChunk& chunk : footer.chunks) {
    out.append(chunk.fp.view());
    PutLe<uint32_t>(&out, PackLengthAndKind(chunk.length, chunk.kind));
  }
  PutCrc(&out);

  std::string trailer(kTrailerMagic);
  PutLe<uint64_t>(&trailer, file_offset);
  PutLe<uint32_t>(&trailer, static_cast<uint32_t>(out.size()));
  PutLe<uint16_t>(&trailer, kPackVersion);
  PutLe<uint16_t>(&trailer, 0);
  PutLe<uint32_t>(&trailer, 0);
  PutCrc(&trailer);
  return out + trailer;
}

absl::StatusOr<PackTrailer> DecodeTrailer(std::string_view bytes) {
  if (bytes.size() != kPackTrailerSize || !bytes.starts_with(kTrailerMagic)) {
    return absl::NotFoundError("pack trailer: none");
  }
  if (!CrcHolds(bytes)) return absl::DataLossError("pack trailer: checksum is wrong");
  ByteReader in(bytes.substr(kTrailerMagic.size()));
  PackTrailer trailer;
  trailer.footer_offset = in.Le<uint64_t>();
  trailer.footer_size = in.Le<uint32_t>();
  OCA_RETURN_IF_ERROR(CheckVersion(in.Le<uint16_t>(), "pack trailer"));
  if (in.Le<uint16_t>() != 0 || in.Le<uint32_t>() != 0) {
    return absl::DataLossError("pack trailer: unknown flags");
  }
  return trailer;
}

namespace {

// Reads the group table. `footer_offset` bounds it; that groups do not overlap is checked after.
absl::Status DecodeFooterGroups(ByteReader* in, uint32_t count, uint64_t footer_offset,
                                PackFooter* footer) {
  uint64_t next_chunk = 0;
  footer->groups.resize(count);
  for (FooterGroup& group : footer->groups) {
    group.file_offset = in->Le<uint64_t>();
    group.encoded_size = in->Le<uint32_t>();
    group.raw_bytes = in->Le<uint32_t>();
    group.stored_bytes = in->Le<uint32_t>();
    group.container = ContainerId(in->Le<uint32_t>());
    group.chunk_count = in->Le<uint32_t>();
    group.first_chunk = static_cast<uint32_t>(next_chunk);
    next_chunk += group.chunk_count;
    bool holds = group.file_offset >= kPackHeaderSize && group.file_offset <= footer_offset &&
                 group.encoded_size <= footer_offset - group.file_offset &&
                 group.raw_bytes <= kMaxGroupRawBytes && group.stored_bytes >= 1 &&
                 group.stored_bytes <= group.raw_bytes && group.chunk_count >= 1 &&
                 next_chunk <= kMaxChunksPerPack &&
                 group.encoded_size ==
                     kGroupHeaderSize + 4 * uint64_t{group.chunk_count} + group.stored_bytes;
    if (!holds) return absl::DataLossError("pack footer: a group's fields contradict each other");
  }
  std::vector<std::pair<uint64_t, uint64_t>> extents;
  extents.reserve(count);
  for (const FooterGroup& group : footer->groups) {
    extents.emplace_back(group.file_offset, group.file_offset + group.encoded_size);
  }
  std::sort(extents.begin(), extents.end());
  for (size_t i = 1; i < extents.size(); ++i) {
    if (extents[i].first < extents[i - 1].second) {
      return absl::DataLossError("pack footer: groups overlap");
    }
  }
  return absl::OkStatus();
}

absl::Status DecodeFooterChunks(ByteReader* in, uint32_t count, PackFooter* footer) {
  footer->chunks.resize(count);
  size_t next = 0;
  for (size_t g = 0; g < footer->groups.size(); ++g) {
    const FooterGroup& group = footer->groups[g];
    if (group.chunk_count > count - next) {
      return absl::DataLossError("pack footer: groups hold more chunks than it lists");
    }
    uint64_t offset = 0;
    for (uint32_t i = 0; i < group.chunk_count; ++i) {
      FooterChunk& chunk = footer->chunks[next++];
      chunk.fp = in->Fp();
      chunk.group = static_cast<uint32_t>(g);
      chunk.offset_in_group = static_cast<uint32_t>(offset);
      if (!UnpackLengthAndKind(in->Le<uint32_t>(), &chunk.length, &chunk.kind)) {
        return absl::DataLossError("pack footer: chunk length or kind is outside its limits");
      }
      offset += chunk.length;
    }
    if (offset != group.raw_bytes) {
      return absl::DataLossError("pack footer: chunks do not fill their group");
    }
  }
  if (next != count) return absl::DataLossError("pack footer: chunks without a group");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PackFooter> DecodeFooter(std::string_view bytes, uint64_t file_offset) {
  if (bytes.size() < kFooterHeaderSize + kCrcSize)
    return absl::DataLossError("pack footer: cut off");
  if (!bytes.starts_with(kFooterMagic)) return absl::DataLossError("pack footer: no magic");
  if (!CrcHolds(bytes)) return absl::DataLossError("pack footer: checksum is wrong");
  ByteReader in(bytes.substr(kFooterMagic.size()));
  OCA_RETURN_IF_ERROR(CheckVersion(in.Le<uint16_t>(), "pack footer"));
  uint16_t flags = in.Le<uint16_t>();
  PackFooter footer;
  footer.pack.group_id = GroupId(in.Le<uint32_t>());
  footer.pack.pack_id = PackId(in.Le<uint64_t>());
  uint64_t own_offset = in.Le<uint64_t>();
  uint32_t group_count = in.Le<uint32_t>();
  uint32_t chunk_count = in.Le<uint32_t>();
  if (flags != 0) return absl::DataLossError("pack footer: unknown flags");
  if (own_offset != file_offset) {
    return absl::DataLossError(fmt::format(
        "pack footer: says that it stands at {}, but stands at {}", own_offset, file_offset));
  }
  if (chunk_count > kMaxChunksPerPack || group_count > chunk_count ||
      bytes.size() != kFooterHeaderSize + kFooterGroupSize * size_t{group_count} +
                          kFooterChunkSize * size_t{chunk_count} + kCrcSize) {
    return absl::DataLossError("pack footer: counts contradict its size");
  }
  OCA_RETURN_IF_ERROR(DecodeFooterGroups(&in, group_count, file_offset, &footer));
  OCA_RETURN_IF_ERROR(DecodeFooterChunks(&in, chunk_count, &footer));
  return footer;
}

}  // namespace oca::format
