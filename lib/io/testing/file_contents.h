// The bytes of one file of an in-memory disk, with a record of what a power cut may take away.
#ifndef OCA_LIB_IO_TESTING_FILE_CONTENTS_H_
#define OCA_LIB_IO_TESTING_FILE_CONTENTS_H_

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <span>
#include <string_view>

#include "absl/container/btree_map.h"

namespace oca::io {

// The disk's space, in whole pages. Not thread-safe.
struct Quota {
  uint64_t capacity_bytes = std::numeric_limits<int64_t>::max();
  uint64_t used_bytes =
      0;  // a power cut can bring back truncated pages and push it over the capacity

  uint64_t available_bytes() const { return capacity_bytes - std::min(capacity_bytes, used_bytes); }
};

// Sparse bytes in pages. Durability is recorded by exception: what lies below the durable size is
// durable as it stands, but for the pages that have an undo record; what lies above it is not
// durable. So appending, the usual way of writing, needs no record. Not thread-safe.
class FileContents {
 public:
  static constexpr uint64_t kPageBytes = 4096;
  static constexpr uint64_t kSectorBytes = 512;

  // `quota` must outlive it.
  explicit FileContents(Quota* quota) : quota_(*quota) {}
  ~FileContents();
  FileContents(const FileContents&) = delete;
  FileContents& operator=(const FileContents&) = delete;

  uint64_t size() const { return size_; }
  // Returns how many bytes were read.
  size_t Read(uint64_t offset, std::span<char> out) const;
  // Returns how many bytes were written: fewer than data.size() only when the quota is used up.
  // offset + data.size() is below 2^63.
  size_t Write(uint64_t offset, std::string_view data);
  void Truncate(uint64_t size);

  // Everything is durable, but for pages that an earlier SyncFailed dropped and nobody wrote since.
  void Sync();
  // What a kernel does after a write error: the dirty pages stay in memory, but are called clean,
  // so that no later Sync writes them.
  void SyncFailed();

  // Replaces the contents by what the disk holds after a power cut, and calls it durable. Bytes
  // that were durable and neither written nor truncated since are kept. Of the others each sector
  // is lost, kept, torn, or its written bytes are garbage; the size is the durable one, the present
  // one, or between.
  void LosePower(std::mt19937_64& rng);

 private:
  using Page = std::array<char, kPageBytes>;
  using PagePtr = std::unique_ptr<Page>;  // null is zeros

  // How to get a page's durable bytes back.
  struct Undo {
    PagePtr old;
    std::bitset<kPageBytes> written;  // since the last Sync; other bytes that differ were truncated
    bool dropped = false;             // by SyncFailed
  };
  // How the sectors of one file fare.
  enum class Fate { kLost, kKept, kKeptUpToCut, kRandom };
  struct Outcome {
    Fate fate;
    uint64_t size;
    uint64_t cut;  // of kKeptUpToCut: an offset
  };

  // The page for writing; null when the quota is used up.
  Page* MutablePage(uint64_t number);
  void PutPage(uint64_t number, PagePtr page);
  const Page& PageOrZeros(uint64_t number) const;
  // The undo record of the page, made when missing.
  Undo& UndoOf(uint64_t number);
  void RecordWrite(uint64_t number, size_t begin, size_t end);
  // Makes undo records for what lies above the durable size.
  void RecordGrowth();
  bool IsDirty() const;
  Outcome ChooseOutcome(std::mt19937_64& rng) const;
  void SettlePage(uint64_t number, const Undo& undo, const Outcome& outcome, std::mt19937_64& rng);

  Quota& quota_;
  absl::btree_map<uint64_t, PagePtr> pages_;  // by number; missing is zeros
  uint64_t size_ = 0;
  absl::btree_map<uint64_t, Undo> undo_;  // by page number
  uint64_t durable_size_ = 0;
  uint64_t smallest_size_ = 0;  // since the last Sync
};

}  // namespace oca::io

#endif  // OCA_LIB_IO_TESTING_FILE_CONTENTS_H_
