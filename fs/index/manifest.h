// Inside oca_index: the snapshot's main file, which names the runs. Byte map:
// docs/format/index.md.
#ifndef OCA_FS_INDEX_MANIFEST_H_
#define OCA_FS_INDEX_MANIFEST_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "fs/index/run.h"

namespace oca::index {

struct Manifest {
  uint64_t next_run = 1;          // number of the next run
  std::vector<RunInfo> runs;      // oldest first
  std::vector<uint64_t> dropped;  // packs whose entries in the runs do not count; ascending
  std::string meta;               // the caller's
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

std::string EncodeManifest(const Manifest& manifest);
// kDataLoss unless these are exactly the bytes that EncodeManifest makes of the result.
absl::StatusOr<Manifest> DecodeManifest(std::string_view bytes);

// The file of a run of the snapshot at `path`.
std::string RunPath(const std::string& path, uint64_t number);

}  // namespace oca::index

#endif  // OCA_FS_INDEX_MANIFEST_H_
