// The chunks of one storage group: put (deduplicated), get (verified), made durable, swept. Binds
// index, packs and caches.
#ifndef OCA_FS_ENGINE_CHUNK_STORE_H_
#define OCA_FS_ENGINE_CHUNK_STORE_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "fs/engine/caches.h"
#include "fs/engine/live_set.h"
#include "fs/engine/open_pack.h"
#include "fs/engine/quarantine.h"
#include "fs/engine/usage.h"
#include "fs/engine/work_queue.h"
#include "fs/index/fingerprint_index.h"
#include "fs/names/records.h"
#include "fs/store/codec.h"
#include "fs/store/group_keys.h"
#include "fs/store/pack_store.h"
#include "fs/store/sealed_file.h"
#include "fs/tree/recipe.h"
#include "lib/base/clock.h"
#include "lib/base/ids.h"
#include "lib/io/file_system.h"

namespace oca::engine {

struct ChunkStoreOptions {
  io::FileSystem* fs = nullptr;
  Clock* clock = &SystemClock();
  std::string dir;  // holds packs/ and index.snapshot
  GroupId group;
  store::Compression compression = store::Compression::kFast;
  uint64_t pack_target_bytes = 8u << 20;
  WorkQueue* workers = nullptr;  // compress
  WorkQueue* sealers = nullptr;  // write footers
  Caches* caches = nullptr;
  const store::GroupKeys* keys = nullptr;  // of the group; null: it is never encrypted
};

// A chunk's plain bytes, verified; valid while `holder` lives.
struct Chunk {
  std::shared_ptr<const std::string> holder;
  std::string_view bytes;
};

// Which group of which pack holds a chunk.
struct GroupPlace {
  PackId pack;
  uint32_t index = 0;
  friend bool operator==(const GroupPlace&, const GroupPlace&) = default;
};

// Thread-safe. Lock order: gc_mu_, a stripe, a lane, an open pack (docs/concurrency.md).
class ChunkStore final : public tree::NodeStore {
 public:
  // Opens or creates. Loads the index snapshot, then takes in the packs that it does not cover;
  // packs without a footer are recovered. When the group is locked (options.keys) that waits for
  // Unlocked; until then puts and gets are refused with why, and no pack is touched.
  static absl::StatusOr<std::unique_ptr<ChunkStore>> Open(const ChunkStoreOptions& options);
  ~ChunkStore() override;
  // The keys are there: does what Open left undone. OK also when nothing was.
  absl::Status Unlocked();

  // --- Put ---
  // A lane is where a stream's new chunks gather, so that they lie together. Each Acquire needs a
  // Release.
  int AcquireLane();
  void ReleaseLane(int lane);
  // Stores what is not held yet; fps[i] names chunks[i]. The chunks can be read at once and are
  // durable after Flush. An error means that some may not be stored; putting them again is right.
  absl::Status PutChunks(int lane, ContainerId container, std::span<const std::string_view> chunks,
                         std::span<Fingerprint> fps);
  absl::StatusOr<Fingerprint> PutNode(std::string_view encoded) override;
  // Makes all that was put before the call durable.
  absl::Status Flush();
  // Bytes on disk and on the way there.
  uint64_t PhysicalBytes();

  // --- Get ---
  absl::StatusOr<Chunk> Get(const Fingerprint& fp);
  absl::StatusOr<std::shared_ptr<const std::string>> GetNode(const Fingerprint& fp) override;
  // Starts to bring the groups that hold `fps` from the disk into the kernel's memory. Best effort.
  void StartReadahead(std::span<const Fingerprint> fps);
  // Starts to read, decode and verify them into the cache. Best effort.
  void Prefetch(std::span<const Fingerprint> fps);

