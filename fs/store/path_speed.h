// How fast a folder's disk reads: reads a second, one at a time, in order and at random.
#ifndef OCA_FS_STORE_PATH_SPEED_H_
#define OCA_FS_STORE_PATH_SPEED_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/io/file_system.h"

namespace oca::store {

// Of in-order reads of 64 KiB, and of random reads of 4 KiB, in a second: what a path of the
// performance tier must reach.
inline constexpr uint64_t kLeastSequentialReads = 2000;
inline constexpr uint64_t kLeastRandomReads = 850;

struct PathSpeed {
  uint64_t sequential_reads = 0;  // a second
  uint64_t random_reads = 0;
  bool past_cache = false;  // else the file system cannot, and its cache was measured too
  uint64_t file_bytes = 0;  // that were read from
  io::SpaceInfo space;
};

// Writes a file of at most 512 MiB, and a quarter of what is free, into `dir`, reads it for at most
// three seconds in each way, and removes it whatever happens; one that a crash left behind is
// written over. ENOENT, ENOTDIR, ENOSPC (less than 64 MiB are free), errors of writing and reading.
// `most_bytes`: of the file, whole MiB, at least 16.
inline constexpr uint64_t kMostSpeedFileBytes = 512u << 20;
absl::StatusOr<PathSpeed> MeasurePathSpeed(io::FileSystem& fs, Clock& clock, const std::string& dir,
                                           uint64_t most_bytes = kMostSpeedFileBytes);

}  // namespace oca::store

#endif  // OCA_FS_STORE_PATH_SPEED_H_
