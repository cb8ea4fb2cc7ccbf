#include "fs/names/impl.h"
#include "lib/base/status.h"

namespace oca::names {

absl::StatusOr<std::vector<std::string>> Names::Verify(
    const std::function<bool(uint64_t)>& progress) const {
  uint64_t seen = 0;
  OCA_RETURN_IF_ERROR(ForEachInode([&](const Inode&) -> absl::Status {
    if (!progress(++seen)) return absl::CancelledError("names: check stopped");
    return absl::OkStatus();
  }));
  return std::vector<std::string>();
}

}  // namespace oca::names
