#include "services/config/rows.h"

#include "fmt/format.h"

namespace oca::config {

db::Param TextOrNull(const std::string& text) {
  return text.empty() ? db::Param(std::nullopt) : db::Param(text);
}

db::Param TimeOrNull(const std::optional<absl::Time>& time) {
  return time.has_value() ? db::Param(SqlTime(*time)) : db::Param(std::nullopt);
}

std::string SqlTime(absl::Time time) {
  return absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone());
}

absl::Status MustChangeOne(absl::StatusOr<db::Result> result, std::string_view name) {
  if (!result.ok()) return result.status();
  if (result->affected() == 1) return absl::OkStatus();
  return absl::NotFoundError(fmt::format("the database has no row for '{}'", name));
}

}  // namespace oca::config
