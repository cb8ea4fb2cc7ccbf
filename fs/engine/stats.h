// What the engine tells about itself. All sizes in bytes.
#ifndef OCA_FS_ENGINE_STATS_H_
#define OCA_FS_ENGINE_STATS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "fs/format/repair_history.h"
#include "fs/index/fingerprint_index.h"
#include "fs/names/records.h"
#include "lib/base/ids.h"

namespace oca::engine {

enum class JobState { kIdle, kRunning, kDone, kStopped, kFailed };

// Byte counters after each stage of reduction. For a container, the three last ones are what it was
// first to store.
struct ReductionCounters {
  uint64_t current_bytes = 0;           // sum of file sizes
  uint64_t post_dedupe_bytes = 0;       // plain bytes of the chunks held
  uint64_t post_compression_bytes = 0;  // their bytes after compression
  uint64_t physical_bytes =
      0;  // bytes of pack files on disk (for a container: its groups, framing included)
  // Of the chunks held, those that are stored as deltas against similar ones: plain, and as stored.
  uint64_t delta_plain_bytes = 0;
  uint64_t delta_stored_bytes = 0;
};

enum class EncryptionMode { kStatic, kInternal };

// Encryption of a storage group at rest (docs/security.md).
struct EncryptionStatus {
  enum class Keys { kNone, kLocked, kUnlocked, kUnusable } keys = Keys::kNone;
  std::string problem;  // why keys are unusable
  bool on = false;      // new data is encrypted
  EncryptionMode mode = EncryptionMode::kStatic;
  uint64_t rotation_seconds = 0;
  uint64_t content_keys = 0;
  absl::Time newest_key;  // when the key in use was made; epoch while locked
  // Data from before encryption was turned on is encrypted in the background.
  uint64_t plain_bytes = 0;  // of pack files; 0 too while locked
  uint64_t encrypted_bytes = 0;
  bool names_done = false;           // no inode holds a plain recipe root any more
  JobState state = JobState::kIdle;  // of that work; kDone: all is encrypted
  double progress_percent = 0;
};

// A folder that holds packs: the repository's own, or a storage path.
struct StoragePathStatus {
  std::string dir = {};
  std::string uuid = {};  // empty for the repository
  enum class State { kOnline, kFull, kMissing, kForeign, kDraining } state = State::kOnline;
  std::string why = {};  // when it is not online; when draining, what is in the way
  uint64_t total_bytes = 0;
  uint64_t available_bytes = 0;
  uint64_t packs = 0;  // known to lie there
  uint64_t pack_bytes = 0;
  bool tier = false;           // for packs of the performance tier only
  bool draining = false;       // also while it is missing
  double drained_percent = 0;  // while draining
  bool removed = false;        // it was drained, and is no storage path any more
};

// What a folder's disk can do, and what a path of the performance tier must be able to.
struct PathTest {
  uint64_t sequential_reads = 0;  // of 64 KiB, one at a time, a second
  uint64_t random_reads = 0;      // of 4 KiB
  uint64_t sequential_required = 0;
  uint64_t random_required = 0;
  bool past_cache = false;  // else the kernel's cache was measured too
  uint64_t total_bytes = 0;
  uint64_t free_bytes = 0;
  bool passed() const {
    return sequential_reads >= sequential_required && random_reads >= random_required;
  }
};

struct GroupStats {
  GroupId id;
  std::string name;
  ReductionCounters bytes;
  uint64_t total_inodes = 0;
  uint64_t files = 0;
  double read_mib_per_s = 0;  // over the last seconds
  double write_mib_per_s = 0;
  uint64_t read_bytes = 0;  // since the daemon's start
  uint64_t written_bytes = 0;
  uint64_t quota_bytes = 0;
  uint64_t capacity_free_bytes = 0;
  index::IndexStats index;
  uint64_t packs = 0;
  JobState encryption_state = JobState::kIdle;  // as EncryptionStatus::state
  uint64_t encrypted_bytes = 0;                 // of pack files
  JobState cleaner_state = JobState::kIdle;
};

struct ContainerStats {
  ContainerId id;
  std::string name;
  GroupId group;
  ReductionCounters bytes;
  uint64_t total_inodes = 0;
  uint64_t files = 0;
  double read_mib_per_s = 0;
  double write_mib_per_s = 0;
  uint64_t read_bytes = 0;
  uint64_t written_bytes = 0;
  names::ContainerMarker marker = names::ContainerMarker::kAuto;
  // Since the daemon started: streams by the format of their first header, headers, bytes of
  // headers, and of payload after a stream's first header.
  std::vector<std::pair<std::string_view, uint64_t>> recognised_formats;
  uint64_t recognised_headers = 0;
  uint64_t recognised_header_bytes = 0;
  uint64_t recognised_payload_bytes = 0;
  // In the recycle bin; counted in the others too.
  uint64_t recycled_inodes = 0;
  uint64_t recycled_files = 0;
  uint64_t recycled_bytes = 0;
};

struct CleanerStatus {
  JobState state = JobState::kIdle;
  bool automatic = false;       // it started itself
  std::string phase;            // "mark", "sweep", "reduce", ""
  double progress_percent = 0;  // of the phase
  bool whole = false;           // every recipe was counted, not only what changed
  uint64_t recipes_counted = 0;
  uint64_t packs_examined = 0;
  uint64_t packs_removed = 0;
  uint64_t bytes_reclaimed = 0;  // physical, net of what was copied forward
  uint64_t bytes_copied = 0;
  uint64_t bytes_saved = 0;  // by storing chunks as deltas against similar ones
  std::string error;
  absl::Time started, ended;
  // As things stand now.
  uint64_t reclaimable_bytes = 0;  // physical, known to be dead
  uint64_t debt_bytes = 0;  // of them worth sweeping, and file bytes dropped since the last count
  absl::Duration time_left = absl::InfiniteDuration();  // infinite: not known
  absl::Duration longest_pause;  // of a call in the foreground, for the cleaner, in the last run
};

enum class ScanLevel { kVerifyMetadata, kVerifyData };

struct ScanStatus {
  JobState state = JobState::kIdle;
  ScanLevel level = ScanLevel::kVerifyMetadata;
  double progress_percent = 0;
  uint64_t packs_checked = 0;
  uint64_t chunks_checked = 0;
  uint64_t inodes_checked = 0;
  std::vector<std::string> faults;  // the first 1000
  uint64_t fault_count = 0;
  std::optional<GroupId> group;      // the only one; none: all
  bool repair = false;               // it also mends what can be mended
  std::vector<std::string> repairs;  // what it did, the first 1000
  std::string error;
  absl::Time started, ended;
};

using RepairRecord = format::RepairRecord;

// What became of a quarantine that was looked at again.
struct QuarantineCleared {
  uint64_t before = 0;         // groups of chunks that were in it
  uint64_t good_again = 0;     // could be read, and are in use again
  uint64_t still_damaged = 0;  // stay
  uint64_t packs_deleted = 0;  // that were set aside because nothing in them was whole
};

// Damage that the start met.
struct FoundAtStart {
  std::string what;
  bool mended = false;  // what was damaged is made anew; else the start went on without it
};

// A group of chunks in quarantine of which something is held nowhere else.
struct DamagedGroup {
  GroupId group;
  PackId pack;
  uint64_t offset = 0;  // in the pack's file
  absl::Time found;
  uint64_t chunks = 0;  // 0: not known
  uint64_t chunks_lost = 0;
};

struct HealthStatus {
  std::vector<DamagedGroup> damaged;
  uint64_t packs = 0;
  uint64_t packs_verified = 0;          // good at their last check
  absl::Time oldest_check;              // of them; InfiniteFuture when none was verified
  uint64_t scrub_bytes_per_second = 0;  // 0: packs are not checked in the background
  std::vector<FoundAtStart> found_at_start;
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_STATS_H_
