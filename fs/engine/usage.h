// Who uses the packs of a storage group: sums per container, kept per pack so that they survive
// restarts and cleaning.
#ifndef OCA_FS_ENGINE_USAGE_H_
#define OCA_FS_ENGINE_USAGE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "fs/engine/stats.h"
#include "fs/format/pack.h"
#include "lib/base/coding.h"
#include "lib/base/ids.h"

namespace oca::engine {

// Bytes in groups of one container. Plain and compressed bytes count file data only; physical
// counts recipe nodes and framing too.
struct Usage {
  uint64_t plain_bytes = 0;
  uint64_t stored_bytes = 0;
  uint64_t physical_bytes = 0;
  // Of them, what is stored as deltas against other chunks.
  uint64_t delta_plain_bytes = 0;
  uint64_t delta_stored_bytes = 0;
  Usage& operator+=(const Usage& other);
  Usage& operator-=(const Usage& other);
};

struct PackSummary {
  uint64_t file_bytes = 0;
  uint32_t chunk_count = 0;
  format::KeyId key = 0;  // that encrypts the pack; 0 = none
  bool of_deltas = false;
  std::vector<std::pair<ContainerId, Usage>> containers;
};

// What a sealed pack of `file_bytes` holds, by its footer.
PackSummary Summarize(const format::PackFooter& footer, uint64_t file_bytes);

void EncodePackSummary(const PackSummary& summary, std::string* out);
PackSummary DecodePackSummary(ByteReader& in);  // check in.ok()

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_USAGE_H_
