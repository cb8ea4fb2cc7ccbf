// The contents of one open or dirty regular file: what is stored, and what was written since.
//
//   [0, stable)            base recipe, with `overlay` over it
//   [stable, tail)         chunks stored since, not yet in the recipe
//   [tail, ...)            bytes that a worker is chunking (job)
//   [..., size)            bytes not looked at yet (buffer)
//
// A file written from start to end passes through buffer and job in big pieces, so that chunks and
// cuts do not depend on how the writer split its calls. Settle brings everything into one recipe;
// the last unit's bytes (see fs/markers) stay in the buffer so that appending goes on from its
// start.
#ifndef OCA_FS_ENGINE_FILE_CONTENT_H_
#define OCA_FS_ENGINE_FILE_CONTENT_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "fs/engine/chunk_store.h"
#include "fs/engine/marker_counters.h"
#include "fs/engine/overlay.h"
#include "fs/engine/read_result.h"
#include "fs/engine/stream_buffer.h"
#include "fs/engine/work_queue.h"
#include "fs/markers/splitter.h"
#include "fs/tree/recipe.h"
#include "lib/base/ids.h"

namespace oca::engine {

// Shorter runs of zeros are stored as data.
inline constexpr uint64_t kMinHoleBytes = 4096;

// Thread-safe. Must be owned by a shared_ptr: jobs keep it alive.
class FileContent : public std::enable_shared_from_this<FileContent> {
 public:
  // `counters` counts what is recognised in the content; may be null.
  FileContent(ChunkStore* chunks, const markers::Splitter& splitter, WorkQueue* workers,
              ContainerId container, tree::Root root,
              std::shared_ptr<MarkerCounters> counters = nullptr);
  ~FileContent();

  uint64_t size() ABSL_LOCKS_EXCLUDED(mu_);
  uint64_t data_bytes() ABSL_LOCKS_EXCLUDED(mu_);
  // Grows with every change: tells whether what was last recorded is still all.
  uint64_t version() const { return version_.load(); }

  // Up to `length` bytes at `offset`; fewer only at the end.
  absl::StatusOr<ReadResult> Read(uint64_t offset, uint64_t length) ABSL_LOCKS_EXCLUDED(mu_);
  // Writes all of `data` at `offset`, or at the end; returns the offset. A hole comes before data
  // beyond the end.
  absl::StatusOr<uint64_t> Write(uint64_t offset, bool at_end, std::string_view data)
      ABSL_LOCKS_EXCLUDED(change_mu_, mu_);
  // The same at `offset`. Takes the memory of a large piece of a stream instead of a copy, and
  // gives other memory for it: what `data` holds afterwards has no meaning.
  absl::Status WriteFrom(StreamBuffer& data, uint64_t offset) ABSL_LOCKS_EXCLUDED(change_mu_, mu_);
  absl::Status Truncate(uint64_t size) ABSL_LOCKS_EXCLUDED(change_mu_, mu_);
  // [offset, offset+length) reads as zeros; the size does not change (what lies beyond it is
  // ignored).
  absl::Status PunchHole(uint64_t offset, uint64_t length) ABSL_LOCKS_EXCLUDED(change_mu_, mu_);
  // Settles; the refs that cover [offset, offset+length) and their places.
  absl::StatusOr<std::vector<tree::PlacedRef>> Extract(uint64_t offset, uint64_t length)
      ABSL_LOCKS_EXCLUDED(change_mu_, mu_);
  // Replaces [offset, offset+length) by `refs` (of that total length), growing the file when
  // needed.
  absl::Status Insert(uint64_t offset, uint64_t length, std::vector<tree::Ref> refs)
      ABSL_LOCKS_EXCLUDED(change_mu_, mu_);
  absl::StatusOr<uint64_t> Seek(uint64_t offset, bool want_data)
      ABSL_LOCKS_EXCLUDED(change_mu_, mu_);
  // One recipe of everything written before the call, and the version that it shows.
  struct Settled {
    tree::Root root;
    uint64_t version = 0;
  };
  absl::StatusOr<Settled> Settle() ABSL_LOCKS_EXCLUDED(change_mu_, mu_);
  // Starts to bring what a reader will want into memory, or decoded into the cache. Best effort.
  void StartReadahead(uint64_t offset, uint64_t length) ABSL_LOCKS_EXCLUDED(mu_);
  void Prefetch(uint64_t offset, uint64_t length) ABSL_LOCKS_EXCLUDED(mu_);

