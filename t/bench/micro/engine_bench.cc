// What the engine needs for data that it already holds, without the mount, beside what no engine
// can do without: one copy, one pass of the chunker, one fingerprint of each chunk.
//   TMPDIR=<folder on a disk> engine_bench
// Judge by CPU time, which is that of all threads; bytes_per_second is bytes per CPU second.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fs/chunk/chunker.h"
#include "fs/chunk/sha256.h"
#include "fs/engine/filesystem.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/io/file_system.h"

namespace oca::engine {
namespace {

constexpr size_t kStreamBytes = 256 << 20;  // more than caches hold
constexpr size_t kWriteBytes = 1 << 20;

// Random bytes (SplitMix64; Steele, Lea, Flood 2014).
const std::string& Stream() {
  static const std::string stream = [] {
    std::string out(kStreamBytes, '\0');
    uint64_t state = 1;
    for (size_t i = 0; i < out.size(); i += 8) {
      uint64_t z = (state += 0x9E3779B97F4A7C15u);
      z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
      z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
      z ^= z >> 31;
      std::memcpy(out.data() + i, &z, 8);
    }
    return out;
  }();
  return stream;
}

// Copies one write after the other behind what the last one left, cuts, and names the chunks.
void BM_CopyChunkHash(benchmark::State& state) {
  const chunk::Chunker chunker({});
  const std::string_view stream = Stream();
  std::string buffer(2 * kWriteBytes, '\0');
  std::vector<size_t> cuts;
  std::vector<std::string_view> chunks;
  std::vector<Fingerprint> fps;
  for (auto _ : state) {
    size_t kept = 0;
    for (size_t at = 0; at < stream.size(); at += kWriteBytes) {
      std::memcpy(buffer.data() + kept, stream.data() + at, kWriteBytes);
      const std::string_view data(buffer.data(), kept + kWriteBytes);
      cuts.clear();
      chunks.clear();
      const size_t used = chunker.Cut(data, at + kWriteBytes == stream.size(), &cuts);
      size_t begin = 0;
      for (size_t cut : cuts) chunks.push_back(data.substr(begin, cut - std::exchange(begin, cut)));
      fps.resize(chunks.size());
      chunk::Sha256Many(chunks, fps);
      benchmark::DoNotOptimize(fps.data());
      kept = data.size() - used;
      std::memmove(buffer.data(), buffer.data() + used, kept);
    }
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * stream.size()));
}
BENCHMARK(BM_CopyChunkHash)->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

// A repository in a temporary folder that goes with it.
class Repository {
 public:
  Repository() {
    std::string pattern = (std::filesystem::temp_directory_path() / "engine_bench.XXXXXX").string();
    if (mkdtemp(pattern.data()) != nullptr) dir_ = pattern;
  }
  ~Repository() {
    if (fs_ != nullptr) fs_->Stop().IgnoreError();  // nothing of it is kept
    fs_.reset();
    if (!dir_.empty()) std::filesystem::remove_all(dir_);
  }

  // Opens it and puts the stream in, the first time.
  absl::Status Hold() {
    if (fs_ != nullptr) return absl::OkStatus();
    OCA_RETURN_IF_ERROR(Open());
    return Put();
  }

  // A new file with all of the stream, durable.
  absl::Status Put() {
    NewInode what;
    what.mode = S_IFREG | 0644;
    OCA_ASSIGN_OR_RETURN(Inode inode, fs_->Create(root_, std::to_string(next_++), what));
    OCA_ASSIGN_OR_RETURN(Handle * handle, fs_->Open(inode.ino, O_WRONLY));
    absl::Status status;
    StreamBuffer memory;  // as the mount has it
    for (size_t at = 0; at < kStreamBytes && status.ok(); at += kWriteBytes) {
      memory.Clear();
      memory.Reserve(kWriteBytes);
      memory.Append(std::string_view(Stream()).substr(at, kWriteBytes));
      status = fs_->WriteFrom(handle, at, memory).status();
    }
    if (status.ok()) status = fs_->Fsync(inode.ino);
    fs_->Release(handle);
    return status;
  }

 private:
  absl::Status Open() {
    if (dir_.empty()) return PosixError(errno, "a temporary folder");
    Options options;
    options.fs = &io::PosixFileSystem();
    options.clock = &SystemClock();
    options.dir = dir_ + "/data";
    OCA_ASSIGN_OR_RETURN(fs_, Filesystem::Open(options));
    StorageGroup group;
    group.name = "bench";
    OCA_ASSIGN_OR_RETURN(group, fs_->AddGroup(group));
    Container container;
    container.name = "bench";
    container.group = group.id;
    OCA_ASSIGN_OR_RETURN(container, fs_->AddContainer(container));
    root_ = container.root;
    return absl::OkStatus();
  }

  std::string dir_;
  std::unique_ptr<Filesystem> fs_;
  InodeNo root_;
  int next_ = 0;
};

void BM_EngineDuplicate(benchmark::State& state, Repository* repository) {
  absl::Status status = repository->Hold();
  for (auto _ : state) {
    if (status.ok()) status = repository->Put();
    if (!status.ok()) {
      state.SkipWithError(std::string(MessageOf(status)).c_str());
      break;
    }
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * kStreamBytes));
}

}  // namespace
}  // namespace oca::engine

int main(int argc, char** argv) {
  oca::engine::Repository repository;  // one for all repetitions
  benchmark::RegisterBenchmark("BM_EngineDuplicate", oca::engine::BM_EngineDuplicate, &repository)
      ->MeasureProcessCPUTime()
      ->Unit(benchmark::kMillisecond);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
