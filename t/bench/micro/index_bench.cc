// The fingerprint index: lookups of what is there (hit) and what is not (miss), inserts, bytes an
// entry. CPU time; the argument is the number of entries. Seeds are fixed.
#include <malloc.h>

#include <map>
#include <memory>
#include <vector>

#include "benchmark/benchmark.h"
#include "fs/index/fingerprint_index.h"

namespace oca::index {
namespace {

constexpr size_t kProbes = 1 << 21;  // more of them than a cache can hold the answers to
constexpr size_t kBatch = 256;

// The n-th of a sequence of fingerprints (splitmix64; the index reads five bytes of them).
Fingerprint NthFingerprint(uint64_t n) {
  Fingerprint fp;
  for (uint64_t word = 0; word < 2; ++word) {
    uint64_t z = (n * 2 + word + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    std::memcpy(fp.bytes.data() + 8 * word, &z, 8);
  }
  return fp;
}

Location LocationOfNth(uint64_t n) {
  return {PackId(1 + n / 500), static_cast<uint32_t>(n % 500 / 16)};
}

void Fill(FingerprintIndex& index, uint64_t entries) {
  for (uint64_t n = 0; n < entries; ++n) index.Insert(NthFingerprint(n), LocationOfNth(n));
}

// An index of this many entries, kept for the next benchmark of the same size.
FingerprintIndex& FilledIndex(uint64_t entries) {
  static uint64_t filled = 0;
  static std::unique_ptr<FingerprintIndex> index;
  if (index == nullptr || filled != entries) {
    index.reset();
    malloc_trim(0);
    index = std::make_unique<FingerprintIndex>();
    Fill(*index, entries);
    filled = entries;
  }
  return *index;
}

void Report(benchmark::State& state, const FingerprintIndex& index) {
  state.counters["bytes/entry"] =
      static_cast<double>(index.memory_bytes()) / static_cast<double>(index.size());
}

// Looks up fingerprints number first + random(0..range).
void LookupFrom(benchmark::State& state, uint64_t first) {
  const uint64_t entries = static_cast<uint64_t>(state.range(0));
  FingerprintIndex& index = FilledIndex(entries);
  std::vector<Fingerprint> probes;
  for (uint64_t i = 0; i < kProbes; ++i) {
    probes.push_back(NthFingerprint(first + (i * 0x9E3779B97F4A7C15u >> 20) % entries));
  }
  std::vector<Candidates> out(kBatch);
  size_t at = 0;
  uint64_t found = 0;
  for (auto _ : state) {
    index.LookupMany(std::span(probes).subspan(at, kBatch), out);
    found += out[0].count;
    at = (at + kBatch) % kProbes;
  }
  benchmark::DoNotOptimize(found);
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBatch));
  Report(state, index);
}

void BM_IndexLookupHit(benchmark::State& state) { LookupFrom(state, 0); }
void BM_IndexLookupMiss(benchmark::State& state) { LookupFrom(state, uint64_t{1} << 40); }

// Builds an index from nothing.
void BM_IndexInsert(benchmark::State& state) {
  for (auto _ : state) {
    FingerprintIndex index;
    Fill(index, static_cast<uint64_t>(state.range(0)));
    Report(state, index);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK(BM_IndexInsert)->Arg(1'000'000)->Arg(20'000'000)->Iterations(1);
void Lookups() {
  // Both benchmarks of a size one after the other, so that they share an index.
  for (int64_t entries : {1'000'000, 20'000'000, 60'000'000}) {
    benchmark::RegisterBenchmark("BM_IndexLookupHit", BM_IndexLookupHit)->Arg(entries);
    benchmark::RegisterBenchmark("BM_IndexLookupMiss", BM_IndexLookupMiss)->Arg(entries);
  }
}

}  // namespace
}  // namespace oca::index

int main(int argc, char** argv) {
  oca::index::Lookups();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
