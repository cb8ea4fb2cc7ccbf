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
#include "fs/engine/chunk.h"
#include "fs/engine/chunk_store_types.h"
#include "fs/engine/gate.h"
#include "fs/engine/group_decoder.h"
#include "fs/engine/live_marks.h"
#include "fs/engine/open_pack.h"
#include "fs/engine/quarantine.h"
#include "fs/engine/reduction.h"
#include "fs/engine/reference_table.h"
#include "fs/engine/root_journal.h"
#include "fs/engine/stats.h"
#include "fs/engine/usage.h"
#include "fs/index/fingerprint_index.h"
#include "fs/names/records.h"
#include "fs/store/group_keys.h"
#include "fs/store/pack_store.h"
#include "fs/store/sealed_file.h"
#include "fs/store/spread_pack_store.h"
#include "fs/tree/recipe.h"
#include "lib/base/ids.h"
#include "lib/io/file_system.h"

namespace oca::engine {

// Thread-safe. Lock order: gc_gate_, a stripe, a lane, an open pack (docs/concurrency.md).
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
  // A lane is where a stream's new chunks gather, to lie together. Each Acquire needs a Release.
  int AcquireLane();
  void ReleaseLane(int lane);
  // How much of a file to chunk in one piece while so many are written.
  size_t JobBytes() const { return options_.caches->JobBytes(); }
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
  absl::StatusOr<Chunk> Get(const Fingerprint& fp, ChunkCursor* cursor = nullptr);
  absl::StatusOr<std::shared_ptr<const std::string>> GetNode(const Fingerprint& fp) override;
  // Starts to bring the groups that hold `fps` from the disk into the kernel's memory. Best effort.
  void StartReadahead(std::span<const Fingerprint> fps);
  // Starts to read, decode and verify them into the cache. Best effort.
  void Prefetch(std::span<const Fingerprint> fps);

  // --- Sweep (the cleaner drives it, from one thread) ---
  // Called often while work goes on: waits as long as the cleaner should. An error ends the work.
  using PauseFn = std::function<absl::Status()>;
  // Ends the packs being filled, so that their dead chunks can be reclaimed too.
  absl::Status RotatePacks();
  // Ends those that the sweep filled, and no others.
  absl::Status SealCopies();
  // From here on each chunk that a Put finds counts as live. True: no count can be relied on, and
  // every root has to be counted, from the moment of journal().Restart() on.
  absl::StatusOr<bool> BeginEpoch(const PauseFn& pause);
  // Something may be dead that no run has looked for: there is no count, and not for want of memory
  // alone.
  bool NeedsCount();
  void EndEpoch();
  // Counts a root that came, or one that went. After an error the count is not exact any more.
  absl::Status CountRoot(const tree::Root& root, bool add, const PauseFn& pause);
  // Counts again what was referred to when it lay in no pack.
  absl::Status CountFound();
  // The chunk, or all that the root refers to, counts as live in this epoch. After counting.
  absl::StatusOr<bool> MarkHeld(const Fingerprint& fp);
  absl::Status MarkHeldRoot(const tree::Root& root, absl::flat_hash_set<Fingerprint>* nodes_seen,
                            const PauseFn& pause);
  // Chunks that are about to be referred to once more: as MarkHeld, from any thread.
  absl::Status MarkShared(std::span<const tree::Ref> refs);
  // The packs that are worth it, as the references stand.
  SweepPlan PlanSweep();
  // Copies the live chunks out of `packs`, makes the copies durable, and removes those packs.
  absl::StatusOr<SweepResult> SweepPacks(std::span<const SweepPlan::Pack> packs,
                                         const PauseFn& pause);
  // Packs that no run has looked through for chunks that resemble others.
  SweepPlan PlanReduction();
  // In these packs.
  uint64_t UnreducedBytes() ABSL_LOCKS_EXCLUDED(stats_mu_);
  // Looks through them, and rewrites those in which enough chunks can be stored as deltas.
  absl::StatusOr<SweepResult> ReducePacks(std::span<const SweepPlan::Pack> packs,
                                          const PauseFn& pause);
  // Bytes of RAM for what is known of similar chunks. When it changes, that is forgotten.
  void SetReductionBudget(uint64_t bytes) { reduction_.SetBudget(bytes); }
  void SaveReduction();
  ReferenceTable& references() { return references_; }
  RootJournal& journal() { return journal_; }
  // The longest that a Put waited for the cleaner since the last call.
  absl::Duration TakeLongestWait() { return gc_gate_.TakeLongestWait(); }

