// The pack file: encode, decode and verify its parts. Pure: no I/O. Byte maps in
// docs/format/pack.md.
//
//   pack   = header, group*, footer, trailer       (footer and trailer only once the pack is
//   sealed) group  = group header, chunk length table, payload (raw bytes of its chunks in order,
//   as one compressed unit)
//
// Every part carries magic, version, lengths and a CRC-32C over all of it, so a pack whose footer
// is missing is recovered by scanning its groups: fingerprints are recomputed from the payloads.
#ifndef OCA_FS_FORMAT_PACK_H_
#define OCA_FS_FORMAT_PACK_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fs/format/sealed.h"
#include "lib/base/ids.h"

namespace oca::format {

// Limits that decoders enforce: beyond them the bytes are damage.
inline constexpr uint32_t kMaxChunkBytes = 1u << 20;     // of one chunk's plain bytes
inline constexpr uint32_t kMaxGroupRawBytes = 4u << 20;  // of one group's plain bytes
inline constexpr uint32_t kMaxChunksPerPack = 1u << 14;

// Version of each part that this code writes, and the newest that it reads. Bytes of a newer
// version whose checksum is good are kFailedPrecondition, never damage.
inline constexpr uint16_t kPackVersion = 1;

// kDelta: see fs/format/delta.h.
enum class Codec : uint8_t { kRaw = 0, kZstd = 1, kLz4 = 2, kDelta = 3 };
// What a chunk holds: file data, or a node of a recipe (fs/tree).
enum class ChunkKind : uint8_t { kData = 0, kNode = 1 };

struct PackHeader {
  GroupId group_id;  // the storage group
  PackId pack_id;
  friend bool operator==(const PackHeader&, const PackHeader&) = default;
};
inline constexpr size_t kPackHeaderSize = 64;
std::string EncodePackHeader(const PackHeader& header);
// `bytes` = at least the first kPackHeaderSize bytes of the file; kDataLoss when they are no good
// header.
absl::StatusOr<PackHeader> DecodePackHeader(std::string_view bytes);

// One chunk inside a group.
struct GroupChunk {
  uint32_t length = 0;  // plain bytes, 1..kMaxChunkBytes
  ChunkKind kind = ChunkKind::kData;
  friend bool operator==(const GroupChunk&, const GroupChunk&) = default;
};

struct GroupHeader {
  Codec codec = Codec::kRaw;
  ContainerId container{};    // that first stored these chunks; 0 = none
  uint32_t raw_bytes = 0;     // sum of the chunks' lengths
  uint32_t stored_bytes = 0;  // payload in the file
  std::vector<GroupChunk> chunks;
  friend bool operator==(const GroupHeader&, const GroupHeader&) = default;
};

// First bytes of every encoded group: what a scan looks for after damage.
inline constexpr std::string_view kGroupMagic = "OCAGROUP";
inline constexpr size_t kGroupHeaderSize = 40;  // then 4 bytes per chunk, then the payload
inline constexpr size_t kMaxEncodedGroupSize =
    kGroupHeaderSize + 4 * size_t{kMaxChunksPerPack} + kMaxGroupRawBytes;

// The whole group as it stands in the file: header, table, payload, CRC over all. raw_bytes and
// stored_bytes are taken from the chunks and the payload, not from `header`. Within the limits
// above, else DecodeGroup refuses the result.
std::string EncodeGroup(const GroupHeader& header, std::string_view payload);

struct DecodedGroup {
  GroupHeader header;
  std::string_view payload;  // borrowed from the input; CRC verified
  size_t encoded_size = 0;   // bytes of input that the group takes
};
// What the group that begins at bytes[0] takes in the file, from its first kGroupHeaderSize bytes
// alone, or kSealedHeaderSize when it is encrypted (their checksum is verified). Errors as
// DecodeGroup.
absl::StatusOr<size_t> EncodedGroupSize(std::string_view bytes);
// Whether `bytes` are one whole group, encrypted or not, as far as its checksums tell.
bool IsWholeGroup(std::string_view bytes);
// Decodes the group that begins at bytes[0]; more bytes may follow it. kDataLoss when it is
// damaged, kOutOfRange when `bytes` ends before the group does (a torn tail, or the caller read too
// little; EncodedGroupSize tells). kFailedPrecondition: a newer version.
absl::StatusOr<DecodedGroup> DecodeGroup(std::string_view bytes);

// --- Footer ---
struct FooterGroup {
  uint64_t file_offset = 0;   // of the encoded group
  uint32_t encoded_size = 0;  // header + table + payload
  uint32_t raw_bytes = 0;
  uint32_t stored_bytes = 0;  // payload only
  ContainerId container{};
  uint32_t first_chunk = 0;  // index into PackFooter::chunks
  uint32_t chunk_count = 0;
  friend bool operator==(const FooterGroup&, const FooterGroup&) = default;
};
struct FooterChunk {
  Fingerprint fp{};
  uint32_t group = 0;            // index into PackFooter::groups
  uint32_t offset_in_group = 0;  // of its plain bytes
  uint32_t length = 0;
  ChunkKind kind = ChunkKind::kData;
  friend bool operator==(const FooterChunk&, const FooterChunk&) = default;
};
// What a pack holds. A chunk's ordinal is its index in `chunks`. The chunks of a group stand
// together, group after group; groups stand in the order in which they were appended, which need
// not be that of their offsets.
struct PackFooter {
  PackHeader pack;
  // Of the content key that encrypts each group and the footer itself; 0: the pack is not
  // encrypted.
  KeyId key = 0;
  std::vector<FooterGroup> groups;
  std::vector<FooterChunk> chunks;
  // Of a pack of deltas: the chunk that each one needs, as many as chunks. Else empty: a pack holds
  // deltas only, or none.
  std::vector<Fingerprint> bases;
  bool of_deltas() const { return !bases.empty(); }
  std::span<const FooterChunk> ChunksOf(const FooterGroup& group) const {
    return std::span(chunks).subspan(group.first_chunk, group.chunk_count);
  }
  friend bool operator==(const PackFooter&, const PackFooter&) = default;
};
// Appends `group` and its chunks (`header` of the group, fps in its order, and their bases) to the
// footer, whose `key` is set, filling all derived fields.
void AddToFooter(uint64_t file_offset, const GroupHeader& header, std::span<const Fingerprint> fps,
                 PackFooter* footer, std::span<const Fingerprint> bases = {});
// Footer and trailer as they end a sealed pack that is not encrypted; the footer stands at
// `file_offset`, after every group.
std::string EncodeFooter(const PackFooter& footer, uint64_t file_offset);
// The two by themselves: of an encrypted pack the footer is encrypted between them.
std::string EncodeFooterBody(const PackFooter& footer, uint64_t file_offset);
std::string EncodeTrailer(uint64_t footer_offset, uint32_t footer_size);
inline constexpr size_t kPackTrailerSize = 32;
struct PackTrailer {
  uint64_t footer_offset = 0;
  uint32_t footer_size = 0;  // without the trailer
  friend bool operator==(const PackTrailer&, const PackTrailer&) = default;
};
// `bytes` = the last kPackTrailerSize bytes of the file. kNotFound when they are no trailer (the
// pack was not sealed), kDataLoss when they are a damaged one.
absl::StatusOr<PackTrailer> DecodeTrailer(std::string_view bytes);
// `bytes` = exactly the footer, which stands at `file_offset`; `key` = what it was encrypted with,
// 0 for none. Every internal relation is checked: chunks fill their groups exactly, groups lie
// between header and footer and do not overlap.
absl::StatusOr<PackFooter> DecodeFooter(std::string_view bytes, uint64_t file_offset,
                                        KeyId key = 0);

}  // namespace oca::format

#endif  // OCA_FS_FORMAT_PACK_H_
