#include "lib/api/problem.h"

#include "gtest/gtest.h"

namespace oca::api {
namespace {

TEST(ProblemType, GoesAlongWithTheStatus) {
  const absl::Status status = OfType(absl::UnauthenticatedError("a code"), kCodeNeeded);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(status.message(), "a code");
  EXPECT_EQ(TypeOf(status), kCodeNeeded);
  EXPECT_EQ(TypeOf(absl::UnauthenticatedError("a code")), "");
  EXPECT_EQ(TypeOf(absl::OkStatus()), "");
}

}  // namespace
}  // namespace oca::api
