#include "services/monitor/rates.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace oca::monitor {
namespace {

using testing::Optional;

constexpr int64_t kSecond = 1'000'000'000;

class RatesTest : public testing::Test {
 protected:
  // A round `seconds` after the one before, in which the counter alone is asked for.
  std::optional<double> After(int64_t seconds, uint64_t counter, uint64_t generation = 0) {
    nanos_ += seconds * kSecond;
    rates_.BeginRound();
    return rates_.PerSecond("c", counter, nanos_, generation);
  }
  Rates rates_;
  int64_t nanos_ = 5 * kSecond;
};

TEST_F(RatesTest, GrowthOverTime) {
  EXPECT_EQ(After(15, 1000), std::nullopt);
  EXPECT_THAT(After(15, 1300), Optional(20.0));
  EXPECT_THAT(After(15, 1300), Optional(0.0));
  EXPECT_THAT(After(30, 1900), Optional(20.0));
}

TEST_F(RatesTest, ACounterThatBeginsAnewHasNoRateOnceAndNeverANegativeOne) {
  After(15, 1000);
  EXPECT_EQ(After(15, 10), std::nullopt);
  EXPECT_THAT(After(15, 25), Optional(1.0));
}

TEST_F(RatesTest, ANewGenerationHasNoRateThoughItCountedFurther) {
  After(15, 1000, 1);
  EXPECT_EQ(After(15, 5000, 2), std::nullopt);
  EXPECT_THAT(After(15, 5015, 2), Optional(1.0));
}

TEST_F(RatesTest, WhatWasAwayBeginsAnew) {
  After(15, 1000);
  rates_.BeginRound();
  EXPECT_EQ(After(15, 2000), std::nullopt);
  EXPECT_THAT(After(15, 2015), Optional(1.0));
}

TEST_F(RatesTest, NoTimeNoRate) {
  After(15, 1000);
  EXPECT_EQ(After(0, 2000), std::nullopt);
  EXPECT_EQ(After(-3, 3000), std::nullopt);
}

TEST_F(RatesTest, TheLargestNumbersAreCounted) {
  After(15, 18446744073709551600u);
  EXPECT_THAT(After(15, 18446744073709551615u), Optional(1.0));
}

}  // namespace
}  // namespace oca::monitor