  // --- Sweep (the cleaner drives it; one at a time) ---
  // Ends the packs being filled, so that their dead chunks can be reclaimed too.
  absl::Status RotatePacks();
  // From here on each chunk that a Put finds or adds counts as live. Returns the packs that may be
  // swept.
  std::vector<PackId> BeginEpoch();
  // Counts `fp` as live; true when it was not before.
  bool MarkLive(const Fingerprint& fp);
  struct SweepResult {
    uint64_t packs_removed = 0;
    uint64_t bytes_removed = 0;
    uint64_t bytes_copied = 0;  // as they are stored, estimated from the share of each group
  };
  // Copies the live chunks of those of `packs` that are worth it, makes the copies durable, and
  // removes those packs.
  absl::StatusOr<SweepResult> SweepPacks(std::span<const PackId> packs);
  void EndEpoch();

  // --- Scan ---
  std::vector<PackId> SealedPacks();
  // Reads the whole pack and checks it: header, footer, every chunk; one line per fault. What is
  // damaged goes into quarantine, what turns out to be good comes out of it. Damage whose every
  // chunk another pack holds by now is healed, and no fault. `chunks` counts what was checked.
  std::vector<std::string> VerifyPack(PackId pack, uint64_t* chunks);
  // Mends what can be mended without loss: a header or footer that is damaged is made anew, the
  // footer from the groups that are whole. One line for each thing that was done.
  std::vector<std::string> RepairPack(PackId pack);
  struct Damage {
    PackId pack;
    uint64_t offset = 0;  // of the group in the pack
    absl::Time found;
    uint64_t chunks = 0;       // in the group; 0 when the footer cannot be read
    uint64_t chunks_lost = 0;  // of them no other copy is held
  };
  // What is in quarantine. What was healed since (each chunk is held elsewhere by now) is left out.
  std::vector<Damage> DamageReport();
  struct CheckProgress {
    uint64_t packs = 0;
    uint64_t verified = 0;                       // at their last check
    absl::Time oldest = absl::InfiniteFuture();  // last check of all
  };
  CheckProgress check_progress();
  // The pack that is most in need of a check: last checked before `due`, or never and first seen
  // before `due_if_never`. With its size.
  std::optional<store::PackInfo> NextToCheck(absl::Time due, absl::Time due_if_never);
  absl::Status SaveHealth() { return quarantine_.Save(); }
  // True when a sealed or open pack's footer names the chunk.
  bool Holds(const Fingerprint& fp);

  // --- Encryption ---
  // The recipe root that an inode of this group holds. ENOKEY while the group is locked.
  absl::StatusOr<tree::Root> RootOf(const names::Inode& inode) const;
  // After encryption was turned on: data that comes from now on goes into encrypted packs only, and
  // the index snapshot is replaced by an encrypted one.
  absl::Status EncryptFromNowOn();
  struct EncryptionProgress {
    uint64_t plain_bytes = 0;  // of pack files that are not encrypted
    uint64_t encrypted_bytes = 0;
  };
  EncryptionProgress encryption_progress();

  // --- State ---
  Usage ContainerUsage(ContainerId container);
  Usage TotalUsage();
  uint64_t pack_count();
  const index::FingerprintIndex& index() const { return index_; }
  void SetCompression(store::Compression compression) { compression_.store(compression); }
  // Writes the index snapshot when much changed since the last one.
  void MaybeSaveSnapshot();
  // Flushes, seals every pack, saves the snapshot. Only reads may follow.
  absl::Status Stop();
  // Removes every pack and the snapshot: the storage group was deleted. Only destruction may
  // follow.
  absl::Status Destroy();

 private:
  static constexpr int kDataLanes = 8;
  static constexpr int kNodeLane = kDataLanes;
  static constexpr int kSweepDataLane = kDataLanes + 1;
  static constexpr int kSweepNodeLane = kDataLanes + 2;
  static constexpr int kLanes = kDataLanes + 3;
  static constexpr size_t kStripes = 64;