  // --- Scan ---
  std::vector<PackId> SealedPacks();
  std::vector<PackId> PacksOfDeltas();  // sealed ones
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
  CheckProgress check_progress();
  // The pack that is most in need of a check: last checked before `due`, or never and first seen
  // before `due_if_never`. With its size.
  std::optional<store::PackInfo> NextToCheck(absl::Time due, absl::Time due_if_never);
  absl::Status SaveHealth() { return quarantine_.Save(); }
  // Verifies each pack that has something in quarantine, and deletes packs that were set aside.
  absl::StatusOr<QuarantineCleared> ClearQuarantine();
  // What was found damaged when the packs were taken in.
  std::vector<FoundAtStart> found_at_start() ABSL_LOCKS_EXCLUDED(stats_mu_);
  // True when a sealed or open pack's footer names the chunk.
  bool Holds(const Fingerprint& fp);

  // --- Encryption ---
  // The recipe root that an inode of this group holds. ENOKEY while the group is locked.
  absl::StatusOr<tree::Root> RootOf(const names::Inode& inode) const;
  // After encryption was turned on: data that comes from now on goes into encrypted packs only, and
  // the index snapshot is replaced by an encrypted one.
  absl::Status EncryptFromNowOn();
  EncryptionProgress encryption_progress();

  // --- Storage paths ---
  // Gives up what is being filled in paths that went missing, closes them, and takes in what lies
  // in paths that are back. Called often; costs nothing while no path changes. An error: try again.
  absl::Status FollowPaths() ABSL_LOCKS_EXCLUDED(follow_mu_);
  // A pack of this group lies, or may lie, in a path that is missing.
  bool AnyOffline() const { return packs_->AnyOffline(); }
  std::string MissingPaths() const { return packs_->MissingPaths(); }
  // Of the performance tier, recipes lie in its paths too: while one is missing nobody knows what
  // is referred to, and nothing is counted or swept.
  bool RecipesOffline() const { return options_.performance_tier && packs_->AnyOffline(); }
  bool performance_tier() const { return options_.performance_tier; }
  uint64_t offline_packs();
  struct PathUse {
    uint64_t packs = 0;
    uint64_t bytes = 0;
  };
  // By path; no path: home.
  std::map<std::optional<size_t>, PathUse> UseOfPaths();
  // In packs that shall lie elsewhere, and can be moved now: the next sweep does it.
  uint64_t BytesToMove() ABSL_LOCKS_EXCLUDED(stats_mu_);
  // As store::SpreadPackStore::ListIn.
  absl::StatusOr<std::vector<store::PackInfo>> PacksIn(size_t path) { return packs_->ListIn(path); }
  // The path was removed. What lay there alone is gone.
  absl::Status ForgetPath(size_t path) ABSL_LOCKS_EXCLUDED(follow_mu_);

  // --- State ---
  Usage ContainerUsage(ContainerId container);
  Usage TotalUsage();
  uint64_t pack_count();
  const index::FingerprintIndex& index() const { return index_; }
  // Bytes of RAM for the index; it keeps to them when it next saves its snapshot.
  void SetIndexBudget(uint64_t bytes) { index_.SetBudget(bytes); }
  void SetCompression(store::Compression compression) { compression_.store(compression); }
  // Writes the index snapshot when much changed since the last one, or the index asks for it.
  void MaybeSaveSnapshot();
  // Of RAM for counts of references and the journal of roots. When a byte a chunk is too much, each
  // run of the cleaner counts every root, with a bit a chunk.
  void SetCountBudget(uint64_t bytes);
  // Flushes, seals every pack, saves the snapshot and the count. Only reads may follow. The count
  // is good for names in this state only.
  absl::Status Stop(const std::string& names_state = "");
  // Removes every pack and the snapshot: the storage group was deleted. Only destruction may
  // follow.
  absl::Status Destroy();

 private:
  static constexpr int kDataLanes = 8;
  static constexpr int kNodeLane = kDataLanes;
  static constexpr int kSweepDataLane = kDataLanes + 1;
  static constexpr int kSweepNodeLane = kDataLanes + 2;
  static constexpr int kSweepDeltaLane = kDataLanes + 3;
  static constexpr int kLanes = kDataLanes + 4;
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
  // As what a chunk may be stored where it is looked for.
  enum class As { kAny, kPlain };

