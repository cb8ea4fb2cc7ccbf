#include "fs/engine/group_decoder.h"

#include <optional>
#include <string_view>

#include "fmt/format.h"
#include "fs/chunk/sha256.h"
#include "fs/format/delta.h"
#include "fs/store/codec.h"
#include "lib/base/status.h"

namespace oca::engine {
namespace {

constexpr absl::string_view kBasePayload = "oca/base";

absl::Status Damaged(const StoredGroup& group, std::string_view what) {
  return absl::DataLossError(fmt::format("pack {:016x}, group at {}: {}", group.pack.value,
                                         group.place.file_offset, what));
}

}  // namespace

bool GroupDecoder::OfBase(const absl::Status& status) {
  return !status.ok() && status.GetPayload(kBasePayload).has_value();
}

absl::StatusOr<GroupBytes> GroupDecoder::Decode(StoredGroup group) const {
  std::vector<StoredGroup> one;
  one.push_back(std::move(group));
  return std::move(DecodeAll(std::move(one)).front());
}

std::vector<absl::StatusOr<GroupBytes>> GroupDecoder::DecodeAll(
    std::vector<StoredGroup> groups) const {
  std::vector<absl::StatusOr<GroupBytes>> out;
  out.reserve(groups.size());
  std::vector<std::string_view> chunks;
  for (StoredGroup& group : groups) {
    const absl::StatusOr<GroupBytes>& raw = out.emplace_back(Expand(group));
    if (!raw.ok()) continue;
    for (const format::FooterChunk& chunk : group.chunks)
      chunks.push_back(std::string_view(*raw).substr(chunk.offset_in_group, chunk.length));
  }
  std::vector<Fingerprint> fps(chunks.size());
  chunk::Sha256Many(chunks, fps);
  auto fp = fps.begin();
  for (size_t i = 0; i < groups.size(); ++i) {
    if (!out[i].ok()) continue;
    for (const format::FooterChunk& chunk : groups[i].chunks) {
      if (*fp++ == chunk.fp || !out[i].ok()) continue;
      out[i] = Damaged(groups[i], fmt::format("chunk {} has other contents", chunk.fp.ToHex()));
    }
  }
  return out;
}

// All but the comparison; the chunks lie within what it returns.
absl::StatusOr<GroupBytes> GroupDecoder::Expand(StoredGroup& group) const {
  absl::StatusOr<std::string> encoded =
      store::DecryptGroup(keys_, group.pack, std::move(group.bytes));
  if (absl::IsDataLoss(encoded.status())) return Damaged(group, MessageOf(encoded.status()));
  if (!encoded.ok()) return encoded.status();
  absl::StatusOr<format::DecodedGroup> decoded = format::DecodeGroup(*encoded);
  if (!decoded.ok()) return Damaged(group, MessageOf(decoded.status()));
  const format::GroupHeader& header = decoded->header;
  absl::StatusOr<GroupBytes> raw =
      header.codec == format::Codec::kDelta
          ? ApplyDeltas(*decoded)
          : store::Decompress(header.codec, decoded->payload, header.raw_bytes);
  if (OfBase(raw.status())) return raw.status();
  if (absl::IsDataLoss(raw.status())) return Damaged(group, MessageOf(raw.status()));
  if (!raw.ok()) return raw.status();
  for (const format::FooterChunk& chunk : group.chunks) {
    if (uint64_t{chunk.offset_in_group} + chunk.length > raw->size())
      return Damaged(group, "footer and group disagree");
  }
  return raw;
}

// A base is never a delta itself, so this goes one step deep.
absl::StatusOr<GroupBytes> GroupDecoder::ApplyDeltas(const format::DecodedGroup& group) const {
  const std::vector<format::GroupChunk>& chunks = group.header.chunks;
  OCA_ASSIGN_OR_RETURN(std::vector<format::DeltaChunk> deltas,
                       format::DecodeDeltas(group.payload, chunks.size()));
  GroupBytes raw(group.header.raw_bytes);
  size_t at = 0;
  for (size_t i = 0; i < deltas.size(); ++i) {
    const absl::StatusOr<Chunk> base = get_base_(deltas[i].base);
    if (!base.ok()) {
      absl::Status needs = Annotate(base.status(), "deltas need a chunk");
      needs.SetPayload(kBasePayload, absl::Cord());
      return needs;
    }
    OCA_RETURN_IF_ERROR(
        store::DecompressDelta(deltas[i].delta, base->bytes, raw.data() + at, chunks[i].length));
    at += chunks[i].length;
  }
  return raw;
}

}  // namespace oca::engine
