// The scan: checks what is stored while it is in use. Metadata: every relation between names, every
// recipe down to its chunks being held. Data: besides, every pack is read and every chunk compared
// with its fingerprint.
#ifndef OCA_FS_ENGINE_SCANNER_H_
#define OCA_FS_ENGINE_SCANNER_H_

#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "fs/engine/cleaner.h"
#include "fs/engine/stats.h"
#include "lib/base/clock.h"

namespace oca::engine {

// Thread-safe.
class Scanner {
 public:
  Scanner(CleanerHost* host, Clock* clock) : host_(host), clock_(clock) {}
  ~Scanner();

  // Begins a scan in the background, of one group or all; EBUSY when one is under way.
  absl::Status Start(ScanLevel level, std::optional<GroupId> group) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status Stop() ABSL_LOCKS_EXCLUDED(mu_);
  ScanStatus status() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Run(ScanLevel level, std::optional<GroupId> group) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status ScanNames();
  absl::Status ScanRecipes(std::optional<GroupId> group);
  absl::Status ScanPacks(std::optional<GroupId> group);
  absl::Status ScanRecipe(ChunkStore* store, const names::Inode& inode,
                          absl::flat_hash_set<Fingerprint>* seen);
  void AddFault(std::string fault) ABSL_LOCKS_EXCLUDED(mu_);
  void SetProgress(double percent) ABSL_LOCKS_EXCLUDED(mu_);

  CleanerHost* const host_;
  Clock* const clock_;
  std::atomic<bool> stop_{false};
  absl::Mutex mu_;
  ScanStatus status_ ABSL_GUARDED_BY(mu_);
  std::thread thread_ ABSL_GUARDED_BY(mu_);
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_SCANNER_H_
