// Names on the machine's disk ($TMPDIR, else /tmp): CPU and wall time of a create with its content,
// as the engine does for each small file, of look-ups, attribute changes, commits, and Verify.
#include <sys/stat.h>

#include <memory>
#include <string>

#include "benchmark/benchmark.h"
#include "fmt/format.h"
#include "fs/names/names.h"
#include "lib/base/clock.h"
#include "lib/io/file_system.h"
#include "t/support/temp_dir.h"

namespace oca::names {
namespace {

constexpr int kFilesPerDir = 100;

template <typename T>
T Value(absl::StatusOr<T> value) {
  if (!value.ok()) {
    fmt::print(stderr, "{}\n", value.status().ToString());
    std::abort();
  }
  return *std::move(value);
}

void Check(const absl::Status& status) {
  if (!status.ok()) Value(absl::StatusOr<int>(status));
}

// A repository with one container.
class Tree {
 public:
  Tree() {
    Options options;
    options.fs = &io::PosixFileSystem();
    options.clock = &SystemClock();
    options.dir = dir_.Path("names");
    names_ = Value(Names::Open(options));
    StorageGroup group;
    group.name = "g";
    Container container;
    container.name = "c";
    container.group = Value(names_->AddGroup(group)).id;
    root_ = Value(names_->AddContainer(container)).root;
  }
  Names& names() { return *names_; }
  InodeNo root() const { return root_; }
  InodeNo last_dir() const { return parent_; }

  // The next file, in directories of kFilesPerDir.
  Inode AddFile() {
    if (made_++ % kFilesPerDir == 0) {
      NewInode dir;
      dir.mode = S_IFDIR | 0755;
      parent_ = Value(names_->Create(root_, fmt::format("directory-{}", made_), dir)).ino;
    }
    NewInode file;
    file.mode = S_IFREG | 0644;
    return Value(names_->Create(parent_, Name(made_), file));
  }
  static std::string Name(uint64_t n) { return fmt::format("some-file-{}.txt", n % kFilesPerDir); }

 private:
  support::TempDir dir_;
  std::unique_ptr<Names> names_;
  InodeNo root_;
  InodeNo parent_;
  uint64_t made_ = 0;
};

void BM_NamesCreate(benchmark::State& state) {
  Tree tree;
  for (auto _ : state) benchmark::DoNotOptimize(tree.AddFile());
}

void BM_NamesSmallFile(benchmark::State& state) {
  Tree tree;
  Content content;
  content.recipe = std::string(48, 'r');
  content.size = content.data_bytes = 4096;
  for (auto _ : state) {
    const Inode file = tree.AddFile();
    Check(tree.names().SetContent(file.ino, content).status());
  }
}

void BM_NamesLookup(benchmark::State& state) {
  Tree tree;
  for (int i = 0; i < 10'000; ++i) tree.AddFile();
  uint64_t n = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(tree.names().Lookup(tree.last_dir(), Tree::Name(++n)));
  }
}

void BM_NamesLookupMissing(benchmark::State& state) {
  Tree tree;
  for (int i = 0; i < 10'000; ++i) tree.AddFile();
  for (auto _ : state) benchmark::DoNotOptimize(tree.names().Lookup(tree.last_dir(), "missing"));
}

void BM_NamesSetAttr(benchmark::State& state) {
  Tree tree;
  const Inode file = tree.AddFile();
  AttrChange change;
  change.mtime_ns = 5;
  for (auto _ : state) benchmark::DoNotOptimize(tree.names().SetAttr(file.ino, change));
}

void BM_NamesCreateAndCommit(benchmark::State& state) {
  Tree tree;
  for (auto _ : state) {
    tree.AddFile();
    Check(tree.names().Commit());
  }
}

// The argument is the number of files.
void BM_NamesVerify(benchmark::State& state) {
  Tree tree;
  for (int64_t i = 0; i < state.range(0); ++i) tree.AddFile();
  Check(tree.names().Commit());
  for (auto _ : state) {
    const auto faults = Value(tree.names().Verify([](uint64_t) { return true; }));
    if (!faults.empty()) state.SkipWithError(faults[0].c_str());
  }
}

BENCHMARK(BM_NamesCreate)->Iterations(200'000);
BENCHMARK(BM_NamesSmallFile)->Iterations(200'000);
BENCHMARK(BM_NamesLookup);
BENCHMARK(BM_NamesLookupMissing);
BENCHMARK(BM_NamesSetAttr);
BENCHMARK(BM_NamesCreateAndCommit);
BENCHMARK(BM_NamesVerify)->Arg(400'000)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace oca::names