  struct Lane {
    absl::Mutex mu;
    std::shared_ptr<OpenPack> pack ABSL_GUARDED_BY(mu);
    std::atomic<int> users{0};
  };
  // Work that a locked section leaves to be done after it.
  struct Deferred {
    std::vector<std::pair<std::shared_ptr<OpenPack>, uint32_t>> groups;
    std::vector<std::shared_ptr<OpenPack>> seals;
  };
  using FooterPtr = std::shared_ptr<const format::PackFooter>;

  explicit ChunkStore(const ChunkStoreOptions& options)
      : options_(options),
        compression_(options.compression),
        quarantine_(*options.fs, io::JoinPath(options.dir, "health")) {}
  // OK once the packs are taken in; else why they are not.
  absl::Status Opened() const;
  format::KeyId ActiveKey() const { return options_.keys == nullptr ? 0 : options_.keys->active(); }
  // Where the index snapshot is read and written: encrypted once the group is.
  io::FileSystem& SnapshotFiles();

  // chunk_store.cc
  absl::Status Recover();
  absl::Status CountLockedPacks();
  absl::StatusOr<std::map<PackId, PackSummary>> LoadSnapshot();
  absl::Status TakeInPack(PackId id, uint64_t file_bytes);
  absl::Status SaveSnapshot() ABSL_LOCKS_EXCLUDED(stats_mu_);
  void AddSummary(PackId id, const PackSummary& summary);
  void RemoveSummary(PackId id);
  std::vector<std::shared_ptr<OpenPack>> OpenPacks();  // not sealed yet

  // chunk_put.cc
  bool Known(const Fingerprint& fp, const index::Candidates& candidates, FooterPtr* last_footer)
      ABSL_SHARED_LOCKS_REQUIRED(gc_mu_);
  bool KnownAt(const Fingerprint& fp, const index::Location& at, FooterPtr* last_footer)
      ABSL_SHARED_LOCKS_REQUIRED(gc_mu_);
  // The same without asking whether the sweep is about to empty that pack.
  bool ListedAt(const Fingerprint& fp, const index::Location& at, FooterPtr* last_footer);
  absl::Status AddNew(int lane, ContainerId container, std::string_view bytes,
                      const Fingerprint& fp, format::ChunkKind kind)
      ABSL_SHARED_LOCKS_REQUIRED(gc_mu_);
  absl::StatusOr<index::Location> AddToLane(Lane& lane, ContainerId container,
                                            std::string_view bytes, const Fingerprint& fp,
                                            format::ChunkKind kind, Deferred* deferred);
  absl::StatusOr<std::shared_ptr<OpenPack>> NewPack();
  void RunDeferred(Deferred deferred);
  // Queues a seal; ~ChunkStore waits for all tasks that were queued.
  void QueueSeal(const std::shared_ptr<OpenPack>& pack) ABSL_LOCKS_EXCLUDED(tasks_mu_);
  void TaskBegins() ABSL_LOCKS_EXCLUDED(tasks_mu_);
  void TaskEnds() ABSL_LOCKS_EXCLUDED(tasks_mu_);
  void StoreGroup(const std::shared_ptr<OpenPack>& pack, uint32_t group);
  absl::Status SealPack(const std::shared_ptr<OpenPack>& pack);
  absl::Status WriteError();

  // chunk_get.cc
  std::shared_ptr<OpenPack> FindOpen(PackId id);
  absl::StatusOr<FooterPtr> GetFooter(PackId id);
  // The chunk's place in the footer, near where the index says it is.
  static std::optional<uint32_t> FindInFooter(const format::PackFooter& footer,
                                              const Fingerprint& fp, uint32_t ordinal_block);
  // The groups of sealed packs that hold `fps`, in that order, each once in a row.
  void ForEachGroup(std::span<const Fingerprint> fps,
                    const std::function<void(const FooterPtr&, const GroupPlace&)>& visit);
  absl::StatusOr<Chunk> GetAt(const Fingerprint& fp, const index::Location& at);
  absl::StatusOr<std::shared_ptr<const GroupBytes>> GetGroup(
      PackId pack, uint32_t index, const format::FooterGroup& place,
      std::span<const format::FooterChunk> chunks);
  absl::StatusOr<GroupBytes> ReadGroup(PackId pack, const format::FooterGroup& place,
                                       std::span<const format::FooterChunk> chunks);
  void Distrust(PackId pack, const format::FooterGroup& place,
                std::span<const format::FooterChunk> chunks);

