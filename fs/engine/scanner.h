// The scan: checks what is stored while it is in use. Metadata: every relation between names, every
// recipe down to its chunks being held. Data: before, every pack is read and every chunk compared
// with its fingerprint. Faults of files name their paths.
#ifndef OCA_FS_ENGINE_SCANNER_H_
#define OCA_FS_ENGINE_SCANNER_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "fs/engine/background_job.h"
#include "fs/engine/cleaner.h"
#include "fs/engine/recipe_check.h"
#include "fs/engine/repair_history.h"
#include "fs/engine/stats.h"
#include "lib/base/clock.h"

namespace oca::engine {

// Thread-safe.
class Scanner {
 public:
  // `history` is told of each repair that ended.
  Scanner(CleanerHost* host, Clock* clock, RepairHistory* history)
      : host_(host), clock_(clock), history_(history), job_(clock) {}

  // Begins a scan in the background, of one group or all; EBUSY when one is under way.
  // repair: besides, what can be mended without loss is mended before it is judged.
  absl::Status Start(ScanLevel level, std::optional<GroupId> group, bool repair = false);
  // Ends a scan soon; returns when it has ended.
  void Stop() { job_.Stop(); }
  void AwaitEnd(absl::Duration timeout) { job_.AwaitEnd(timeout); }
  ScanStatus status() { return job_.status(); }

 private:
  absl::Status Run(ScanLevel level, std::optional<GroupId> group, bool repair);
  void NoteRepair(const absl::Status& result);
  absl::Status ScanNames();
  absl::Status ScanRecipes(std::optional<GroupId> group);
  absl::Status ScanPacks(std::optional<GroupId> group, bool repair);
  // What is wrong with the file's content; empty: nothing.
  absl::StatusOr<std::string> ScanRecipe(ChunkStore* store, const names::Inode& inode,
                                         RecipeCheck* check);
  absl::Status AddFileFaults(const std::map<InodeNo, std::string>& faults);
  void AddFault(std::string fault);
  void AddRepairs(std::vector<std::string> done);

  CleanerHost* const host_;
  Clock* const clock_;
  RepairHistory* const history_;
  BackgroundJob<ScanStatus> job_;
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_SCANNER_H_
