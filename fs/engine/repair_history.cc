#include "fs/engine/repair_history.h"

#include <algorithm>
#include <utility>

#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {
namespace {

std::vector<std::string> FirstLines(const std::vector<std::string>& lines) {
  return {lines.begin(),
          lines.begin() + std::min<ptrdiff_t>(lines.size(), RepairHistory::kMostLines)};
}

}  // namespace

absl::Status RepairHistory::Load() {
  absl::StatusOr<std::string> bytes = io::ReadFile(fs_, path_);
  if (absl::IsNotFound(bytes.status())) return absl::OkStatus();
  if (!bytes.ok()) return bytes.status();
  auto records = format::DecodeRepairHistory(*bytes);
  if (absl::IsDataLoss(records.status())) {
    log::Warning("the history of repairs is damaged and begins anew", "file", path_, "error",
                 MessageOf(records.status()));
    return absl::OkStatus();
  }
  if (!records.ok()) return Annotate(records.status(), path_);
  absl::MutexLock lock(&mu_);
  records_ = *std::move(records);
  return absl::OkStatus();
}

void RepairHistory::Add(const ScanStatus& repair) {
  format::RepairRecord record;
  record.started = absl::ToUnixSeconds(repair.started);
  record.ended = absl::ToUnixSeconds(repair.ended);
  record.group = repair.group.value_or(GroupId());
  record.fault_count = repair.fault_count;
  record.error = repair.error;
  record.repairs = FirstLines(repair.repairs);
  record.faults = FirstLines(repair.faults);
  absl::MutexLock lock(&mu_);
  records_.push_back(std::move(record));
  if (records_.size() > kMostRecords) records_.erase(records_.begin());
  absl::Status saved = io::WriteFileAtomically(fs_, path_, format::EncodeRepairHistory(records_));
  if (!saved.ok()) {
    log::Warning("the history of repairs could not be written", "file", path_, "error",
                 MessageOf(saved));
  }
}

std::vector<RepairRecord> RepairHistory::List() const {
  absl::MutexLock lock(&mu_);
  return records_;
}

}  // namespace oca::engine
