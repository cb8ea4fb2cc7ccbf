#include "fs/store/path_speed.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <utility>

#include "fmt/format.h"
#include "lib/base/status.h"

namespace oca::store {
namespace {

// A name that StoragePaths takes for its own, so that a folder with one left behind can be added.
constexpr std::string_view kSpeedFile = "oca-storage-path.speed";
constexpr uint64_t kLeastFileBytes = 16u << 20;
constexpr size_t kWriteBytes = 1u << 20;
constexpr size_t kSequentialBytes = 64u << 10;
constexpr size_t kRandomBytes = 4096;
constexpr uint64_t kMostReads = 20'000;
constexpr int64_t kMostNanos = 3'000'000'000;
constexpr size_t kAlignment = 4096;

struct Freed {
  void operator()(char* memory) const { std::free(memory); }
};
using Buffer = std::unique_ptr<char, Freed>;

Buffer NewBuffer(size_t bytes) {
  return Buffer(static_cast<char*>(std::aligned_alloc(kAlignment, bytes)));
}

// Bytes that no file system can make smaller.
absl::Status Fill(io::FileSystem& fs, const std::string& path, uint64_t bytes,
                  std::mt19937_64* random) {
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<io::File> file, fs.Open(path, io::OpenMode::kTruncate));
  std::string data(kWriteBytes, '\0');
  for (uint64_t at = 0; at < bytes; at += data.size()) {
    for (size_t i = 0; i < data.size(); i += sizeof(uint64_t)) {
      const uint64_t word = (*random)();
      std::memcpy(data.data() + i, &word, sizeof(word));
    }
    OCA_RETURN_IF_ERROR(file->WriteAt(at, data));
  }
  return file->Sync();
}

// Reads of `block` bytes a second, at the places that `next` gives.
absl::StatusOr<uint64_t> ReadsPerSecond(io::File& file, Clock& clock, size_t block, uint64_t most,
                                        const std::function<uint64_t()>& next) {
  const Buffer buffer = NewBuffer(block);
  if (buffer == nullptr) return PosixError(ENOMEM, "no memory to read into");
  const int64_t begin = clock.MonotonicNanos();
  int64_t passed = 0;
  uint64_t reads = 0;
  while (reads < most && passed < kMostNanos) {
    const uint64_t at = next();
    OCA_ASSIGN_OR_RETURN(const size_t got, file.ReadAt(at, std::span(buffer.get(), block)));
    if (got != block) {
      return PosixError(EIO,
                        fmt::format("{} bytes in place of {} were read at {}", got, block, at));
    }
    ++reads;
    passed = clock.MonotonicNanos() - begin;
  }
  return static_cast<uint64_t>(static_cast<double>(reads) * 1e9 /
                               static_cast<double>(std::max<int64_t>(passed, 1)));
}

absl::Status Measure(io::FileSystem& fs, Clock& clock, const std::string& path, PathSpeed* speed) {
  std::mt19937_64 random(std::random_device{}());
  OCA_RETURN_IF_ERROR(Fill(fs, path, speed->file_bytes, &random));
  absl::StatusOr<std::unique_ptr<io::File>> file = fs.Open(path, io::OpenMode::kReadDirect);
  speed->past_cache = file.ok();
  if (ErrnoOf(file.status()) == EINVAL) file = fs.Open(path, io::OpenMode::kRead);
  if (!file.ok()) return file.status();
  uint64_t at = 0;
  OCA_ASSIGN_OR_RETURN(
      speed->sequential_reads,
      ReadsPerSecond(**file, clock, kSequentialBytes, speed->file_bytes / kSequentialBytes,
                     [&at] { return std::exchange(at, at + kSequentialBytes); }));
  std::uniform_int_distribution<uint64_t> any(0, speed->file_bytes / kRandomBytes - 1);
  OCA_ASSIGN_OR_RETURN(speed->random_reads,
                       ReadsPerSecond(**file, clock, kRandomBytes, kMostReads,
                                      [&] { return any(random) * kRandomBytes; }));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PathSpeed> MeasurePathSpeed(io::FileSystem& fs, Clock& clock, const std::string& dir,
                                           uint64_t most_bytes) {
  OCA_ASSIGN_OR_RETURN(const io::FileInfo info, fs.Stat(dir));
  if (!info.is_directory) return PosixError(ENOTDIR, dir);
  PathSpeed speed;
  OCA_ASSIGN_OR_RETURN(speed.space, fs.Space(dir));
  speed.file_bytes = std::min(most_bytes, speed.space.available_bytes / 4);
  speed.file_bytes -= speed.file_bytes % kWriteBytes;
  if (speed.file_bytes < kLeastFileBytes) {
    return PosixError(ENOSPC, fmt::format("{} has {} bytes free; {} are needed to test its speed",
                                          dir, speed.space.available_bytes, 4 * kLeastFileBytes));
  }
  const std::string path = io::JoinPath(dir, kSpeedFile);
  const absl::Status measured = Measure(fs, clock, path, &speed);
  const absl::Status removed = fs.RemoveFile(path);
  if (!measured.ok()) return measured;
  if (!removed.ok()) return removed;
  return speed;
}

}  // namespace oca::store
