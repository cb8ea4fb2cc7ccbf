// CPU speed of chunking and fingerprints, with a scalar FastCDC and OpenSSL beside them for
// comparison.
//   chunk_bench --benchmark_repetitions=9 --benchmark_report_aggregates_only
// Judge by CPU time; bytes_per_second is bytes per CPU second. The counter "mean" is the mean chunk
// in bytes.
#include <benchmark/benchmark.h>

#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <vector>

#include "fs/chunk/chunker.h"
#include "fs/chunk/sha256.h"
#include "lib/base/crc32c.h"

namespace oca::chunk {
namespace {

constexpr size_t kStreamBytes = 8 << 20;

// SplitMix64 (Steele, Lea, Flood 2014).
uint64_t NextRandom(uint64_t* state) {
  uint64_t z = (*state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

const std::string& RandomStream() {
  static const std::string data = [] {
    std::string out(kStreamBytes, '\0');
    uint64_t state = 1;
    for (size_t i = 0; i < out.size(); i += 8) {
      const uint64_t v = NextRandom(&state);
      std::memcpy(out.data() + i, &v, 8);
    }
    return out;
  }();
  return data;
}

const std::string& TextStream() {
  static const std::string data = [] {
    static constexpr std::array<const char*, 12> kWords = {"int ", "return ", "if (",   ") {\n",
                                                           "  ",   "value",   " = ",    ";\n",
                                                           "->",   "length",  "buffer", "const "};
    std::string out;
    uint64_t state = 2;
    while (out.size() < kStreamBytes) out += kWords[NextRandom(&state) % kWords.size()];
    out.resize(kStreamBytes);
    return out;
  }();
  return data;
}

const std::string& ZeroStream() {
  static const std::string data(kStreamBytes, '\0');
  return data;
}

using Stream = const std::string& (*)();

template <typename CutFunction>
void MeasureCuts(benchmark::State& state, const std::string& data, CutFunction cut) {
  std::vector<size_t> cuts;
  for (auto _ : state) {
    cuts.clear();
    cut(data, &cuts);
    benchmark::DoNotOptimize(cuts.data());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * data.size()));
  state.counters["mean"] = static_cast<double>(data.size()) / static_cast<double>(cuts.size());
}

void BM_Chunker(benchmark::State& state, ChunkerPath path, Stream stream) {
  if (!ChunkerPathSupported(path)) {
    state.SkipWithError("this CPU does not run the path");
    return;
  }
  const Chunker chunker({static_cast<uint32_t>(state.range(0))}, path);
  MeasureCuts(state, stream(), [&](std::string_view data, std::vector<size_t>* cuts) {
    chunker.Cut(data, true, cuts);
  });
}

// FastCDC, two bytes per step, normalisation level 2 (Xia et al., "The Design of Fast
// Content-Defined Chunking", TPDS 2020): the reference that the chunker must beat, used nowhere
// else.
class FastCdc {
 public:
  explicit FastCdc(size_t target) : target_(target) {
    uint64_t state = 3;
    for (size_t i = 0; i < 256; ++i) {
      gear_[i] = NextRandom(&state);
      gear_shifted_[i] = gear_[i] << 1;
    }
    const int bits = std::countr_zero(target);
    // The top bits depend on the most bytes; one is left free for the shifted test.
    strict_ = ~uint64_t{0} << (64 - (bits + 2)) >> 1;
    loose_ = ~uint64_t{0} << (64 - (bits - 2)) >> 1;
  }

  void Cut(std::string_view data, std::vector<size_t>* cuts) const {
    const auto* bytes = reinterpret_cast<const uint8_t*>(data.data());
    for (size_t start = 0; start < data.size();) {
      start += Length(bytes + start, data.size() - start);
      cuts->push_back(start);
    }
  }

 private:
  size_t Length(const uint8_t* data, size_t available) const {
    const size_t min = target_ / 4, max = std::min(available, 4 * target_),
                 normal = std::min(available, target_);
    if (available <= min) return available;
    uint64_t hash = 0;
    size_t at = min;
    const size_t found = Scan(data, &at, normal, strict_, &hash);
    return found != 0 ? found : Scan2(data, at, max, &hash);
  }
  size_t Scan2(const uint8_t* data, size_t at, size_t max, uint64_t* hash) const {
    const size_t found = Scan(data, &at, max, loose_, hash);
    return found != 0 ? found : max;
  }
  // The end found in (*at, end], or 0.
  size_t Scan(const uint8_t* data, size_t* at, size_t end, uint64_t mask, uint64_t* hash) const {
    uint64_t h = *hash;
    size_t p = *at;
    const uint64_t mask_shifted = mask << 1;
    for (; p + 2 <= end; p += 2) {
      h = (h << 2) + gear_shifted_[data[p]];
      if ((h & mask_shifted) == 0) return p + 1;
      h += gear_[data[p + 1]];
      if ((h & mask) == 0) return p + 2;
    }
    *hash = h;
    *at = p;
    return 0;
  }

  size_t target_;
  uint64_t strict_, loose_;
  std::array<uint64_t, 256> gear_, gear_shifted_;
};

void BM_FastCdcTwoBytes(benchmark::State& state, Stream stream) {
  const FastCdc chunker(static_cast<size_t>(state.range(0)));
  MeasureCuts(state, stream(),
              [&](std::string_view data, std::vector<size_t>* cuts) { chunker.Cut(data, cuts); });
}

// 128 chunks of the given mean length, which fit the second-level cache together at 4 and 8 KiB.
std::vector<std::string_view> Batch(size_t mean, bool equal) {
  const std::string_view data = RandomStream();
  std::vector<std::string_view> chunks(128);
  uint64_t state = 4;
  size_t at = 0;
  for (std::string_view& chunk : chunks) {
    const size_t size = equal ? mean : mean / 4 + NextRandom(&state) % (mean * 3 / 2);
    if (at + size > data.size()) at = 0;
    chunk = data.substr(at, size);
    at += size;
  }
  return chunks;
}

size_t TotalBytes(const std::vector<std::string_view>& chunks) {
  size_t total = 0;
  for (std::string_view chunk : chunks) total += chunk.size();
  return total;
}

void BM_Sha256Many(benchmark::State& state, bool equal) {
  const std::vector<std::string_view> chunks = Batch(static_cast<size_t>(state.range(0)), equal);
  std::vector<Fingerprint> out(chunks.size());
  for (auto _ : state) {
    Sha256Many(chunks, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * TotalBytes(chunks)));
}

// As a read does it: what a kernel with wider registers left behind must not slow the next one
// down.
void BM_Sha256ManyAfterCrc(benchmark::State& state) {
  const std::vector<std::string_view> chunks = Batch(static_cast<size_t>(state.range(0)), false);
  std::vector<Fingerprint> out(chunks.size());
  for (auto _ : state) {
    benchmark::DoNotOptimize(Crc32c(chunks[0].substr(0, 1024)));
    Sha256Many(chunks, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * TotalBytes(chunks)));
}

void BM_Sha256OpenSsl(benchmark::State& state) {
  const std::vector<std::string_view> chunks = Batch(static_cast<size_t>(state.range(0)), true);
  for (auto _ : state) {
    for (std::string_view chunk : chunks) benchmark::DoNotOptimize(Sha256Reference(chunk));
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * TotalBytes(chunks)));
}

#define OCA_TARGETS Arg(8192)->Arg(16384)->Arg(32768)->Arg(65536)
BENCHMARK_CAPTURE(BM_FastCdcTwoBytes, random, RandomStream)->OCA_TARGETS;
BENCHMARK_CAPTURE(BM_FastCdcTwoBytes, text, TextStream)->OCA_TARGETS;
BENCHMARK_CAPTURE(BM_Chunker, scalar_random, ChunkerPath::kScalar, RandomStream)->OCA_TARGETS;
BENCHMARK_CAPTURE(BM_Chunker, avx2_random, ChunkerPath::kAvx2, RandomStream)->OCA_TARGETS;
BENCHMARK_CAPTURE(BM_Chunker, avx2_text, ChunkerPath::kAvx2, TextStream)->OCA_TARGETS;
BENCHMARK_CAPTURE(BM_Chunker, avx2_zeros, ChunkerPath::kAvx2, ZeroStream)->OCA_TARGETS;
BENCHMARK_CAPTURE(BM_Chunker, avx512_random, ChunkerPath::kAvx512, RandomStream)->OCA_TARGETS;
BENCHMARK_CAPTURE(BM_Chunker, avx512_text, ChunkerPath::kAvx512, TextStream)->OCA_TARGETS;
BENCHMARK_CAPTURE(BM_Chunker, avx512_zeros, ChunkerPath::kAvx512, ZeroStream)->OCA_TARGETS;
#undef OCA_TARGETS

#define OCA_SIZES Arg(4096)->Arg(8192)->Arg(16384)->Arg(32768)->Arg(65536)
BENCHMARK(BM_Sha256OpenSsl)->OCA_SIZES;
BENCHMARK_CAPTURE(BM_Sha256Many, equal, true)->OCA_SIZES;
BENCHMARK_CAPTURE(BM_Sha256Many, mixed, false)->OCA_SIZES;
BENCHMARK(BM_Sha256ManyAfterCrc)->OCA_SIZES;
#undef OCA_SIZES

}  // namespace
}  // namespace oca::chunk
