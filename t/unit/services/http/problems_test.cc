#include "services/http/problems.h"

#include <map>

#include "gtest/gtest.h"
#include "lib/api/problem.h"
#include "nlohmann/json.hpp"

namespace oca::httpd {
namespace {

TEST(Problems, EveryCodeHasItsNumber) {
  const std::map<absl::StatusCode, int> expected = {
      {absl::StatusCode::kOk, 200},
      {absl::StatusCode::kCancelled, 503},
      {absl::StatusCode::kUnknown, 500},
      {absl::StatusCode::kInvalidArgument, 400},
      {absl::StatusCode::kDeadlineExceeded, 504},
      {absl::StatusCode::kNotFound, 404},
      {absl::StatusCode::kAlreadyExists, 409},
      {absl::StatusCode::kPermissionDenied, 403},
      {absl::StatusCode::kResourceExhausted, 429},
      {absl::StatusCode::kFailedPrecondition, 409},
      {absl::StatusCode::kAborted, 412},
      {absl::StatusCode::kOutOfRange, 400},
      {absl::StatusCode::kUnimplemented, 501},
      {absl::StatusCode::kInternal, 500},
      {absl::StatusCode::kUnavailable, 503},
      {absl::StatusCode::kDataLoss, 500},
      {absl::StatusCode::kUnauthenticated, 401},
  };
  ASSERT_EQ(expected.size(), 17u);
  for (const auto& [code, number] : expected) EXPECT_EQ(HttpStatusOf(code), number) << int(code);
}

TEST(Problems, SayHowToGoOn) {
  const http::Response response = ProblemOf(absl::UnauthenticatedError("sign in"));
  EXPECT_EQ(response.status, 401);
  const auto body = nlohmann::json::parse(response.body);
  EXPECT_EQ(body["detail"], "sign in");
  EXPECT_EQ(body["code"], "UNAUTHENTICATED");
  const std::pair<std::string, std::string> bearer("WWW-Authenticate", "Bearer");
  ASSERT_EQ(response.headers.size(), 1u);
  EXPECT_EQ(response.headers[0], bearer);
  EXPECT_EQ(ProblemOf(absl::UnavailableError("x")).headers[0].first, "Retry-After");
}

TEST(Problems, HaveTheirType) {
  const auto type_of = [](const absl::Status& status) {
    return nlohmann::json::parse(ProblemOf(status).body)["type"];
  };
  EXPECT_EQ(type_of(absl::UnauthenticatedError("sign in")), "about:blank");
  EXPECT_EQ(type_of(api::OfType(absl::UnauthenticatedError("code?"), api::kCodeNeeded)),
            "urn:oca:problem:code-needed");
}

}  // namespace
}  // namespace oca::httpd
