// The cleaner: finds the chunks that no file refers to and gives their space back. Phases: mark
// (count the recipe roots that came and went since the last run, or all of them when no count is
// there), sweep (copy live chunks out of packs with dead ones, remove those packs), reduce (store
// new chunks that resemble others as deltas). Online, gives
// way to the foreground, and restartable: an interrupted run has only made copies, which the next
// run finds. Starts itself when there is enough to gain.
#ifndef OCA_FS_ENGINE_CLEANER_H_
#define OCA_FS_ENGINE_CLEANER_H_

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "fs/engine/background_job.h"
#include "fs/engine/chunk_store.h"
#include "fs/engine/file_content.h"
#include "fs/engine/filesystem.h"
#include "fs/engine/stats.h"
#include "fs/names/names.h"
#include "lib/base/clock.h"

namespace oca::engine {

struct HeldFile {
  ContainerId container;
  FileContent::Held refs;
};

// What cleaner and scanner need of the engine.
class CleanerHost {
 public:
  struct Room {
    uint64_t free_bytes = 0;
    bool is_short = false;  // writers are refused soon, or are already
  };
  virtual ~CleanerHost() = default;
  virtual std::vector<std::pair<GroupId, ChunkStore*>> ChunkStores() = 0;
  // Null when the container is not known any more.
  virtual ChunkStore* StoreOf(ContainerId container) = 0;
  // Returns when every call on contents that was running has ended.
  virtual void QuiesceOperations() = 0;
  virtual std::vector<HeldFile> HeldFiles() = 0;
  virtual names::Names& names() = 0;
  virtual absl::Status CommitNames() = 0;
  // Calls on contents so far.
  virtual uint64_t ForegroundCalls() = 0;
  // The longest that such a call waited for QuiesceOperations since this was last asked.
  virtual absl::Duration TakeLongestWait() = 0;
  virtual Room DiskRoom() = 0;
};

// Whether `now` lies in a window, in that time zone.
bool IsInWindow(const CleanerSchedule& schedule, absl::Time now, absl::TimeZone zone);

// Thread-safe.
class Cleaner {
 public:
  Cleaner(CleanerHost* host, Clock* clock, const Cleaning& cleaning)
      : host_(host), clock_(clock), cleaning_(cleaning), job_(clock) {}

  // Begins a run in the background. When one that started itself is under way, that one becomes
  // the caller's and goes on until all that was dead at this call is gone. EBUSY when one that was
  // asked for is under way.
  absl::Status Start() ABSL_LOCKS_EXCLUDED(mu_);
  // A run of the engine's own accord; EBUSY when one is under way.
  absl::Status StartAutomatically() ABSL_LOCKS_EXCLUDED(mu_);
  // The same, if there is enough to gain. To be called every few seconds, by one thread. Within a
  // window of its schedule anything is enough, and it rests less. A run that the window began ends
  // with it, at the next safe point, unless runs begin without windows too.
  void StartIfDue(bool in_window) ABSL_LOCKS_EXCLUDED(mu_);
  // Ends a run at the next safe point; returns when it has ended.
  void Stop() { job_.Stop(); }

  // No run is under way or begins while this lives.
  class Exclusion;
  // Stops a run that started itself. Null when one that was asked for is under way.
  std::unique_ptr<Exclusion> Exclude() ABSL_LOCKS_EXCLUDED(mu_);

  CleanerStatus status() ABSL_LOCKS_EXCLUDED(mu_);
  JobState state() { return job_.status().state; }
  std::string last_error() { return job_.status().error; }

 private:
  // One group in one run.
  struct Group {
    ChunkStore* store = nullptr;
    bool whole = false;  // count every root
    RootJournal::Changes changes;
    absl::flat_hash_set<Fingerprint> held_nodes_seen;
  };
  struct Epoch {
    absl::flat_hash_map<ChunkStore*, Group> groups;
    uint64_t total_bytes = 0;  // of the packs to sweep
    uint64_t done_bytes = 0;
    int64_t sweep_began_ns = 0;
    bool bases_released = false;  // there may be more to sweep now
  };

