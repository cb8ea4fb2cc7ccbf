// Content-defined chunking: where a stream is cut. See docs/format/chunking.md.
//
// A position p (the number of bytes of the chunk before the cut) is a candidate by the rolling hash
// of the 32 bytes before it. Cuts depend on the bytes since the last cut only: never on the CPU, on
// how the stream was split into calls, or on what came before the chunk.
#ifndef OCA_FS_CHUNK_CHUNKER_H_
#define OCA_FS_CHUNK_CHUNKER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace oca::chunk {

// target_bytes is one of 8192, 16384, 32768, 65536; minimum = target/4, maximum = 4*target.
struct ChunkerParams {
  uint32_t target_bytes = 16384;
  uint32_t min_bytes() const { return target_bytes / 4; }
  uint32_t max_bytes() const { return target_bytes * 4; }
};

// Which code path scans for candidates; all give bit-identical cuts.
enum class ChunkerPath { kScalar, kAvx2, kAvx512 };
// The fastest path that this CPU runs.
ChunkerPath BestChunkerPath();
// True when this CPU can run `path`.
bool ChunkerPathSupported(ChunkerPath path);

// Stateless; const methods are thread-safe.
class Chunker {
 public:
  explicit Chunker(ChunkerParams params, ChunkerPath path = BestChunkerPath());

  // `data` begins at a chunk's start. Appends to `cuts` the end offset of each complete chunk
  // found. A chunk is complete when no later byte can change its end: its cut was found, or it
  // reached max_bytes. When `end_of_stream`, the rest is a chunk too (unless empty), so the last
  // cut is data.size(). Returns the offset of the first byte that is in no complete chunk (== last
  // cut, or 0). Callers keep the bytes from there and call again with more appended.
  size_t Cut(std::string_view data, bool end_of_stream, std::vector<size_t>* cuts) const;

  const ChunkerParams& params() const { return params_; }

 private:
  ChunkerParams params_;
  ChunkerPath path_;
};

}  // namespace oca::chunk

#endif  // OCA_FS_CHUNK_CHUNKER_H_
