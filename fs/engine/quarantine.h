// What is known of the health of a storage group's packs, kept across restarts: the groups of
// chunks that are damaged, which nobody may read or count on, and when each pack was last checked.
#ifndef OCA_FS_ENGINE_QUARANTINE_H_
#define OCA_FS_ENGINE_QUARANTINE_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "fs/format/pack_health.h"
#include "lib/base/ids.h"
#include "lib/io/file_system.h"

namespace oca::engine {

// Thread-safe. Calls no other part of the engine: it may be called under any lock but those of the
// index.
class Quarantine {
 public:
  struct Entry {
    PackId pack;
    uint64_t offset = 0;  // of the encoded group in the pack
    int64_t found = 0;    // Unix seconds
  };

  Quarantine(io::FileSystem& fs, std::string path) : fs_(fs), path_(std::move(path)) {}

  // Reads the file. A damaged one is no obstacle: it counts as empty, so that every pack is due to
  // be checked again. Errors: of reading; kFailedPrecondition for a newer version.
  absl::Status Load();

  // Whether the group is known to be damaged.
  bool Holds(PackId pack, uint64_t offset) const;
  bool HoldsAny(PackId pack) const;
  std::vector<Entry> List() const;
  // The highest pack that it knows of: its number must not be given to another. 0 = none.
  PackId HighestPack() const;

  // Takes the group out of use; false when it was. Durable when it returns, unless the disk refuses
  // (then it is tried again with the next change).
  bool Add(PackId pack, uint64_t offset, int64_t now);
  // The group turned out to be good, or nobody needs it any more.
  void Remove(PackId pack, uint64_t offset);
  // The pack is gone.
  void Forget(PackId pack);

  // When the pack was last checked; one that was not known counts as first seen now.
  format::PackCheck CheckOf(PackId pack, int64_t now);
  // It was read whole: `good` when all of it agreed. Becomes durable with the next Save.
  void NoteCheck(PackId pack, bool good, int64_t now);
  // Makes durable what changed since the last time.
  absl::Status Save() ABSL_LOCKS_EXCLUDED(save_mu_, mu_);

 private:
  void SaveOrWarn() ABSL_LOCKS_EXCLUDED(save_mu_, mu_);

  io::FileSystem& fs_;
  const std::string path_;
  std::atomic<size_t> damaged_count_{0};  // = health_.damaged.size(), readable without the lock
  absl::Mutex save_mu_ ABSL_ACQUIRED_BEFORE(mu_);  // one writer of the file at a time
  mutable absl::Mutex mu_;
  format::PackHealth health_ ABSL_GUARDED_BY(mu_);
  bool changed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_QUARANTINE_H_