  explicit ChunkStore(const ChunkStoreOptions& options)
      : options_(options),
        compression_(options.compression),
        decoder_(options.keys, [this](const Fingerprint& fp) { return GetPlain(fp); }),
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
  void NoteAtStart(std::string what, bool mended) ABSL_LOCKS_EXCLUDED(stats_mu_);
  void AddSummary(PackId id, const PackSummary& summary);
  void RemoveSummary(PackId id);
  // As RemoveSummary, but what is in quarantine stays there: the pack may come back. False when
  // there was none.
  bool ForgetPack(PackId id);
  std::vector<std::shared_ptr<OpenPack>> OpenPacks();  // not sealed yet

  // chunk_locate.cc
  // Recipe nodes stay in RAM: a leaf that is stored twice takes the leaves above it along.
  static bool IsPinned(format::ChunkKind kind) { return kind == format::ChunkKind::kNode; }
  // A stream uses this pack: what else lies in it, and is not in quarantine, shall be found.
  void UseFooter(const format::PackFooter& footer);
  // After a lookup in RAM: takes in what lies beside the chunks that it found, and looks again.
  void LookNearby(std::span<const Fingerprint> fps, std::span<index::Candidates> candidates);
  // Candidates of all chunks, as far as a bounded number of lookups on disk gives them.
  void LocateAll(std::span<const Fingerprint> fps, std::span<index::Candidates> candidates);
  // All places of a chunk, RAM and disk; a damaged index is rebuilt first.
  absl::StatusOr<std::vector<index::Location>> Places(const Fingerprint& fp);
  // Waits for a rebuild that is under way; true when one ended since rebuilds_ was `seen`.
  bool AwaitRebuild(uint64_t seen) ABSL_LOCKS_EXCLUDED(rebuild_mu_);
  // Fills the index anew from all footers, unless that was done since rebuilds_ was `seen`.
  absl::Status RebuildIndex(uint64_t seen, const absl::Status& why)
      ABSL_LOCKS_EXCLUDED(rebuild_mu_);
  // All chunks of the pack but those in quarantine.
  void IndexPack(PackId id, const format::PackFooter& footer);

  // chunk_put.cc
  bool Known(const Fingerprint& fp, const index::Candidates& candidates, FooterPtr* last_footer)
      ABSL_SHARED_LOCKS_REQUIRED(gc_gate_);
  bool KnownAt(const Fingerprint& fp, const index::Location& at, FooterPtr* last_footer)
      ABSL_SHARED_LOCKS_REQUIRED(gc_gate_);
  // The same without asking whether the sweep is about to empty that pack.
  // Returns the ordinal.
  std::optional<uint32_t> ListedAt(const Fingerprint& fp, const index::Location& at,
                                   FooterPtr* last_footer);
  // The same with what is in quarantine.
  std::optional<uint32_t> FindAt(const Fingerprint& fp, const index::Location& at,
                                 FooterPtr* last_footer);
  bool IsPlainAt(const Fingerprint& fp, const index::Location& at);
  bool HoldsPlain(const Fingerprint& fp);
  bool IsCondemned(PackId pack) ABSL_LOCKS_EXCLUDED(condemned_mu_);
  // Stored as `delta` when that is given; kFailedPrecondition: it cannot be.
  absl::Status AddNew(int lane, ContainerId container, std::string_view bytes,
                      const Fingerprint& fp, format::ChunkKind kind, const Delta* delta = nullptr)
      ABSL_SHARED_LOCKS_REQUIRED(gc_gate_);
  absl::StatusOr<index::Location> AddToLane(Lane& lane, ContainerId container,
                                            std::string_view bytes, const Fingerprint& fp,
                                            format::ChunkKind kind, const Delta* delta,
                                            Deferred* deferred);
  absl::Status Rotate(std::span<Lane> lanes);
  absl::StatusOr<std::shared_ptr<OpenPack>> NewPack(bool at_home);
  absl::Status FlushOnce(std::vector<std::shared_ptr<OpenPack>>* failed);
  // `here`: compresses in the caller's thread. The cleaner does, so that its rests, which are as
  // long as it worked and more, pay for all of its work.
  void RunDeferred(Deferred deferred, bool here);
  // ~ChunkStore waits for all tasks that were queued.
  void QueueSeal(const std::shared_ptr<OpenPack>& pack) ABSL_LOCKS_EXCLUDED(tasks_mu_);
  void QueueForSealers(std::function<absl::Status()> step) ABSL_LOCKS_EXCLUDED(tasks_mu_);
  void TaskBegins() ABSL_LOCKS_EXCLUDED(tasks_mu_);
  void TaskEnds() ABSL_LOCKS_EXCLUDED(tasks_mu_);
  void StoreGroup(const std::shared_ptr<OpenPack>& pack, uint32_t group, bool here);
  absl::Status SealPack(const std::shared_ptr<OpenPack>& pack) ABSL_LOCKS_EXCLUDED(sealed_mu_);
  absl::Status WriteError();

