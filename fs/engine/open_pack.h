// A pack that is being filled. New chunks gather in a group of plain bytes; a full group is
// compressed, encrypted where that is wanted, and appended by a worker; a full pack gets its
// footer. Until a group is in the file its chunks are served from memory. Where a pack may go
// missing (storage paths), what was appended stays in memory until it is durable.
#ifndef OCA_FS_ENGINE_OPEN_PACK_H_
#define OCA_FS_ENGINE_OPEN_PACK_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "fs/format/pack.h"
#include "fs/store/codec.h"
#include "fs/store/group_keys.h"
#include "fs/store/pack_store.h"
#include "lib/base/ids.h"

namespace oca::engine {

inline constexpr size_t kGroupTargetBytes = 128u << 10;
inline constexpr size_t kMaxChunksPerGroup = 512;

// What a chunk has beyond another one.
struct Delta {
  Fingerprint base;
  std::string bytes;
  std::optional<size_t> path = {};  // the storage path of the base; none: home
};

// Thread-safe. States of a group: open (the last one, being filled), closed (to be stored), stored.
class OpenPack {
 public:
  OpenPack(GroupId storage_group, std::unique_ptr<store::PackWriter> writer,
           store::Compression compression, const store::GroupKeys* keys, format::KeyId key)
      : storage_group_(storage_group),
        compression_(compression),
        keys_(keys),
        key_(key),
        id_(writer->id()),
        writer_(std::move(writer)) {}

  PackId id() const { return id_; }
  format::KeyId key() const { return key_; }

  // True when a chunk of `bytes` for `container` belongs in a new group (the current one is full or
  // another's).
  bool NeedsNewGroup(ContainerId container, size_t bytes) ABSL_LOCKS_EXCLUDED(mu_);
  // True when the pack should take no further group.
  bool Full(uint64_t target_bytes) ABSL_LOCKS_EXCLUDED(mu_);
  // Closes the open group; its index, or nothing when none is open.
  std::optional<uint32_t> CloseGroup() ABSL_LOCKS_EXCLUDED(mu_);
  // Adds a chunk (opening a group when none is open); returns its ordinal. It is stored as `delta`
  // when that is given: all chunks of a pack are, or none.
  uint32_t AddChunk(ContainerId container, std::string_view bytes, const Fingerprint& fp,
                    format::ChunkKind kind, const Delta* delta = nullptr) ABSL_LOCKS_EXCLUDED(mu_);
  // No further chunk will be added.
  void CloseToChunks() ABSL_LOCKS_EXCLUDED(mu_);

  // Compresses and appends a closed group. After an error the group stays closed and may be stored
  // again.
  absl::Status StoreGroup(uint32_t index) ABSL_LOCKS_EXCLUDED(mu_);
  // Stores again what failed, waits until every closed group is stored, and makes all of it
  // durable.
  absl::Status MakeDurable() ABSL_LOCKS_EXCLUDED(mu_, sync_mu_);
  // Writes the footer once the pack takes no more chunks and all groups are stored;
  // kFailedPrecondition before that. OK when it is sealed already.
  absl::Status Seal() ABSL_LOCKS_EXCLUDED(mu_, sync_mu_);
  bool ReadyToSeal() ABSL_LOCKS_EXCLUDED(mu_);
  // The pack's disk falls behind, and SyncSoon should be called: true once until it is.
  bool NeedsSync() {
    return writer_->behind() != store::PackWriter::Behind::kNot && !sync_queued_.exchange(true);
  }
  // As MakeDurable; another one may be asked for meanwhile.
  absl::Status SyncSoon() ABSL_LOCKS_EXCLUDED(mu_, sync_mu_) {
    sync_queued_ = false;
    return MakeDurable();
  }
  bool sealed() ABSL_LOCKS_EXCLUDED(mu_);
  // The footer as far as the pack goes: stored groups have their places.
  format::PackFooter Footer() ABSL_LOCKS_EXCLUDED(mu_);

