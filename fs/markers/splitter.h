// Where a stream is cut when its format is known: headers apart from payload. See
// docs/format/markers.md; the rules there are on-disk behaviour.
//
// A *span* begins with a header and holds headers and payload up to some 128 KiB; its headers are
// stored together as one chunk. A *unit* is a span, or one chunk of payload outside of spans. What
// a unit is depends on the bytes from its begin and their place in the file modulo kBlockBytes
// only: never on what came before, nor on how the stream was split into calls.
#ifndef OCA_FS_MARKERS_SPLITTER_H_
#define OCA_FS_MARKERS_SPLITTER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "fs/chunk/chunker.h"
#include "fs/markers/record.h"

namespace oca::markers {

// Which formats a container's streams are looked through for.
enum class Setting : uint8_t { kAuto = 0, kNone = 1, kTar = 2 };

// A span ends with the first piece that makes it this long.
inline constexpr size_t kSpanBytes = 128 * 1024;
// The headers of a span are no longer: a chunk of that size is always one that packs take.
inline constexpr size_t kMaxSpanHeaderBytes = 32 * 1024 + kMaxRecordBytes;

inline constexpr size_t kPayload = SIZE_MAX;

struct Piece {
  size_t end = 0;          // it begins where the one before ends
  size_t span = kPayload;  // of headers: which span of this call, from 0
  bool ends_unit = false;
};

// What was recognised in one file, for statistics. Each byte counts once, however often it is split
// again: what lies before `counted_to` in the file was counted.
struct Recognised {
  std::optional<Format> first;  // of the first header: what the stream counts as
  uint64_t headers = 0;
  uint64_t header_bytes = 0;
  uint64_t payload_bytes = 0;  // after the first header
  uint64_t counted_to = 0;
};

// Stateless; const methods are thread-safe. `chunker` must outlive it.
class Splitter {
 public:
  Splitter(Setting setting, const chunk::Chunker* chunker)
      : looks_(setting != Setting::kNone), chunker_(chunker) {}

  // `data` begins at a unit's begin, `offset` bytes into the file. Appends to `pieces` those of
  // each complete unit: one that no later byte can change. When `end_of_stream`, what is left is
  // appended too, so the last piece ends at data.size(). Returns the end of the last complete unit:
  // callers keep the bytes from there and call again with more appended. A call with 1 MiB or more
  // completes at least one unit. Adds what it met to `seen` when that is not null.
  size_t Split(std::string_view data, uint64_t offset, bool end_of_stream,
               std::vector<Piece>* pieces, Recognised* seen = nullptr) const;

  // The longest unit.
  size_t MaxUnitBytes() const {
    return looks_ ? kSpanBytes + chunker_->params().max_bytes() : chunker_->params().max_bytes();
  }
  bool looks_for_headers() const { return looks_; }

 private:
  const bool looks_;
  const chunk::Chunker* const chunker_;
};

}  // namespace oca::markers

#endif  // OCA_FS_MARKERS_SPLITTER_H_
