// An in-memory disk that fails on command and loses power the hard way.
#ifndef OCA_LIB_IO_TESTING_FAULT_FILE_SYSTEM_H_
#define OCA_LIB_IO_TESTING_FAULT_FILE_SYSTEM_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/io/testing/memory_file_system.h"
#include "lib/io/testing/pending_entry_ops.h"

namespace oca::io {

// Use in a sweep: for n = 1, 2, ... { CutPowerAt(n); run the workload; bool cut = PowerIsCut();
// PowerCycle(seed); reopen and check; stop when !cut }. Everything is deterministic when the
// workload is.
//
// What PowerCycle leaves (the durability model of lib/io/file_system.h at its hardest):
//   * Bytes that were synced, and neither written nor truncated since, are intact.
//   * Of the other bytes each 512-byte sector is lost (the synced bytes, or zeros), kept, torn
//   (kept up to some byte), or its
//     written bytes are garbage. The size is the synced one, the present one, or between.
//   * After a failed Sync, a later Sync of another handle makes durable only pages written since.
//   * Of the directory changes that no SyncDir covered any subset has happened; each wholly or not
//   at all. A file whose
//     creation is lost is gone, synced or not. Of two renames onto one name the later may happen
//     alone. A rename between directories counts as covered after SyncDir of both.
//
// Thread-safe.
class FaultFileSystem final : public MemoryFileSystem {
 public:
  enum class Duration { kTransient, kPersistent };

  explicit FaultFileSystem(Clock& clock = SystemClock()) : MemoryFileSystem(clock) {}

  // How many calls that change the disk (Mutates(Op)) were made and not refused for a reason of
  // their own (ENOENT ...).
  uint64_t MutatingCalls();
  // Likewise, calls of any kind.
  uint64_t Calls();

  // The power goes during the n-th mutating call from now (n >= 1): that call and every call after
  // it, of any kind, fail with EIO. Except for Sync and SyncDir the n-th call may still have had
  // its effect.
  void CutPowerAt(uint64_t n);
  // The power goes now.
  void CutPower();
  bool PowerIsCut();
  // Cuts the power when it is still there, chooses what the disk holds by `seed`, and starts the
  // machine again: scheduled faults are cleared (not the capacity), Files fail with EIO for good,
  // locks are free.
  void PowerCycle(uint64_t seed);

  // The n-th mutating call from now (n >= 1) fails; kPersistent: and every mutating call after it.
  // A failed write has written its first half. A failed Sync fails for good on its File.
  void FailAt(uint64_t n, int error_number, Duration duration = Duration::kTransient);
  // As FailAt, of calls of any kind: reads and look-ups too.
  void FailAnyAt(uint64_t n, int error_number, Duration duration = Duration::kTransient);
  // Calls of kind `op` on a path (either, if there are two) that contains `path_part` fail;
  // kTransient: only the first one.
  void FailMatching(Op op, std::string path_part, int error_number,
                    Duration duration = Duration::kPersistent);
  // Forgets CutPowerAt, FailAt, FailAnyAt and FailMatching; does not bring power back.
  void ClearFaults();

 private:
  struct Failure {
    uint64_t at = 0;  // number of a call; 0 is never
    int error_number = 0;
    Duration duration = Duration::kTransient;

    bool Hits(uint64_t call) const {
      return at != 0 && (call == at || (call > at && duration == Duration::kPersistent));
    }
  };
  struct Rule {
    Op op;
    std::string path_part;
    int error_number;
    Duration duration;
  };

  Verdict Admit(Op op, std::string_view path, std::string_view second_path) override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void OnEntryChange(EntryOp op) override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void OnSync(MemoryNode& node) override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void OnSyncFailed(MemoryNode& node) override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void OnSyncDir(const MemoryNodePtr& dir) override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void ClearFaultsLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  PendingEntryOps pending_ ABSL_GUARDED_BY(mu_);
  uint64_t calls_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t mutating_calls_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t cut_at_ ABSL_GUARDED_BY(mu_) = 0;  // value of mutating_calls_; 0 is never
  Failure failure_ ABSL_GUARDED_BY(mu_);      // of mutating_calls_
  Failure any_failure_ ABSL_GUARDED_BY(mu_);  // of calls_
  std::vector<Rule> rules_ ABSL_GUARDED_BY(mu_);
};

}  // namespace oca::io

#endif  // OCA_LIB_IO_TESTING_FAULT_FILE_SYSTEM_H_
