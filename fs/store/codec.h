// Compression of a group's payload, and of a chunk against another.
#ifndef OCA_FS_STORE_CODEC_H_
#define OCA_FS_STORE_CODEC_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fs/format/pack.h"
#include "lib/base/buffer.h"

namespace oca::store {

// What a storage group asks for. fast = zstd 1, best = zstd 6, lz4 = LZ4; all store raw what does
// not shrink.
enum class Compression : uint8_t { kFast = 0, kBest = 1, kLz4 = 2 };

struct Compressed {
  format::Codec codec;
  std::string bytes;
};
// Compresses `raw` (not empty). A probe of a part first decides "incompressible" (then codec =
// kRaw); so does a result that saves less than 1/16. Contexts are kept per thread. Thread-safe.
Compressed Compress(std::string_view raw, Compression how);

// The plain bytes: exactly raw_bytes of them, else kDataLoss. Thread-safe.
absl::StatusOr<Buffer> Decompress(format::Codec codec, std::string_view stored, uint32_t raw_bytes);

// What `chunk` has beyond `base`, as a zstd frame with the base as its prefix; empty when that
// takes more than `limit` bytes. Neither is empty, both at most kMaxChunkBytes. Thread-safe.
std::string CompressDelta(std::string_view chunk, std::string_view base, size_t limit);
// Writes the chunk to `out`: all of its `length` bytes, else kDataLoss. Thread-safe.
absl::Status DecompressDelta(std::string_view delta, std::string_view base, char* out,
                             uint32_t length);

}  // namespace oca::store

#endif  // OCA_FS_STORE_CODEC_H_
