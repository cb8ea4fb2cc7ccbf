// The cleaner: finds the chunks that no file refers to and gives their space back. Phases: mark
// (walk every recipe), sweep (copy live chunks out of packs with dead ones, remove those packs).
// Online and restartable: an interrupted run has only made copies, which the next run finds.
#ifndef OCA_FS_ENGINE_CLEANER_H_
#define OCA_FS_ENGINE_CLEANER_H_

#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "fs/engine/background_job.h"
#include "fs/engine/chunk_store.h"
#include "fs/engine/file_content.h"
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
  virtual ~CleanerHost() = default;
  virtual std::vector<std::pair<GroupId, ChunkStore*>> ChunkStores() = 0;
  // Null when the container is not known any more.
  virtual ChunkStore* StoreOf(ContainerId container) = 0;
  // Returns when every call on contents that was running has ended.
  virtual void QuiesceOperations() = 0;
  virtual std::vector<HeldFile> HeldFiles() = 0;
  virtual names::Names& names() = 0;
  virtual absl::Status CommitNames() = 0;
};

// Thread-safe.
class Cleaner {
 public:
  Cleaner(CleanerHost* host, Clock* clock) : host_(host), job_(clock) {}

  // Begins a run in the background; EBUSY when one is under way.
  absl::Status Start();
  // Ends a run at the next safe point; returns when it has ended.
  void Stop() { job_.Stop(); }
  CleanerStatus status() { return job_.status(); }

 private:
  struct Epoch;
  absl::Status Run();
  absl::Status RunEpoch(Epoch& epoch);
  absl::Status Mark(Epoch& epoch);
  absl::Status MarkRoot(Epoch& epoch, ContainerId container, const tree::Root& root);
  absl::Status Sweep(Epoch& epoch);
  void SetPhase(const char* phase, double progress_percent);

  CleanerHost* const host_;
  BackgroundJob<CleanerStatus> job_;
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_CLEANER_H_