  // chunk_get.cc
  std::shared_ptr<OpenPack> FindOpen(PackId id);
  absl::StatusOr<FooterPtr> GetFooter(PackId id);
  // The chunk's place in the footer, near where the index says it is.
  static std::optional<uint32_t> FindInFooter(const format::PackFooter& footer,
                                              const Fingerprint& fp, uint32_t ordinal_block);
  // The groups of sealed packs that hold `fps`, in that order, each once.
  void ForEachGroup(std::span<const Fingerprint> fps,
                    const std::function<void(const FooterPtr&, const GroupPlace&)>& visit);
  absl::StatusOr<Chunk> Find(const Fingerprint& fp, As as, ChunkCursor* cursor);
  // As Get, of a chunk that is stored plain: the base of a delta.
  absl::StatusOr<Chunk> GetPlain(const Fingerprint& fp);
  absl::StatusOr<Chunk> GetAt(const Fingerprint& fp, const index::Location& at, As as = As::kAny,
                              ChunkCursor* cursor = nullptr);
  // The chunk, when it is the one at the cursor or the next; else kNotFound.
  absl::StatusOr<Chunk> GetNext(const Fingerprint& fp, ChunkCursor* cursor);
  absl::StatusOr<Chunk> GetListed(const FooterPtr& footer, uint32_t ordinal, ChunkCursor* cursor);
  absl::StatusOr<std::shared_ptr<const GroupBytes>> GetGroup(
      PackId pack, uint32_t index, const format::FooterGroup& place,
      std::span<const format::FooterChunk> chunks);
  absl::StatusOr<GroupBytes> ReadGroup(PackId pack, const format::FooterGroup& place,
                                       std::span<const format::FooterChunk> chunks);
  // What the cache gets of a group that was read: a damaged one is distrusted from then on.
  absl::StatusOr<LoadedGroup> ForCache(PackId pack, const format::FooterGroup& place,
                                       std::span<const format::FooterChunk> chunks,
                                       absl::StatusOr<GroupBytes> raw);
  // Takes those of a pack's groups into the cache that are neither there nor on their way.
  void LoadGroups(const format::PackFooter& footer, std::span<const uint32_t> indexes);
  void Distrust(PackId pack, const format::FooterGroup& place,
                std::span<const format::FooterChunk> chunks);

  // chunk_count.cc, count_file.cc
  std::string CountPath() const { return io::JoinPath(options_.dir, "references"); }
  // The file goes as it is read: it is of the state that ends now.
  void LoadCount();
  bool Fits(const format::ReferenceCounts& counts) ABSL_LOCKS_EXCLUDED(stats_mu_);
  void SaveCount(const std::string& names_state);
  // Where it lies, but for what is in quarantine.
  absl::StatusOr<std::vector<ChunkPlace>> PlacesOf(const Fingerprint& fp);
  // The place at which references are counted; null when there is none.
  const ChunkPlace* Referenced(const std::vector<ChunkPlace>& places) const;
  static const ChunkPlace& Newest(const std::vector<ChunkPlace>& places);
  // Where one more reference counts; of at least one place.
  const ChunkPlace& CountedAt(const std::vector<ChunkPlace>& places) const;
  // Return how many references there were before; how many are left.
  absl::StatusOr<uint32_t> AddReferences(const Fingerprint& fp, uint32_t references);
  absl::StatusOr<uint32_t> DropReference(const Fingerprint& fp);
  // What the deltas of a sealed pack need counts as referenced while the pack is there.
  absl::Status AddBases(const format::PackFooter& footer);
  absl::Status DropBases(const format::PackFooter& footer);
  absl::Status MendPacksOfDeltas();
  absl::Status AddSealedPacks(const PauseFn& pause);

