#include "services/config/logins.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"

namespace oca::config {
namespace {

using absl::StatusCode;
using support::StatusIs;

class LoginsTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(logins_, Logins::Create([this] { return now_; }));
  }
  absl::Time now_ = absl::FromUnixSeconds(1'000'000);
  std::unique_ptr<Logins> logins_;
};

TEST_F(LoginsTest, EndsWhenIdleAndAfterItsLongestTime) {
  ASSERT_OK_AND_ASSIGN(std::string token, logins_->Begin("eve", "here"));
  for (int i = 0; i < 24; ++i) {
    now_ += absl::Minutes(29);
    ASSERT_OK(logins_->Use(token));
  }
  now_ += absl::Minutes(29);
  EXPECT_THAT(logins_->Use(token), StatusIs(StatusCode::kUnauthenticated));
  ASSERT_OK_AND_ASSIGN(token, logins_->Begin("eve", "here"));
  now_ += absl::Hours(1);
  EXPECT_THAT(logins_->Use(token), StatusIs(StatusCode::kUnauthenticated));
}

TEST_F(LoginsTest, AllOfAUserButOneAreEnded) {
  ASSERT_OK_AND_ASSIGN(std::string one, logins_->Begin("eve", "here"));
  ASSERT_OK_AND_ASSIGN(std::string two, logins_->Begin("eve", "there"));
  ASSERT_OK_AND_ASSIGN(std::string other, logins_->Begin("adam", "here"));
  EXPECT_NE(one, two);
  logins_->EndAllOf("eve", two);
  EXPECT_FALSE(logins_->Use(one).ok());
  ASSERT_OK_AND_ASSIGN(Login left, logins_->Use(two));
  EXPECT_EQ(left.from, "there");
  logins_->EndAllOf("eve", "");
  EXPECT_FALSE(logins_->Use(two).ok());
  EXPECT_OK(logins_->Use(other));
}

TEST_F(LoginsTest, ThereIsALimitThatTimeClears) {
  for (int i = 0; i < 1000; ++i) ASSERT_OK(logins_->Begin("eve", "here"));
  EXPECT_THAT(logins_->Begin("adam", "here"), StatusIs(StatusCode::kResourceExhausted));
  now_ += kIdleLogin;
  EXPECT_OK(logins_->Begin("adam", "here"));
  EXPECT_EQ(logins_->List().size(), 1u);
}

TEST(LoginBrakeTest, WaitsDoubleUntilASuccess) {
  absl::Time now = absl::FromUnixSeconds(1'000'000);
  LoginBrake brake([&] { return now; });
  for (int i = 0; i < 2; ++i) brake.Failed("eve", "a");
  EXPECT_OK(brake.Check("eve", "a"));
  for (int seconds = 1; seconds < 300; seconds *= 2) {
    brake.Failed("eve", "a");
    now += absl::Seconds(seconds) - absl::Milliseconds(1);
    EXPECT_THAT(brake.Check("eve", "a"), StatusIs(StatusCode::kResourceExhausted)) << seconds;
    EXPECT_OK(brake.Check("eve", "b"));
    EXPECT_OK(brake.Check("adam", "a"));
    now += absl::Milliseconds(1);
    EXPECT_OK(brake.Check("eve", "a"));
  }
  for (int i = 0; i < 50; ++i) brake.Failed("eve", "a");
  now += absl::Minutes(5);
  EXPECT_OK(brake.Check("eve", "a"));
  brake.Succeeded("eve", "a");
  brake.Failed("eve", "a");
  EXPECT_OK(brake.Check("eve", "a"));
}

TEST(LoginBrakeTest, RemembersABoundedNumber) {
  absl::Time now = absl::FromUnixSeconds(1'000'000);
  LoginBrake brake([&] { return now; });
  for (int i = 0; i < 12000; ++i) brake.Failed(std::to_string(i), "a");
  EXPECT_OK(brake.Check("11999", "a"));
}

}  // namespace
}  // namespace oca::config
