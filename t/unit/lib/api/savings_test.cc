#include "lib/api/savings.h"

#include <cstdint>
#include <limits>

#include "gtest/gtest.h"
#include "lib/api/home.h"

namespace oca::api {
namespace {

constexpr uint64_t kTiB = 1ull << 40;

TEST(SavingsPercent, IsTheShareThatIsGone) {
  EXPECT_EQ(SavingsPercent(100, 50), 50);
  EXPECT_EQ(SavingsPercent(200, 1), 99.5);
  EXPECT_EQ(SavingsPercent(3, 1), 66.66);
  EXPECT_EQ(SavingsPercent(7, 7), 0);
  EXPECT_EQ(SavingsPercent(7, 0), 100);
}

TEST(SavingsPercent, IsZeroWithoutDataAndNeverNegative) {
  EXPECT_EQ(SavingsPercent(0, 0), 0);
  EXPECT_EQ(SavingsPercent(0, 10), 0);
  EXPECT_EQ(SavingsPercent(10, 11), 0);
}

TEST(SavingsPercent, NeverClaimsAllWhileAByteIsLeft) {
  EXPECT_EQ(SavingsPercent(1000 * kTiB, 1), 99.99);
  EXPECT_EQ(SavingsPercent(std::numeric_limits<uint64_t>::max(), 1), 99.99);
}

TEST(PrivateDsn, QuotesTheHome) {
  EXPECT_EQ(PrivateDsn("/a b'c\\d"), "host='/a b\\'c\\\\d/pg/run' port=5432 user=oca dbname=oca");
}

}  // namespace
}  // namespace oca::api
