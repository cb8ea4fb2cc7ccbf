// Between pieces of a stream and refs of a recipe: how content that is cut is stored, read back,
// and where its units begin.
#include <algorithm>
#include <cstring>
#include <utility>

#include "fs/engine/file_content.h"
#include "lib/base/status.h"

namespace oca::engine {
namespace {

bool AllZero(std::string_view bytes) {
  return bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

// The headers of each span, one after the other.
std::vector<std::string> GatherHeaders(std::string_view data,
                                       std::span<const markers::Piece> pieces) {
  std::vector<std::string> spans;
  size_t begin = 0;
  for (const markers::Piece& piece : pieces) {
    if (piece.span != markers::kPayload) {
      spans.resize(piece.span + 1);
      spans[piece.span].append(data.substr(begin, piece.end - begin));
    }
    begin = piece.end;
  }
  return spans;
}

}  // namespace

absl::StatusOr<std::vector<tree::Ref>> FileContent::StorePieces(
    int lane, std::string_view data, std::span<const markers::Piece> pieces) {
  // Headers of different spans resemble each other: they go first, together, to be compressed
  // together.
  const std::vector<std::string> headers = GatherHeaders(data, pieces);
  std::vector<std::string_view> chunks(headers.begin(), headers.end());
  chunks.reserve(headers.size() + pieces.size());
  size_t begin = 0;
  for (const markers::Piece& piece : pieces) {
    std::string_view bytes = data.substr(begin, piece.end - begin);
    begin = piece.end;
    if (piece.span != markers::kPayload) continue;
    if (bytes.size() < kMinHoleBytes || !AllZero(bytes)) chunks.push_back(bytes);
  }
  std::vector<Fingerprint> fps(chunks.size());
  OCA_RETURN_IF_ERROR(chunks_->PutChunks(lane, container_, chunks, fps));
  std::vector<tree::Ref> refs;
  refs.reserve(pieces.size());
  size_t next = headers.size();
  std::vector<uint32_t> used(headers.size());
  begin = 0;
  for (const markers::Piece& piece : pieces) {
    const size_t length = piece.end - begin;
    if (piece.span != markers::kPayload) {
      refs.push_back(tree::SliceRef(fps[piece.span], used[piece.span], length));
      used[piece.span] += static_cast<uint32_t>(length);
    } else if (next < chunks.size() && chunks[next].data() == data.data() + begin) {
      refs.push_back(tree::DataRef(fps[next++], length));
    } else {
      refs.push_back(tree::HoleRef(length));
    }
    begin = piece.end;
  }
  return refs;
}

absl::StatusOr<Chunk> FileContent::RefBytes(const tree::Ref& ref, ChunkCursor* cursor) {
  OCA_ASSIGN_OR_RETURN(Chunk chunk, chunks_->Get(ref.fp, cursor));
  const bool fits = ref.slice ? uint64_t{ref.skip} + ref.length <= chunk.bytes.size()
                              : ref.length == chunk.bytes.size();
  if (!fits) return absl::DataLossError("a chunk's length is not what the recipe says");
  chunk.bytes = chunk.bytes.substr(ref.skip, ref.length);
  return chunk;
}

absl::StatusOr<std::string> FileContent::StableBytes(uint64_t begin, uint64_t end) {
  std::string out(end - begin, '\0');
  OCA_ASSIGN_OR_RETURN(auto refs, tree::Lookup(*chunks_, base_, begin, end));
  for (const tree::PlacedRef& placed : refs) {
    if (placed.ref.is_hole()) continue;
    OCA_ASSIGN_OR_RETURN(Chunk chunk, RefBytes(placed.ref));
    const uint64_t from = std::max(begin, placed.offset);
    const uint64_t to = std::min(end, placed.offset + placed.ref.length);
    std::memcpy(out.data() + (from - begin), chunk.bytes.data() + (from - placed.offset),
                to - from);
  }
  overlay_.CopyTo(begin, out.data(), out.size());
  return out;
}

absl::StatusOr<uint64_t> FileContent::UnitBegin(uint64_t offset) {
  if (offset == 0) return 0;
  // The block at `offset` may become a header or cease to be one, and what lies before a header
  // ends there.
  uint64_t changes = offset;
  if (splitter_.looks_for_headers()) changes -= offset % markers::kBlockBytes;
  const uint64_t before = changes > 0 ? changes - 1 : 0;
  const uint64_t reach = splitter_.MaxUnitBytes();
  OCA_ASSIGN_OR_RETURN(auto refs,
                       tree::Lookup(*chunks_, base_, before - std::min(before, reach), before + 1));
  if (refs.empty()) return absl::DataLossError("recipe does not cover the file");
  const tree::PlacedRef& last = refs.back();
  uint64_t begin =
      last.ref.is_hole() ? std::min(offset, last.offset + last.ref.length) : last.offset;
  // Is that in a span that goes on? A span begins with its first header.
  const tree::PlacedRef* header = nullptr;
  for (size_t i = refs.size(); i-- > 0;) {
    if (!refs[i].ref.slice) continue;
    if (header != nullptr && refs[i].ref.fp != header->ref.fp) break;
    header = &refs[i];
    if (header->ref.skip == 0) break;
  }
  if (header != nullptr && begin - std::min(begin, header->offset) < markers::kSpanBytes) {
    begin = std::min(begin, header->offset);
  }
  return begin;
}

}  // namespace oca::engine
