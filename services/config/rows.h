// What the stores have in common: values as parameters of statements, and what statements did.
#ifndef OCA_SERVICES_CONFIG_ROWS_H_
#define OCA_SERVICES_CONFIG_ROWS_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/db/connection.h"

namespace oca::config {

// NULL for what is empty.
db::Param TextOrNull(const std::string& text);
db::Param TimeOrNull(const std::optional<absl::Time>& time);

// As PostgreSQL reads it.
std::string SqlTime(absl::Time time);

// kNotFound, with `name`, unless the statement changed one row.
absl::Status MustChangeOne(absl::StatusOr<db::Result> result, std::string_view name);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_ROWS_H_