  // chunk_health.cc
  absl::Status LoadHealth();
  int64_t NowSeconds() const { return absl::ToUnixSeconds(options_.clock->Now()); }
  // The pack's file has gone, and it was not the sweep: nothing leads to it any more. False when it
  // was.
  bool TakeOutMissing(PackId pack);
  // A group that was in quarantine is good: its chunks are found again.
  void Reinstate(PackId pack, const format::FooterGroup& place,
                 std::span<const format::FooterChunk> chunks);
  absl::StatusOr<uint64_t> SizeOnDisk(PackId pack);
  // Chunks of the group that are held nowhere else.
  uint64_t CountLost(std::span<const format::FooterChunk> chunks);

  // sweep.cc
  bool IsRedundant(const Fingerprint& fp, PackId pack);
  absl::StatusOr<uint64_t> CopyLive(const format::PackFooter& footer);
  // Something that lives is damaged there and held nowhere else.
  bool NeedsDamaged(const format::PackFooter& footer);
  bool WorthSweeping(const format::PackFooter& footer);
  bool IsLive(const format::PackFooter& footer, const format::FooterChunk& chunk);

  const ChunkStoreOptions options_;
  std::atomic<store::Compression> compression_;
  std::unique_ptr<store::SealedFiles> sealed_files_;  // set when options_.keys is
  absl::Mutex unlock_mu_;                             // held by the one call that takes packs in
  std::atomic<bool> opened_{false};
  Quarantine quarantine_;
  absl::Mutex snapshot_mu_;  // one snapshot is saved at a time, and how is settled under it
  std::unique_ptr<store::PackStore> packs_;
  index::FingerprintIndex index_;
  std::array<Lane, kLanes> lanes_;
  std::array<absl::Mutex, kStripes>
      stripes_;  // by fingerprint: check and insert of a new chunk are one step
  std::atomic<uint64_t> next_pack_id_{1};
  std::atomic<uint32_t> lane_turn_{0};

  // Held shared by each Put from lookup to answer; exclusively, briefly, by the sweep to change the
  // rules.
  absl::Mutex gc_mu_;
  std::unique_ptr<LiveSet> live_ ABSL_GUARDED_BY(gc_mu_);  // set during an epoch
  absl::flat_hash_set<PackId> condemned_
      ABSL_GUARDED_BY(gc_mu_);  // never deduplicate against these

  absl::Mutex tasks_mu_;
  uint64_t tasks_ ABSL_GUARDED_BY(tasks_mu_) = 0;  // queued or running, and using this object

  absl::Mutex open_mu_;
  absl::flat_hash_map<PackId, std::shared_ptr<OpenPack>> open_ ABSL_GUARDED_BY(open_mu_);

  absl::Mutex stats_mu_;
  std::map<PackId, PackSummary> summaries_ ABSL_GUARDED_BY(stats_mu_);  // of sealed packs
  absl::flat_hash_map<ContainerId, Usage> usage_ ABSL_GUARDED_BY(stats_mu_);
  uint64_t sealed_bytes_ ABSL_GUARDED_BY(stats_mu_) = 0;
  uint64_t packs_since_snapshot_ ABSL_GUARDED_BY(stats_mu_) = 0;
  bool snapshot_unusable_ ABSL_GUARDED_BY(stats_mu_) = false;  // the one on disk
  absl::Status write_error_
      ABSL_GUARDED_BY(stats_mu_);  // of the last group or pack that could not be written
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_CHUNK_STORE_H_
