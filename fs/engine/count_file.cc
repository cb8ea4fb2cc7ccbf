// The count of references survives an orderly end: docs/format/references.md.
#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "fs/engine/chunk_store.h"
#include "fs/format/reference_counts.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {
namespace {

RootJournal::Changes ChangesOf(format::ReferenceCounts& from) {
  RootJournal::Changes changes;
  for (format::ReferenceCounts::Change& change : from.changes)
    changes[change.ino] = {std::move(change.before), std::move(change.after)};
  from.changes.clear();
  return changes;
}

}  // namespace

void ChunkStore::SaveCount(const std::string& names_state) {
  // What lies in a path that is missing was counted as lying nowhere.
  if (!references_.exact() || !journal_.counting() || packs_->AnyOffline()) return;
  format::ReferenceCounts out;
  out.names_state = names_state;
  out.dropped_bytes = journal_.dropped_bytes();
  references_.Take(&out);
  {
    absl::MutexLock lock(&stats_mu_);
    for (format::ReferenceCounts::Pack& pack : out.packs) {
      auto summary = summaries_.find(pack.id);
      if (summary != summaries_.end()) pack.file_bytes = summary->second.file_bytes;
    }
  }
  for (auto& [ino, change] : journal_.Take())
    out.changes.push_back({ino, std::move(change.before), std::move(change.after)});
  absl::Status saved =
      io::WriteFileAtomically(SnapshotFiles(), CountPath(), format::EncodeReferenceCounts(out));
  if (saved.ok()) return;
  log::Warning("the cleaner's count was not saved; its next run counts everything", "group",
               options_.group.value, "error", MessageOf(saved));
}

void ChunkStore::LoadCount() {
  (void)options_.fs->RemoveFile(CountPath() + ".tmp");  // of an end that was cut; mostly not there
  absl::StatusOr<std::string> bytes = io::ReadFile(SnapshotFiles(), CountPath());
  if (absl::IsNotFound(bytes.status())) return;
  absl::StatusOr<format::ReferenceCounts> counts =
      bytes.ok() ? format::DecodeReferenceCounts(*bytes) : bytes.status();
  if (absl::Status gone = io::RemoveFileDurably(*options_.fs, CountPath()); !gone.ok())
    counts = gone;
  if (!counts.ok()) {
    log::Warning("the cleaner's count is unusable; its next run counts everything", "group",
                 options_.group.value, "error", MessageOf(counts.status()));
    NoteAtStart(fmt::format("the cleaner's count of storage group {} is unusable: {}",
                            options_.group.value, MessageOf(counts.status())),
                true);
    return;
  }
  if (!Fits(*counts)) {
    log::Info("the cleaner's count is of another state; its next run counts everything", "group",
              options_.group.value);
    return;
  }
  RootJournal::Changes changes = ChangesOf(*counts);
  const uint64_t dropped_bytes = counts->dropped_bytes;
  references_.Put(*std::move(counts));
  if (journal_.Resume(std::move(changes), dropped_bytes)) {
    references_.SetExact();
  } else {
    references_.Reset();  // files were deleted while the group was locked
  }
}

bool ChunkStore::Fits(const format::ReferenceCounts& counts) {
  if (counts.names_state.empty() || counts.names_state != options_.names_state) return false;
  absl::MutexLock lock(&stats_mu_);
  for (const format::ReferenceCounts::Pack& pack : counts.packs) {
    auto summary = summaries_.find(pack.id);
    if (summary == summaries_.end() || summary->second.file_bytes != pack.file_bytes) return false;
  }
  return true;
}

}  // namespace oca::engine
