// Inside oca_index: a run, a file of entries in ascending order that is written once. Byte map:
// docs/format/index.md.
#ifndef OCA_FS_INDEX_RUN_H_
#define OCA_FS_INDEX_RUN_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fs/index/entry.h"
#include "lib/io/file_system.h"

namespace oca::index {

inline constexpr size_t kPageBytes = 4096;

// What the manifest says of a run.
struct RunInfo {
  uint64_t number = 0;   // never used again; part of the file's name
  uint64_t pages = 0;    // after the header page
  uint64_t entries = 0;  // erased ones too
  uint64_t erased = 0;
  friend bool operator==(const RunInfo&, const RunInfo&) = default;
};

// The entries of a page, strictly ascending, at least one. kDataLoss when the page is not page
// `page` (from 1) of run `number`, or damaged.
absl::Status DecodePage(std::string_view bytes, uint64_t number, uint64_t page,
                        std::vector<Entry>* out);

// A finished run, open for reading. Immutable, thread-safe.
class Run {
 public:
  // Checks size, header and fences; each other page is checked when it is read.
  static absl::StatusOr<std::shared_ptr<const Run>> Open(io::FileSystem& fs,
                                                         const std::string& path,
                                                         const RunInfo& info);
  const RunInfo& info() const { return info_; }
  uint64_t memory_bytes() const { return fences_.capacity() * sizeof(uint64_t); }
  // Appends the entries of `key`; adds the pages read to *reads.
  absl::Status Find(uint64_t key, std::vector<Entry>* out, uint64_t* reads) const;

 private:
  friend class RunReader;
  Run(std::unique_ptr<io::File> file, const RunInfo& info) : file_(std::move(file)), info_(info) {}
  absl::Status ReadFences();

  const std::unique_ptr<io::File> file_;
  const RunInfo info_;
  std::vector<uint64_t> fences_;  // the first key of each page
};

// Reads a run's entries in order, in large pieces. Not thread-safe.
class RunReader {
 public:
  // From the first entry of `shard` on. `run` must outlive it.
  RunReader(const Run& run, uint32_t shard);
  // Appends the entries of `shard`; shards must be asked for in ascending order. Those of shards
  // between are passed over.
  absl::Status TakeShard(uint32_t shard, std::vector<Entry>* out);

 private:
  absl::Status NextPage();

  const Run& run_;
  uint64_t page_;  // the next to decode, from 1
  std::string piece_;
  uint64_t piece_begin_ = 0, piece_end_ = 0;  // pages that piece_ holds
  std::vector<Entry> entries_;                // of a page
  size_t at_ = 0;
};

// Writes a run. Not thread-safe.
class RunWriter {
 public:
  // `file` is empty.
  RunWriter(std::unique_ptr<io::File> file, uint64_t number);
  // Strictly ascending.
  absl::Status Add(const Entry& entry);
  bool empty() const { return info_.entries == 0; }
  // Writes what is left and makes the contents durable, not the file's name.
  absl::Status Finish();
  const RunInfo& info() const { return info_; }

 private:
  absl::Status EndPage();
  absl::Status PutPage(std::string page);
  absl::Status WriteOut();

  const std::unique_ptr<io::File> file_;
  RunInfo info_;
  std::vector<uint64_t> fences_;
  std::string page_;
  uint32_t in_page_ = 0;
  uint64_t last_key_ = 0;
  uint64_t next_page_ = 0;
  std::string pending_;  // whole pages, not written yet
  uint64_t offset_ = 0;
};

}  // namespace oca::index

#endif  // OCA_FS_INDEX_RUN_H_