  // chunk_health.cc
  int64_t NowSeconds() const { return absl::ToUnixSeconds(options_.clock->Now()); }
  bool InQuarantine(const format::PackFooter& footer, uint32_t ordinal) const {
    return quarantine_.Holds(footer.pack.pack_id,
                             footer.groups[footer.chunks[ordinal].group].file_offset);
  }
  // The pack's file was seen to be missing, and it was not the sweep: nothing leads to it any more.
  // False when it was.
  bool TakeOutMissing(PackId pack) ABSL_LOCKS_EXCLUDED(condemned_mu_, stats_mu_);
  // A group that was in quarantine is good: its chunks are found again.
  void Reinstate(PackId pack, const format::FooterGroup& place,
                 std::span<const format::FooterChunk> chunks);
  absl::StatusOr<uint64_t> SizeOnDisk(PackId pack);
  // Chunks of the group that are held nowhere else.
  uint64_t CountLost(std::span<const format::FooterChunk> chunks);

  // chunk_paths.cc
  absl::StatusOr<GroupBytes> BytesOf(PackId pack, const OpenPack::Leaving& group);
  absl::Status PutElsewhere(PackId pack, const OpenPack::Leaving& group);
  // A pack in a storage path cannot be written: what is in it is put elsewhere, to be durable with
  // the next Flush. An error: it stays as it is, and is not lost.
  absl::Status GiveUpPack(const std::shared_ptr<OpenPack>& pack) ABSL_LOCKS_EXCLUDED(give_up_mu_);
  // Those of them that may go missing; false when there is nothing to flush anew.
  bool GiveUpAny(const std::vector<std::shared_ptr<OpenPack>>& failed, absl::Status* result);
  void RemoveGivenUp(std::vector<PackId> packs) ABSL_LOCKS_EXCLUDED(open_mu_);
  std::string IdBoundPath() const { return io::JoinPath(options_.dir, "pack-ids"); }
  absl::Status ReserveId(PackId id) ABSL_LOCKS_EXCLUDED(ids_mu_);
  absl::Status SkipReservedIds();
  absl::Status AttachPath(size_t path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(follow_mu_);
  void TakeOutGone(const std::vector<PackId>& gone);

  // sweep.cc
  bool IsOnlyGoodCopy(const Fingerprint& fp, PackId pack);
  bool IsLive(const format::PackFooter& footer, uint32_t ordinal);
  bool WorthSweeping(const format::PackFooter& footer);
  absl::Status CopyChunk(const format::PackFooter& footer, uint32_t ordinal, std::string_view bytes,
                         FoundInStep* found);
  absl::StatusOr<uint64_t> CopyLive(const format::PackFooter& footer,
                                    const format::FooterGroup& group, FoundInStep* found);
  absl::StatusOr<std::vector<FooterPtr>> CopyForward(std::vector<FooterPtr> packs,
                                                     const PauseFn& pause, FoundInStep* found,
                                                     SweepResult* result);
  absl::StatusOr<SweepResult> Sweep(std::vector<FooterPtr> chosen, const PauseFn& pause,
                                    FoundInStep* found);
  absl::Status MoveReferences(const format::PackFooter& footer, const FoundInStep& found);
  absl::Status RemovePack(const format::PackFooter& footer, SweepResult* result);

  // reduce.cc
  std::string ReductionPath() const { return io::JoinPath(options_.dir, "similarity"); }
  std::optional<ChunkPlace> UsableBase(const std::vector<ChunkPlace>& places);
  std::optional<Fingerprint> ChunkAt(const index::SimilarChunk& at);
  absl::StatusOr<std::optional<Delta>> DeltaAgainst(const Fingerprint& base, std::string_view bytes,
                                                    size_t limit);
  absl::StatusOr<std::optional<Delta>> SearchDelta(const format::PackFooter& footer,
                                                   uint32_t ordinal, std::string_view bytes,
                                                   const chunk::Sketch& sketch);
  absl::StatusOr<std::optional<Delta>> DeltaFor(const format::PackFooter& footer, uint32_t ordinal,
                                                std::string_view bytes, FoundInStep* found);
  absl::StatusOr<bool> AddDelta(ContainerId container, std::string_view bytes,
                                const Fingerprint& fp, Delta delta);
  // Bytes that deltas for the pack's chunks would gain; they stand in `found` then.
  absl::StatusOr<uint64_t> Examine(const format::PackFooter& footer, const PauseFn& pause,
                                   FoundInStep* found);
  void KeepPlain(const format::PackFooter& footer, FoundInStep* found);

  const ChunkStoreOptions options_;
  std::atomic<store::Compression> compression_;
  const GroupDecoder decoder_;
  std::unique_ptr<store::SealedFiles> sealed_files_;  // set when options_.keys is
  absl::Mutex unlock_mu_;                             // held by the one call that takes packs in
  std::atomic<bool> opened_{false};
  Quarantine quarantine_;
  absl::Mutex snapshot_mu_;  // one snapshot is saved at a time, and how is settled under it
  bool destroyed_ ABSL_GUARDED_BY(snapshot_mu_) = false;
  std::unique_ptr<store::SpreadPackStore> packs_;
  index::FingerprintIndex index_;
  std::array<Lane, kLanes> lanes_;
  std::array<absl::Mutex, kStripes>
      stripes_;             // by fingerprint: check and insert of a new chunk are one step
  absl::Mutex rebuild_mu_;  // held by the one rebuild of the index; before any other
  std::atomic<bool> rebuilding_{false};
  std::atomic<uint64_t> rebuilds_{0};
  std::atomic<uint64_t> next_pack_id_{1};
  std::atomic<uint32_t> lane_turn_{0};

  // Each Put is inside from lookup to answer; the sweep changes the rules, then waits at it.
  Gate gc_gate_;
  std::atomic<bool> epoch_open_{false};
  LiveMarks marks_;  // of the epoch
  absl::Mutex condemned_mu_;
  absl::flat_hash_set<PackId> condemned_
      ABSL_GUARDED_BY(condemned_mu_);  // never deduplicate against these
  ReferenceTable references_;
  RootJournal journal_;
  Reduction reduction_;
  std::atomic<uint64_t> most_counts_{0};      // in bytes mode
  std::atomic<bool> swept_compactly_{false};  // the last epoch, by a count that is gone since

  absl::Mutex tasks_mu_;
  uint64_t tasks_ ABSL_GUARDED_BY(tasks_mu_) = 0;  // queued or running, and using this object

  absl::Mutex follow_mu_;   // held by the one call that follows the paths
  absl::Mutex give_up_mu_;  // held while one pack is given up
  absl::Mutex ids_mu_;
  uint64_t id_bound_ ABSL_GUARDED_BY(ids_mu_) = 0;  // on disk; packs in paths have lower ids

  // Held while a pack that is sealed moves from open_ to the summaries.
  absl::Mutex sealed_mu_ ABSL_ACQUIRED_BEFORE(open_mu_, stats_mu_);
  absl::Mutex open_mu_;
  absl::flat_hash_map<PackId, std::shared_ptr<OpenPack>> open_ ABSL_GUARDED_BY(open_mu_);
  std::vector<PackId> given_up_ ABSL_GUARDED_BY(open_mu_);  // to be removed after a Flush
  std::atomic<uint64_t> moves_{0};  // packs given up; counted before they leave open_

  absl::Mutex stats_mu_;
  std::map<PackId, PackSummary> summaries_ ABSL_GUARDED_BY(stats_mu_);  // of sealed packs
  absl::flat_hash_map<ContainerId, Usage> usage_ ABSL_GUARDED_BY(stats_mu_);
  uint64_t sealed_bytes_ ABSL_GUARDED_BY(stats_mu_) = 0;
  uint64_t packs_since_snapshot_ ABSL_GUARDED_BY(stats_mu_) = 0;
  uint64_t pack_changes_ ABSL_GUARDED_BY(stats_mu_) = 0;  // of summaries_
  uint64_t unreduced_bytes_ ABSL_GUARDED_BY(stats_mu_) = 0;
  // Changes of packs, and packs that were examined, for which that holds.
  std::pair<uint64_t, uint64_t> unreduced_at_ ABSL_GUARDED_BY(stats_mu_) = {UINT64_MAX, 0};
  bool snapshot_unusable_ ABSL_GUARDED_BY(stats_mu_) = false;  // the one on disk
  std::vector<FoundAtStart> found_at_start_ ABSL_GUARDED_BY(stats_mu_);
  absl::Status write_error_
      ABSL_GUARDED_BY(stats_mu_);  // of the last group or pack that could not be written
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_CHUNK_STORE_H_
