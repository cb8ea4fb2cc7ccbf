#include "fs/store/codec.h"

#include <lz4.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>

#include "fmt/format.h"

namespace oca::store {
namespace {

constexpr int kFastLevel = 1;
constexpr int kBestLevel = 6;
constexpr int kDeltaLevel = 3;
constexpr int kLeastWindowLog = 10;  // that zstd takes

// Payloads smaller than this are compressed without a probe: the probe would cost as much.
constexpr size_t kMinProbedBytes = 16 << 10;
constexpr size_t kSliceBytes = 64;  // for the byte histogram
constexpr size_t kSlices = 16;
constexpr size_t kPieceBytes = 2 << 10;  // for the search for repeats
constexpr size_t kPieces = 2;

struct FreeCCtx {
  void operator()(ZSTD_CCtx* ctx) const { ZSTD_freeCCtx(ctx); }
};
struct FreeDCtx {
  void operator()(ZSTD_DCtx* ctx) const { ZSTD_freeDCtx(ctx); }
};

// Null when there is no memory for one.
ZSTD_CCtx* ThreadCCtx() {
  thread_local std::unique_ptr<ZSTD_CCtx, FreeCCtx> ctx(ZSTD_createCCtx());
  return ctx.get();
}
ZSTD_DCtx* ThreadDCtx() {
  thread_local std::unique_ptr<ZSTD_DCtx, FreeDCtx> ctx(ZSTD_createDCtx());
  return ctx.get();
}

// The i-th of n parts of `size` bytes, spread evenly over `raw`.
std::string_view Part(std::string_view raw, size_t i, size_t n, size_t size) {
  return raw.substr((raw.size() - size) / (n - 1) * i, size);
}

// True when bytes are spread so evenly that an entropy coder gains nothing. The sum of squared
// counts of n bytes is n + n*(n-1)/256 on average when they are uniform, with a deviation below 2 %
// for 1,024 of them; less even sources give more.
bool BytesLookUniform(std::string_view raw) {
  std::array<std::array<uint16_t, 256>, 2>
      counts{};  // two tables: fewer stores wait for the one before
  for (size_t s = 0; s < kSlices; ++s) {
    std::string_view slice = Part(raw, s, kSlices, kSliceBytes);
    for (size_t i = 0; i < kSliceBytes; i += 2) {
      ++counts[0][static_cast<uint8_t>(slice[i])];
      ++counts[1][static_cast<uint8_t>(slice[i + 1])];
    }
  }
  uint32_t squares = 0;
  for (size_t b = 0; b < 256; ++b) {
    uint32_t n = counts[0][b] + counts[1][b];
    squares += n * n;
  }
  constexpr uint32_t kBytes = kSlices * kSliceBytes;
  constexpr uint32_t kUniform = kBytes + kBytes * (kBytes - 1) / 256;
  return squares < kUniform + kUniform / 12;
}

// True when LZ4 finds next to no repeats.
bool HasNoRepeats(std::string_view raw) {
  std::array<char, kPieceBytes> out;
  constexpr int kLimit = kPieceBytes - kPieceBytes / 32;
  for (size_t i = 0; i < kPieces; ++i) {
    std::string_view piece = Part(raw, i, kPieces, kPieceBytes);
    if (LZ4_compress_fast(piece.data(), out.data(), kPieceBytes, kLimit, 16) != 0) return false;
  }
  return true;
}

bool LooksIncompressible(std::string_view raw) {
  return raw.size() >= kMinProbedBytes && BytesLookUniform(raw) && HasNoRepeats(raw);
}

// Scratch of the thread, of at least n bytes.
char* ThreadScratch(size_t n) {
  thread_local std::unique_ptr<char[]> scratch;
  thread_local size_t size = 0;
  if (size < n) {
    scratch.reset(new char[n]);
    size = n;
  }
  return scratch.get();
}

// Bytes written to `out`, or 0 when they would be more than `limit`.
size_t CompressInto(std::string_view raw, Compression how, char* out, size_t limit) {
  if (how == Compression::kLz4) {
    return static_cast<size_t>(LZ4_compress_default(raw.data(), out, static_cast<int>(raw.size()),
                                                    static_cast<int>(limit)));
  }
  ZSTD_CCtx* ctx = ThreadCCtx();
  if (ctx == nullptr) return 0;
  int level = how == Compression::kBest ? kBestLevel : kFastLevel;
  size_t n = ZSTD_compressCCtx(ctx, out, limit, raw.data(), raw.size(), level);
  return ZSTD_isError(n) ? 0 : n;
}

}  // namespace

Compressed Compress(std::string_view raw, Compression how) {
  bool lz4 = how == Compression::kLz4;
  size_t limit = raw.size() - std::max<size_t>(raw.size() / 16, 1);
  if (limit > 0 && raw.size() <= format::kMaxGroupRawBytes && (lz4 || !LooksIncompressible(raw))) {
    char* out = ThreadScratch(limit);
    if (size_t n = CompressInto(raw, how, out, limit); n > 0) {
      return {lz4 ? format::Codec::kLz4 : format::Codec::kZstd, std::string(out, n)};
    }
  }
  return {format::Codec::kRaw, std::string(raw)};
}

absl::StatusOr<Buffer> Decompress(format::Codec codec, std::string_view stored,
                                  uint32_t raw_bytes) {
  if (raw_bytes == 0 || raw_bytes > format::kMaxGroupRawBytes || stored.size() > raw_bytes) {
    return absl::DataLossError("payload: sizes are outside their limits");
  }
  if (codec == format::Codec::kRaw) {
    if (stored.size() != raw_bytes) return absl::DataLossError("payload: raw, but of another size");
    return Buffer(stored);
  }
  Buffer out(raw_bytes);
  if (codec == format::Codec::kLz4) {
    int n = LZ4_decompress_safe(stored.data(), out.data(), static_cast<int>(stored.size()),
                                static_cast<int>(raw_bytes));
    if (n < 0 || static_cast<uint32_t>(n) != raw_bytes) {
      return absl::DataLossError("payload: LZ4 does not give the size that it should");
    }
    return out;
  }
  if (codec != format::Codec::kZstd) return absl::DataLossError("payload: unknown codec");
  ZSTD_DCtx* ctx = ThreadDCtx();
  if (ctx == nullptr) return absl::ResourceExhaustedError("no memory for a zstd context");
  size_t n = ZSTD_decompressDCtx(ctx, out.data(), out.size(), stored.data(), stored.size());
  if (ZSTD_isError(n)) {
    return absl::DataLossError(fmt::format("payload: zstd: {}", ZSTD_getErrorName(n)));
  }
  if (n != raw_bytes) return absl::DataLossError("payload: zstd gives another size");
  return out;
}

std::string CompressDelta(std::string_view chunk, std::string_view base, size_t limit) {
  ZSTD_CCtx* ctx = ThreadCCtx();
  if (ctx == nullptr || limit == 0) return {};
  // The window must reach from the chunk's end to the base's begin.
  const int window = std::max<int>(kLeastWindowLog, std::bit_width(chunk.size() + base.size()));
  ZSTD_CCtx_setParameter(ctx, ZSTD_c_compressionLevel, kDeltaLevel);
  ZSTD_CCtx_setParameter(ctx, ZSTD_c_windowLog, window);
  ZSTD_CCtx_refPrefix(ctx, base.data(), base.size());
  char* out = ThreadScratch(limit);
  const size_t n = ZSTD_compress2(ctx, out, limit, chunk.data(), chunk.size());
  ZSTD_CCtx_reset(ctx, ZSTD_reset_session_and_parameters);
  return ZSTD_isError(n) ? std::string() : std::string(out, n);
}

absl::Status DecompressDelta(std::string_view delta, std::string_view base, char* out,
                             uint32_t length) {
  ZSTD_DCtx* ctx = ThreadDCtx();
  if (ctx == nullptr) return absl::ResourceExhaustedError("no memory for a zstd context");
  ZSTD_DCtx_refPrefix(ctx, base.data(), base.size());
  const size_t n = ZSTD_decompressDCtx(ctx, out, length, delta.data(), delta.size());
  ZSTD_DCtx_reset(ctx, ZSTD_reset_session_and_parameters);
  if (ZSTD_isError(n)) {
    return absl::DataLossError(fmt::format("delta: zstd: {}", ZSTD_getErrorName(n)));
  }
  if (n != length) return absl::DataLossError("delta: zstd gives another size");
  return absl::OkStatus();
}

}  // namespace oca::store
