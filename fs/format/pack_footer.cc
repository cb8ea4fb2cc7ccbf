#include <algorithm>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "fs/format/pack.h"
#include "fs/format/pack_parts.h"
#include "lib/base/coding.h"
#include "lib/base/status.h"

namespace oca::format {
namespace {

constexpr std::string_view kFooterMagic = "OCAFOOTR";
constexpr std::string_view kTrailerMagic = "OCATRAIL";
constexpr size_t kFooterHeaderSize = 40;
constexpr size_t kFooterGroupSize = 28;
constexpr size_t kFooterChunkSize = 36;
constexpr uint16_t kFlagEncrypted = 1;
constexpr uint16_t kFlagDeltas = 2;

// What a chunk takes in the footer.
size_t ChunkEntrySize(bool of_deltas) {
  return kFooterChunkSize + (of_deltas ? sizeof(Fingerprint) : 0);
}

// What a group takes in the file.
uint64_t GroupSize(uint64_t chunk_count, uint64_t stored_bytes, KeyId key) {
  return kGroupHeaderSize + 4 * chunk_count + stored_bytes + (key != 0 ? kSealedHeaderSize : 0);
}

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
    bool holds =
        group.file_offset >= kPackHeaderSize && group.file_offset <= footer_offset &&
        group.encoded_size <= footer_offset - group.file_offset &&
        group.raw_bytes <= kMaxGroupRawBytes && group.stored_bytes >= 1 &&
        group.stored_bytes <= group.raw_bytes && group.chunk_count >= 1 &&
        next_chunk <= kMaxChunksPerPack &&
        group.encoded_size == GroupSize(group.chunk_count, group.stored_bytes, footer->key);
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

absl::Status DecodeFooterChunks(ByteReader* in, uint32_t count, bool of_deltas,
                                PackFooter* footer) {
  footer->chunks.resize(count);
  if (of_deltas) footer->bases.reserve(count);
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
      if (of_deltas) footer->bases.push_back(in->Fp());
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

void AddToFooter(uint64_t file_offset, const GroupHeader& header, std::span<const Fingerprint> fps,
                 PackFooter* footer, std::span<const Fingerprint> bases) {
  footer->bases.insert(footer->bases.end(), bases.begin(), bases.end());
  FooterGroup group;
  group.file_offset = file_offset;
  group.encoded_size =
      static_cast<uint32_t>(GroupSize(header.chunks.size(), header.stored_bytes, footer->key));
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

std::string EncodeFooterBody(const PackFooter& footer, uint64_t file_offset) {
  std::string out(kFooterMagic);
  out.reserve(kFooterHeaderSize + kFooterGroupSize * footer.groups.size() +
              ChunkEntrySize(footer.of_deltas()) * footer.chunks.size() + kCrcSize);
  PutLe<uint16_t>(&out, kPackVersion);
  const int flags = (footer.key != 0 ? kFlagEncrypted : 0) | (footer.of_deltas() ? kFlagDeltas : 0);
  PutLe<uint16_t>(&out, static_cast<uint16_t>(flags));
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
  for (size_t i = 0; i < footer.chunks.size(); ++i) {
    const FooterChunk& chunk = footer.chunks[i];
    out.append(chunk.fp.view());
    PutLe<uint32_t>(&out, PackLengthAndKind(chunk.length, chunk.kind));
    if (footer.of_deltas()) out.append(footer.bases[i].view());
  }
  PutCrc(&out);
  return out;
}

std::string EncodeTrailer(uint64_t footer_offset, uint32_t footer_size) {
  std::string trailer(kTrailerMagic);
  PutLe<uint64_t>(&trailer, footer_offset);
  PutLe<uint32_t>(&trailer, footer_size);
  PutLe<uint16_t>(&trailer, kPackVersion);
  PutLe<uint16_t>(&trailer, 0);
  PutLe<uint32_t>(&trailer, 0);
  PutCrc(&trailer);
  return trailer;
}

std::string EncodeFooter(const PackFooter& footer, uint64_t file_offset) {
  std::string body = EncodeFooterBody(footer, file_offset);
  return body + EncodeTrailer(file_offset, static_cast<uint32_t>(body.size()));
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

absl::StatusOr<PackFooter> DecodeFooter(std::string_view bytes, uint64_t file_offset, KeyId key) {
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
  footer.key = key;
  const bool of_deltas = (flags & kFlagDeltas) != 0;
  if ((flags & ~kFlagDeltas) != (key != 0 ? kFlagEncrypted : 0)) {
    return absl::DataLossError("pack footer: unknown flags, or not encrypted as its pack is");
  }
  if (own_offset != file_offset) {
    return absl::DataLossError(fmt::format(
        "pack footer: says that it stands at {}, but stands at {}", own_offset, file_offset));
  }
  if (chunk_count > kMaxChunksPerPack || group_count > chunk_count ||
      (of_deltas && chunk_count == 0) ||
      bytes.size() != kFooterHeaderSize + kFooterGroupSize * size_t{group_count} +
                          ChunkEntrySize(of_deltas) * size_t{chunk_count} + kCrcSize) {
    return absl::DataLossError("pack footer: counts contradict its size");
  }
  OCA_RETURN_IF_ERROR(DecodeFooterGroups(&in, group_count, file_offset, &footer));
  OCA_RETURN_IF_ERROR(DecodeFooterChunks(&in, chunk_count, of_deltas, &footer));
  return footer;
}

}  // namespace oca::format
