// The file `repairs` of a repository: which repairs were made, and what each found and did. Byte
// map in docs/format/health.md. Pure: no I/O.
#ifndef OCA_FS_FORMAT_REPAIR_HISTORY_H_
#define OCA_FS_FORMAT_REPAIR_HISTORY_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/ids.h"

namespace oca::format {

struct RepairRecord {
  int64_t started = 0;  // Unix seconds
  int64_t ended = 0;
  GroupId group = {};        // 0: all
  uint64_t fault_count = 0;  // that were left
  std::string error = {};    // why it ended early; empty: it did not
  std::vector<std::string> repairs = {};
  std::vector<std::string> faults = {};
  friend bool operator==(const RepairRecord&, const RepairRecord&) = default;
};

std::string EncodeRepairHistory(const std::vector<RepairRecord>& records);
// kDataLoss when a byte of it is damaged; kFailedPrecondition: a newer version.
absl::StatusOr<std::vector<RepairRecord>> DecodeRepairHistory(std::string_view bytes);

}  // namespace oca::format

#endif  // OCA_FS_FORMAT_REPAIR_HISTORY_H_
