// The index of a store of 10 GB, 100 GB and 1 TB of generated chunks of 16 KiB: RAM exact and
// sampled, what a second backup misses and reads when sampled, lookups on disk, and how long a
// start takes. The argument is the number of entries; files are made in $TMPDIR. Seeds are fixed.
#include <malloc.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "benchmark/benchmark.h"
#include "fs/index/fingerprint_index.h"
#include "lib/io/file_system.h"

namespace oca::index {
namespace {

constexpr uint64_t kChunkBytes = 16384;
constexpr uint64_t kChunksInPack = 1300;  // of 8 MiB, compressed 2.5 to 1
constexpr uint64_t kChunksInBatch = 64;   // that the engine looks up at once
constexpr uint64_t kNodeEvery = 200;      // chunks for a recipe node
constexpr uint64_t kNewPercent = 2;       // of a second backup's chunks, in runs
constexpr uint64_t kNewRun = 20;
constexpr uint64_t kFooters = 2000;  // that the footer cache holds

// The n-th of a sequence of fingerprints (splitmix64; the index reads five bytes of them).
Fingerprint NthFingerprint(uint64_t n) {
  Fingerprint fp;
  uint64_t z = (n + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  z ^= z >> 31;
  std::memcpy(fp.bytes.data(), &z, 8);
  return fp;
}
// Every 200th is a recipe node; these lie in packs of their own, and the second backup is not asked
// about them.
bool IsNode(uint64_t n) { return n % kNodeEvery == 0; }
Location LocationOfNth(uint64_t n) {
  if (IsNode(n)) return {PackId(10'000'000 + n / kNodeEvery / kChunksInPack), 0};
  return {PackId(1 + n / kChunksInPack), static_cast<uint32_t>(n % kChunksInPack / 16)};
}

double SecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void Check(const absl::Status& status) {
  if (!status.ok()) std::abort();
}

class Store {
 public:
  explicit Store(uint64_t entries) : entries_(entries) {
    const char* parent = std::getenv("TMPDIR");
    dir_ = std::string(parent == nullptr ? "/tmp" : parent) + "/index_scale.XXXXXX";
    if (mkdtemp(dir_.data()) == nullptr) std::abort();
    path_ = dir_ + "/index";
  }
  ~Store() {
    FingerprintIndex::RemoveSnapshot(fs_, path_).IgnoreError();
    fs_.RemoveDir(dir_).IgnoreError();
  }

  // Fills an index of this budget as an engine does.
  std::unique_ptr<FingerprintIndex> Fill(uint64_t budget) {
    auto index = std::make_unique<FingerprintIndex>();
    index->SetBudget(budget);
    index->Load(fs_, path_).IgnoreError();
    for (uint64_t n = 0; n < entries_; ++n) {
      index->Insert(NthFingerprint(n), LocationOfNth(n), IsNode(n));
      if (n % 65536 == 0 && index->NeedsSave()) Check(index->Save(fs_, path_, "bench"));
    }
    Check(index->Save(fs_, path_, "bench"));
    return index;
  }
  // Seconds of a start.
  double Load(uint64_t budget, std::unique_ptr<FingerprintIndex>* index) {
    index->reset();
    malloc_trim(0);
    *index = std::make_unique<FingerprintIndex>();
    (*index)->SetBudget(budget);
    const auto begin = std::chrono::steady_clock::now();
    Check((*index)->Load(fs_, path_).status());
    return SecondsSince(begin);
  }

  struct Second {
    uint64_t old_chunks = 0;  // that the first backup stored
    uint64_t missed = 0;
    uint64_t footers = 0;  // read
    uint64_t chunks = 0;
  };
  // A second backup of what was stored, of at most ten million chunks from its middle on.
  Second IngestAgain(FingerprintIndex& index) const {
    Second out;
    std::unordered_set<uint64_t> cached;
    const uint64_t count = std::min<uint64_t>(entries_ / 2, 10'000'000);
    uint64_t n = entries_ / 4, fresh = entries_;
    std::vector<uint64_t> numbers;
    while (out.chunks < count) {
      numbers.clear();
      while (numbers.size() < kChunksInBatch) {
        const bool is_new = (out.chunks + numbers.size()) % (kNewRun * 100 / kNewPercent) < kNewRun;
        numbers.push_back(is_new ? fresh++ : n);
        n += is_new ? 0 : 1;
        if (IsNode(n)) ++n;
      }
      out.chunks += numbers.size();
      Batch(index, numbers, &cached, &out);
    }
    return out;
  }

  double PagesForLookup(const FingerprintIndex& index) const {
    constexpr uint64_t kLookups = 20'000;
    const IndexStats before = index.stats();
    for (uint64_t i = 0; i < kLookups; ++i) {
      const uint64_t n = i * 0x9E3779B97F4A7C15u % entries_;
      if (index.LookupAll(NthFingerprint(n)).value().empty()) std::abort();
    }
    return static_cast<double>(index.stats().disk_reads - before.disk_reads) / kLookups;
  }

 private:
  void Batch(FingerprintIndex& index, const std::vector<uint64_t>& numbers,
             std::unordered_set<uint64_t>* cached, Second* out) const {
    std::vector<Fingerprint> fps;
    for (uint64_t number : numbers) fps.push_back(NthFingerprint(number));
    std::vector<Candidates> found(fps.size());
    const auto holds = [](const Candidates& candidates, Location at) {
      for (int k = 0; k < candidates.count; ++k) {
        if (candidates.at[k] == at) return true;
      }
      return false;
    };
    index.LookupMany(fps, found);
    for (size_t i = 0; i < fps.size(); ++i) {
      const PackId pack = LocationOfNth(numbers[i]).pack;
      if (numbers[i] >= entries_ || !holds(found[i], LocationOfNth(numbers[i]))) continue;
      if (cached->insert(pack.value).second) ++out->footers;
      if (cached->size() > kFooters) cached->clear();
      if (!index.WantsNearby(pack)) continue;
      std::vector<std::optional<Fingerprint>> chunks;
      for (uint64_t k = 0; k < kChunksInPack; ++k) {
        const uint64_t n = (pack.value - 1) * kChunksInPack + k;
        chunks.emplace_back();
        if (!IsNode(n)) chunks.back() = NthFingerprint(n);
      }
      index.AddNearby(pack, chunks);
    }
    index.LookupMany(fps, found);
    for (size_t i = 0; i < fps.size(); ++i) {
      if (numbers[i] >= entries_) continue;
      ++out->old_chunks;
      if (!holds(found[i], LocationOfNth(numbers[i]))) ++out->missed;
    }
  }

  io::FileSystem& fs_ = io::PosixFileSystem();
  const uint64_t entries_;
  std::string dir_, path_;
};

void BM_IndexScale(benchmark::State& state) {
  const auto entries = static_cast<uint64_t>(state.range(0));
  const double terabytes = static_cast<double>(entries * kChunkBytes) / 1e12;
  // 0.1 GB for each terabyte, but for what any index takes.
  const uint64_t sampled_budget =
      std::max<uint64_t>(static_cast<uint64_t>(1e8 * terabytes), uint64_t{24} << 20);
  for (auto _ : state) {
    Store store(entries);
    auto index = store.Fill(UINT64_MAX);
    const auto gb = [&](uint64_t bytes) { return static_cast<double>(bytes) / 1e9 / terabytes; };
    state.counters["exact_gb_per_tb"] = gb(index->memory_bytes());
    state.counters["exact_load_s"] = store.Load(UINT64_MAX, &index);
    state.counters["sampled_load_s"] = store.Load(sampled_budget, &index);
    const auto again = store.IngestAgain(*index);
    state.counters["one_in"] = index->stats().one_in;
    state.counters["sampled_gb_per_tb"] = gb(index->memory_bytes());
    state.counters["loss_percent"] =
        100. * static_cast<double>(again.missed) / static_cast<double>(again.old_chunks);
    state.counters["reads_per_mb"] =
        static_cast<double>(again.footers) * 1e6 / static_cast<double>(again.chunks * kChunkBytes);
    state.counters["pages_per_lookup"] = store.PagesForLookup(*index);
    state.counters["runs"] = index->stats().runs;
    state.counters["disk_bytes_per_entry"] =
        static_cast<double>(index->stats().stored_bytes) / static_cast<double>(entries);
  }
}

BENCHMARK(BM_IndexScale)
    ->Arg(600'000)
    ->Arg(6'000'000)
    ->Arg(60'000'000)
    ->Iterations(1)
    ->Unit(benchmark::kSecond);

}  // namespace
}  // namespace oca::index

BENCHMARK_MAIN();
