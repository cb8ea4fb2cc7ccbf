#include "services/http/problems.h"

#include <map>
#include <string>

#include "lib/api/problem.h"
#include "lib/base/status.h"

namespace oca::httpd {

int HttpStatusOf(absl::StatusCode code) {
  static const std::map<absl::StatusCode, int> kTable = {
      {absl::StatusCode::kOk, 200},
      {absl::StatusCode::kInvalidArgument, 400},
      {absl::StatusCode::kOutOfRange, 400},
      {absl::StatusCode::kUnauthenticated, 401},
      {absl::StatusCode::kPermissionDenied, 403},
      {absl::StatusCode::kNotFound, 404},
      {absl::StatusCode::kAlreadyExists, 409},
      {absl::StatusCode::kFailedPrecondition, 409},
      {absl::StatusCode::kAborted, 412},
      {absl::StatusCode::kResourceExhausted, 429},
      {absl::StatusCode::kCancelled, 503},
      {absl::StatusCode::kUnavailable, 503},
      {absl::StatusCode::kDeadlineExceeded, 504},
      {absl::StatusCode::kUnimplemented, 501},
  };
  auto found = kTable.find(code);
  return found == kTable.end() ? 500 : found->second;
}

http::Response ProblemOf(const absl::Status& status) {
  const int number = HttpStatusOf(status.code());
  const std::string type = api::TypeOf(status);
  http::Response response =
      http::Problem(number, MessageOf(status), absl::StatusCodeToString(status.code()),
                    type.empty() ? "about:blank" : type);
  if (number == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (number == 503) response.headers.emplace_back("Retry-After", "5");
  return response;
}

}  // namespace oca::httpd
