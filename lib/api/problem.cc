#include "lib/api/problem.h"

#include "absl/strings/cord.h"
#include "absl/types/optional.h"

namespace oca::api {
namespace {

constexpr char kTypePayload[] = "oca/problem-type";

}  // namespace

absl::Status OfType(absl::Status status, std::string_view type) {
  status.SetPayload(kTypePayload, absl::Cord(absl::string_view(type.data(), type.size())));
  return status;
}

std::string TypeOf(const absl::Status& status) {
  absl::optional<absl::Cord> type = status.GetPayload(kTypePayload);
  return type.has_value() ? std::string(*type) : std::string();
}

}  // namespace oca::api