  bool may_go_missing() const { return writer_->may_go_missing(); }
  // What is to be stored elsewhere.
  struct Leaving {
    format::FooterGroup place;
    std::vector<format::FooterChunk> chunks;
    // Plain bytes, when they were not appended, or are deltas that are not durable.
    std::string raw;
    std::string encoded;  // what was appended, when it is not durable; else `place` is where it is
  };
  // The pack cannot be written any more, and no lane fills it: from here on it takes nothing and is
  // never sealed, but its chunks are still found. Returns all that is in it, again when it is
  // called again; nothing when it is sealed. Waits for groups that are being stored.
  std::vector<Leaving> Retire() ABSL_LOCKS_EXCLUDED(mu_, sync_mu_);
  bool retired() ABSL_LOCKS_EXCLUDED(mu_);

  // The ordinal in [first, first+count) whose fingerprint is `fp`.
  std::optional<uint32_t> Find(const Fingerprint& fp, uint32_t first, uint32_t count)
      ABSL_LOCKS_EXCLUDED(mu_);
  struct ChunkPlace {
    format::FooterChunk chunk;
    bool is_delta = false;
    std::optional<std::string> bytes;        // set when the group is still in memory
    format::FooterGroup group;               // otherwise: where it is
    std::vector<format::FooterChunk> peers;  // and all chunks of the group
  };
  ChunkPlace Place(uint32_t ordinal) ABSL_LOCKS_EXCLUDED(mu_);
  std::optional<Fingerprint> FingerprintAt(uint32_t ordinal) ABSL_LOCKS_EXCLUDED(mu_);
  bool of_deltas() ABSL_LOCKS_EXCLUDED(mu_);

  struct Usage {
    uint64_t file_bytes = 0;
    uint64_t unstored_raw_bytes = 0;
  };
  Usage usage() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Group {
    format::FooterGroup place;
    std::string raw;                  // empty once stored
    std::vector<std::string> deltas;  // of its chunks, when it is a group of deltas; the same
    // While it is stored and not durable, in a pack that may go missing: this, or of deltas `raw`.
    std::string encoded;
    void Forget() {
      raw = std::string();
      encoded = std::string();
    }
    enum class State { kOpen, kClosed, kStoring, kStored } state = State::kOpen;
  };

  format::PackFooter FooterLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // What stands in the file for a group that is being stored, but for its encryption.
  std::string Encode(const Group& group, format::GroupHeader* header) ABSL_LOCKS_EXCLUDED(mu_);
  bool AllStored() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Waits until none of the first `count` groups is being stored.
  void AwaitStoring(size_t count) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status SyncStored() ABSL_EXCLUSIVE_LOCKS_REQUIRED(sync_mu_);

  const GroupId storage_group_;
  const store::Compression compression_;
  const store::GroupKeys* const keys_;  // may be null when key_ is 0
  const format::KeyId key_;             // that encrypts the groups; 0 = none
  const PackId id_;
  const std::unique_ptr<store::PackWriter> writer_;

  std::atomic<bool> sync_queued_{false};
  absl::Mutex sync_mu_;  // held over Sync and Seal; taken before mu_
  absl::Mutex mu_ ABSL_ACQUIRED_AFTER(sync_mu_);
  std::vector<format::FooterChunk> chunks_ ABSL_GUARDED_BY(mu_);
  std::vector<Fingerprint> bases_ ABSL_GUARDED_BY(mu_);  // see format::PackFooter
  std::vector<std::unique_ptr<Group>> groups_ ABSL_GUARDED_BY(mu_);
  uint64_t unstored_raw_ ABSL_GUARDED_BY(mu_) = 0;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  bool dirty_ ABSL_GUARDED_BY(mu_) = false;  // groups were stored since the last Sync
  bool sealed_ ABSL_GUARDED_BY(mu_) = false;
  bool retired_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_OPEN_PACK_H_
