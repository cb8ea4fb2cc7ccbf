// The file `health` of a storage group: which parts of its packs are known to be damaged, and when
// each pack was last read and checked. Byte map in docs/format/health.md. Pure: no I/O.
#ifndef OCA_FS_FORMAT_PACK_HEALTH_H_
#define OCA_FS_FORMAT_PACK_HEALTH_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "lib/base/ids.h"

namespace oca::format {

// A group of chunks: its pack, and the offset of the encoded group in the file.
using GroupPosition = std::pair<PackId, uint64_t>;

struct PackCheck {
  int64_t at = 0;         // Unix seconds: of the last check, or when the pack was first seen
  bool verified = false;  // it was read whole and agreed with all its checksums then
  friend bool operator==(const PackCheck&, const PackCheck&) = default;
};

struct PackHealth {
  std::map<GroupPosition, int64_t> damaged;  // -> when that was found, Unix seconds
  std::map<PackId, PackCheck> checks;
  friend bool operator==(const PackHealth&, const PackHealth&) = default;
};

std::string EncodePackHealth(const PackHealth& health);
// kDataLoss when a byte of it is damaged; kFailedPrecondition: a newer version.
absl::StatusOr<PackHealth> DecodePackHealth(std::string_view bytes);

}  // namespace oca::format

#endif  // OCA_FS_FORMAT_PACK_HEALTH_H_
