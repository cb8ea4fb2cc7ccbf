// What went wrong, for programs, where a status's code does not say enough. It goes along with the
// status over gRPC (lib/rpc/status.h), and is the `type` of REST's problems (RFC 9457).
#ifndef OCA_LIB_API_PROBLEM_H_
#define OCA_LIB_API_PROBLEM_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace oca::api {

// The password is right, and the user has a second factor: a code is needed.
inline constexpr std::string_view kCodeNeeded = "urn:oca:problem:code-needed";
// The password is right, the code is not.
inline constexpr std::string_view kCodeWrong = "urn:oca:problem:code-wrong";

// `status` (not OK), of this type.
absl::Status OfType(absl::Status status, std::string_view type);

// Empty when the status has none.
std::string TypeOf(const absl::Status& status);

}  // namespace oca::api

#endif  // OCA_LIB_API_PROBLEM_H_
