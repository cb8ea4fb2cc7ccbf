#include "cli/values.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"

namespace oca::cli {
namespace {

using absl::StatusCode;
using support::StatusIs;
using testing::HasSubstr;

TEST(CliValues, SizesHaveBinaryUnits) {
  const std::pair<const char*, uint64_t> kGood[] = {
      {"0", 0},
      {"4096", 4096},
      {"1KiB", 1024},
      {"64MiB", 64ull << 20},
      {"1.5GiB", 3ull << 29},
      {"2 TiB", 2ull << 40},
      {"1pib", 1ull << 50},
      {"10B", 10},
  };
  for (const auto& [text, bytes] : kGood) {
    ASSERT_OK_AND_ASSIGN(uint64_t parsed, ParseBytes("quota", text));
    EXPECT_EQ(parsed, bytes) << text;
  }
  for (const char* bad : {"", "GiB", "10GB", "ten", "-1GiB", "1e3", "0x10", "1.2.3GiB", "1GiB x",
                          "9999999PiB", "8192PiB"}) {
    absl::Status status = ParseBytes("quota", bad).status();
    EXPECT_THAT(status, StatusIs(StatusCode::kInvalidArgument)) << bad;
    EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("quota"));
  }
}

TEST(CliValues, QuotaMayBeNoneButNotNothing) {
  ASSERT_OK_AND_ASSIGN(uint64_t none, ParseQuota("none"));
  EXPECT_EQ(none, 0u);
  EXPECT_THAT(ParseQuota("0"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(MessageOf(ParseQuota("lots").status())), HasSubstr("or none"));
}

TEST(CliValues, ChunkSizeIsOneOfFour) {
  ASSERT_OK_AND_ASSIGN(uint32_t size, ParseChunkSize("64KiB"));
  EXPECT_EQ(size, 65536u);
  EXPECT_THAT(ParseChunkSize("12KiB"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(ParseChunkSize("x"), StatusIs(StatusCode::kInvalidArgument));
}

TEST(CliValues, WordsOfTheApi) {
  for (const char* mode : {"fast", "best", "lz4"}) EXPECT_OK(ParseCompression(mode));
  EXPECT_THAT(ParseCompression("zip"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_OK(ParseScanLevel("verify_data"));
  EXPECT_OK(ParseScanLevel("verify_metadata"));
  EXPECT_THAT(ParseScanLevel("all"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_OK(ParseContainerType("local"));
  EXPECT_THAT(ParseContainerType("NFS"), StatusIs(StatusCode::kInvalidArgument));
}

TEST(CliValues, BytesAreShownWithAUnit) {
  EXPECT_EQ(BytesText(0), "0 (0.00 KiB)");
  EXPECT_EQ(BytesText(1ull << 30), "1073741824 (1.00 GiB)");
  EXPECT_EQ(BytesText(5ull << 40), "5497558138880 (5120.00 GiB)");
  EXPECT_EQ(ShortBytes(512), "512 B");
  EXPECT_EQ(ShortBytes(5ull << 40), "5.00 TiB");
  EXPECT_EQ(QuotaText(0), "none");
  EXPECT_EQ(PercentText(98.02), "98.02 %");
}

}  // namespace
}  // namespace oca::cli
