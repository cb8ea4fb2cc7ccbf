#include "lib/api/tape_size.h"

#include <utility>

#include "gtest/gtest.h"
#include "t/support/status_matchers.h"

namespace oca::api {
namespace {

TEST(ParseTapeSize, KnowsDecimalUnits) {
  for (auto [text, bytes] : {std::pair{"10GB", 10'000'000'000u},
                             {"800GB", 800'000'000'000u},
                             {"2.5TB", 2'500'000'000'000u},
                             {"20MB", 20'000'000u}}) {
    ASSERT_OK_AND_ASSIGN(uint64_t parsed, ParseTapeSize(text));
    EXPECT_EQ(parsed, bytes);
  }
  for (const char* text : {"", "GB", "-1GB", "0GB", "nanGB", "infTB", "1e9TB", "10 PB", "10GiB"}) {
    EXPECT_FALSE(ParseTapeSize(text).ok()) << text;
  }
}

TEST(TapeSizeText, TakesTheLargestUnit) {
  EXPECT_EQ(TapeSizeText(800'000'000'000), "800 GB");
  EXPECT_EQ(TapeSizeText(2'500'000'000'000), "2.5 TB");
  EXPECT_EQ(TapeSizeText(20'000'000), "20 MB");
}

}  // namespace
}  // namespace oca::api
