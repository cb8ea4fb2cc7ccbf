#include "lib/http/rate_limit.h"

#include <string>

#include "gtest/gtest.h"

namespace oca::http {
namespace {

TEST(RateLimit, ABurstThenOneEachPause) {
  absl::Time now = absl::UnixEpoch();
  RateLimit limit(3, absl::Seconds(2), [&] { return now; });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limit.Take("a"), absl::ZeroDuration());
  EXPECT_EQ(limit.Take("a"), absl::Seconds(2));
  EXPECT_EQ(limit.Take("b"), absl::ZeroDuration());  // another key
  now += absl::Seconds(1);
  EXPECT_EQ(limit.Take("a"), absl::Seconds(1));  // a refusal counts for nothing
  now += absl::Seconds(1);
  EXPECT_EQ(limit.Take("a"), absl::ZeroDuration());
  EXPECT_EQ(limit.Take("a"), absl::Seconds(2));
  now += absl::Hours(1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limit.Take("a"), absl::ZeroDuration());
  EXPECT_GT(limit.Take("a"), absl::ZeroDuration());
}

TEST(RateLimit, RemembersABoundedNumberOfKeys) {
  absl::Time now = absl::UnixEpoch();
  RateLimit limit(1, absl::Seconds(1), [&] { return now; });
  for (int i = 0; i < 10'050; ++i) {
    ASSERT_EQ(limit.Take(std::to_string(i)), absl::ZeroDuration());
    now += absl::Microseconds(1);
  }
  // The first were forgotten, the last were not.
  EXPECT_EQ(limit.Take("0"), absl::ZeroDuration());
  EXPECT_GT(limit.Take("10049"), absl::ZeroDuration());
}

}  // namespace
}  // namespace oca::http
