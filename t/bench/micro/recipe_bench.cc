// Recipes: building one, changing a great one in one place, finding a place in it. CPU time,
// SHA-256 of the nodes by OpenSSL included, nodes kept in memory. Seeds are fixed.
#include "benchmark/benchmark.h"
#include "t/unit/fs/tree/tree_test_util.h"

namespace oca::tree {
namespace {

constexpr size_t kRefs = 1'000'000;

// A file of kRefs chunks of 16 KiB, and its recipe.
struct GreatFile {
  GreatFile() {
    RefMaker maker(1, Cuts::kRandom);
    for (size_t i = 0; i < kRefs; ++i) refs.push_back(DataRef(maker.Data().fp, 16384));
    root = *Apply(store, {}, {{0, 0, refs}});
  }
  std::vector<Ref> refs;
  MemoryNodeStore store;
  Root root;
};

GreatFile& File() {
  static GreatFile file;
  return file;
}

// Nodes read and put by one iteration.
void Report(benchmark::State& state, const MemoryNodeStore& store) {
  auto each = [&](int n) {
    return static_cast<double>(n) / static_cast<double>(state.iterations());
  };
  state.counters["gets"] = each(store.gets);
  state.counters["puts"] = each(store.puts);
}

void BM_RecipeBuild(benchmark::State& state) {
  GreatFile& file = File();
  uint64_t bytes = 0;
  for (auto _ : state) {
    MemoryNodeStore store;
    benchmark::DoNotOptimize(Apply(store, {}, {{0, 0, file.refs}}));
    bytes = 0;
    for (const auto& [fp, node] : store.nodes) bytes += node->size();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kRefs));
  state.counters["bytes/ref"] = static_cast<double>(bytes) / static_cast<double>(kRefs);
}
BENCHMARK(BM_RecipeBuild)->Unit(benchmark::kMillisecond);

// Replaces one chunk somewhere by two.
void BM_RecipeOverwrite(benchmark::State& state) {
  GreatFile& file = File();
  RefMaker maker(2, Cuts::kRandom);
  file.store.gets = file.store.puts = 0;
  for (auto _ : state) {
    uint64_t begin = maker.Below(kRefs) * 16384;
    std::vector<Ref> two = {maker.Data(), maker.Data()};
    benchmark::DoNotOptimize(Apply(file.store, file.root, {{begin, begin + 16384, two}}));
  }
  Report(state, file.store);
}
BENCHMARK(BM_RecipeOverwrite)->Unit(benchmark::kMicrosecond)->Iterations(2000);

void BM_RecipeAppend(benchmark::State& state) {
  GreatFile& file = File();
  RefMaker maker(3, Cuts::kRandom);
  file.store.gets = file.store.puts = 0;
  for (auto _ : state) {
    uint64_t end = file.root.length();
    benchmark::DoNotOptimize(Apply(file.store, file.root, {{end, end, {maker.Data()}}}));
  }
  Report(state, file.store);
}
BENCHMARK(BM_RecipeAppend)->Unit(benchmark::kMicrosecond)->Iterations(2000);

// The refs of one MiB somewhere.
void BM_RecipeLookup(benchmark::State& state) {
  GreatFile& file = File();
  RefMaker maker(4, Cuts::kRandom);
  file.store.gets = file.store.puts = 0;
  for (auto _ : state) {
    uint64_t begin = maker.Below(file.root.length());
    benchmark::DoNotOptimize(Lookup(file.store, file.root, begin, begin + (1 << 20)));
  }
  Report(state, file.store);
}
BENCHMARK(BM_RecipeLookup)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace oca::tree
