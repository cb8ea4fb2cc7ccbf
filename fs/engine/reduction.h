// What is known for storing chunks as deltas against similar ones: which packs were looked through
// for such chunks, and where chunks lie that others may resemble. All of it is a cache: what is
// lost costs reduction, or a second look, and nothing else.
#ifndef OCA_FS_ENGINE_REDUCTION_H_
#define OCA_FS_ENGINE_REDUCTION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "fs/chunk/sketch.h"
#include "fs/engine/open_pack.h"
#include "fs/index/similarity_table.h"
#include "lib/base/ids.h"
#include "lib/io/file_system.h"

namespace oca::engine {

// What one step of the sweep found out about the chunks that it moves.
struct FoundInStep {
  using Place = std::pair<PackId, uint32_t>;
  absl::flat_hash_map<Place, Delta> deltas;            // how they are to be stored
  absl::flat_hash_map<Place, chunk::Sketch> sketches;  // of those that are stored plain
};

// Thread-safe.
class Reduction {
 public:
  // Forgets the table when the budget changes.
  void SetBudget(uint64_t bytes) ABSL_LOCKS_EXCLUDED(mu_);

  bool Examined(PackId pack) const ABSL_LOCKS_EXCLUDED(mu_);
  uint64_t examined_packs() const ABSL_LOCKS_EXCLUDED(mu_);
  void NoteExamined(PackId pack) ABSL_LOCKS_EXCLUDED(mu_);
  // The pack is gone.
  void Forget(PackId pack) ABSL_LOCKS_EXCLUDED(mu_);

  void Insert(const chunk::Sketch& sketch, const index::SimilarChunk& at) ABSL_LOCKS_EXCLUDED(mu_);
  std::vector<index::SimilarChunk> Find(const chunk::Sketch& sketch) const ABSL_LOCKS_EXCLUDED(mu_);

  // From and to a file, as docs/format/similarity.md says. kNotFound, or kDataLoss: it stays empty.
  absl::Status Load(io::FileSystem& fs, const std::string& path) ABSL_LOCKS_EXCLUDED(mu_);
  // Nothing when it was not changed since.
  absl::Status Save(io::FileSystem& fs, const std::string& path) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  mutable absl::Mutex mu_;
  uint64_t budget_ ABSL_GUARDED_BY(mu_) = 0;
  bool changed_ ABSL_GUARDED_BY(mu_) = false;
  absl::flat_hash_set<PackId> examined_ ABSL_GUARDED_BY(mu_);
  index::SimilarityTable table_ ABSL_GUARDED_BY(mu_);
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_REDUCTION_H_