  absl::Status StartRun(bool automatic) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Run() ABSL_LOCKS_EXCLUDED(mu_);
  // Another round was asked for, or this was the last one.
  bool BeginNextRound() ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status RunEpoch(Epoch& epoch);
  absl::Status Mark(Epoch& epoch);
  absl::Status CountAll(Epoch& epoch);
  absl::Status CountChanges(Group& group);
  absl::Status CountContent(ChunkStore& store, InodeNo ino, const std::string& content, bool add,
                            const ChunkStore::PauseFn& pause);
  absl::Status MarkHeld(Epoch& epoch, const std::vector<HeldFile>& held);
  absl::Status Sweep(Epoch& epoch);
  absl::Status SweepGroup(Epoch& epoch, Group& group, const SweepPlan& plan);
  absl::Status Reduce(Epoch& epoch);
  absl::Status ReduceGroup(ChunkStore& store, std::span<const SweepPlan::Pack> packs,
                           uint64_t total_bytes, uint64_t* done_bytes);
  // Reduction is for idle hours; a run that was asked for goes on beside the foreground.
  bool LeavesReduction() ABSL_LOCKS_EXCLUDED(mu_);
  bool SomebodyIsThere(int64_t now_ns);
  // How much of a step may be copied: bounds the temporary space and the work lost by a stop.
  uint64_t StepBytes();
  void NoteStep(Epoch& epoch, std::span<const SweepPlan::Pack> packs, const SweepResult& step);
  void NotePauses();
  void SetPhase(const char* phase, double progress_percent);
  // Gives way to the foreground. kCancelled: the run shall end.
  absl::Status Pause();
  // Bytes in packs that were not looked through for similar chunks.
  uint64_t Unreduced();
  // File bytes dropped since the last count, and what a stopped run left.
  uint64_t Debt() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  CleanerHost* const host_;
  Clock* const clock_;
  const Cleaning cleaning_;

  absl::Mutex mu_;
  bool running_ ABSL_GUARDED_BY(mu_) = false;
  bool automatic_ ABSL_GUARDED_BY(mu_) = false;
  bool by_window_ ABSL_GUARDED_BY(mu_) = false;  // the run ends with it
  std::atomic<bool> in_window_{false};
  bool once_more_ ABSL_GUARDED_BY(mu_) = false;
  bool excluded_ ABSL_GUARDED_BY(mu_) = false;
  bool failed_ ABSL_GUARDED_BY(mu_) = false;      // the last run
  int64_t ended_ns_ ABSL_GUARDED_BY(mu_) = 0;     // the last run; monotonic
  uint64_t left_bytes_ ABSL_GUARDED_BY(mu_) = 0;  // worth sweeping, when it ended
  double sweep_rate_ ABSL_GUARDED_BY(mu_) = 0;    // bytes of packs in a second, in the last sweep

  // Of StartIfDue's thread.
  uint64_t calls_at_last_look_ = 0;
  int64_t busy_ns_ = 0;
  // Of the run's thread: when work began that is not paid for yet, and whether somebody is there.
  int64_t work_began_ns_ = 0;
  uint64_t calls_seen_ = 0;
  int64_t busy_until_ns_ = 0;

  BackgroundJob<CleanerStatus> job_;  // last: its run uses the others
};

class Cleaner::Exclusion {
 public:
  explicit Exclusion(Cleaner* cleaner) : cleaner_(cleaner) {}
  ~Exclusion() {
    absl::MutexLock lock(&cleaner_->mu_);
    cleaner_->excluded_ = false;
  }
  Exclusion(const Exclusion&) = delete;
  Exclusion& operator=(const Exclusion&) = delete;

 private:
  Cleaner* const cleaner_;
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_CLEANER_H_