  // For the cleaner: the recipe and the loose refs that this file holds on to, whatever names say.
  struct Held {
    tree::Root base;
    std::vector<tree::Ref> loose;
  };
  Held HeldRefs() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Piece {  // of a read that comes from a chunk or a hole
    uint64_t out_offset;
    tree::Ref ref;
    uint64_t skip;
    uint64_t length;
  };
  struct Plan {
    uint64_t length = 0;
    std::vector<Piece> pieces;
    std::vector<std::pair<uint64_t, std::string>> patches;  // over the pieces, by out offset
  };

  uint64_t TailBegin() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return stable_ + tail_length_; }
  uint64_t SizeLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return TailBegin() + job_data_.size() + buffer_.size();
  }
  void WaitForJob() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void StartJob() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void RunJob() ABSL_LOCKS_EXCLUDED(mu_);
  void SetSeen(const markers::Recognised& seen) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  int Lane() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void FreeLane() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Refs for data cut into `pieces`; what is new goes to the store.
  absl::StatusOr<std::vector<tree::Ref>> StorePieces(int lane, std::string_view data,
                                                     std::span<const markers::Piece> pieces);
  // Refs for data that lies at `offset` of the file and ends there.
  absl::StatusOr<std::vector<tree::Ref>> StoreWhole(std::string_view data, uint64_t offset)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The bytes of a data ref.
  absl::StatusOr<Chunk> RefBytes(const tree::Ref& ref, ChunkCursor* cursor = nullptr);
  // Bytes [begin, end) of the stable part as they are now.
  absl::StatusOr<std::string> StableBytes(uint64_t begin, uint64_t end)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Where cutting must begin anew when bytes from `offset` (at most stable_) on change.
  absl::StatusOr<uint64_t> UnitBegin(uint64_t offset) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::StatusOr<tree::PlacedRef> RefAt(uint64_t offset) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Before a change at `offset`: tries again what failed, counts the change, and makes the file
  // reach that far.
  absl::Status BeginWrite(uint64_t offset) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status WriteCopy(uint64_t offset, std::string_view data) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Append(std::string_view data) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Append of memory that becomes the buffer; false: it must be copied.
  absl::StatusOr<bool> AppendMemory(StreamBuffer& data) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // When there is enough for a job, and none runs.
  absl::Status StartJobIfDue(size_t job_bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Overwrite(uint64_t offset, std::string_view data) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Grow(uint64_t size) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Shrink(uint64_t size) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status LoadTail() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status FoldTail() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status FoldOverlay() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // `splice->begin` is where the splice before ended.
  absl::Status RebuildFrom(uint64_t dirty, tree::Splice* splice) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status SettleLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status ReplaceRange(uint64_t begin, uint64_t end, std::vector<tree::Ref> refs)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::StatusOr<Plan> PlanRead(uint64_t offset, uint64_t length) ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<ReadResult> RunPlan(const Plan& plan);
  // The chunks of a range of the base recipe; none when it cannot be read.
  std::vector<Fingerprint> StableChunks(uint64_t offset, uint64_t length) ABSL_LOCKS_EXCLUDED(mu_);

  ChunkStore* const chunks_;
  const markers::Splitter splitter_;
  WorkQueue* const workers_;
  const ContainerId container_;
  const std::shared_ptr<MarkerCounters> counters_;

  // Held by every operation that changes the file, from begin to end: waiting for a job releases
  // mu_, and no other change may come between.
  absl::Mutex change_mu_ ABSL_ACQUIRED_BEFORE(mu_);
  absl::Mutex mu_;
  tree::Root base_
      ABSL_GUARDED_BY(mu_);  // may go on beyond stable_: that part is superseded by what follows
  uint64_t stable_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<tree::Ref> tail_refs_ ABSL_GUARDED_BY(mu_);
  uint64_t tail_length_ ABSL_GUARDED_BY(mu_) = 0;
  bool job_running_ ABSL_GUARDED_BY(mu_) = false;
  StreamBuffer job_data_
      ABSL_GUARDED_BY(mu_);  // not changed while the job runs, which reads it without the lock
  StreamBuffer buffer_ ABSL_GUARDED_BY(mu_);
  StreamBuffer spare_ ABSL_GUARDED_BY(mu_);  // memory to use again
  bool tail_loaded_ ABSL_GUARDED_BY(mu_) =
      false;  // buffer begins where the unfinished last unit begins
  markers::Recognised seen_ ABSL_GUARDED_BY(mu_);
  Overlay overlay_ ABSL_GUARDED_BY(mu_);
  std::atomic<uint64_t> version_{
      0};  // changed under mu_, read without it by who only asks whether there is news
  uint64_t settled_version_ ABSL_GUARDED_BY(mu_) =
      0;                                     // base_ is the whole file when it equals version_
  absl::Status error_ ABSL_GUARDED_BY(mu_);  // of a job; its data is in the buffer again
  int lane_ ABSL_GUARDED_BY(mu_) = -1;
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_FILE_CONTENT_H_
