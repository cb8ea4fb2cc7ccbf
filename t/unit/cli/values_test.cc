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

TEST(CliValues, RotationIsSevenDaysToSeventyYears) {
  constexpr uint64_t kDay = 86400;
  const std::pair<const char*, uint64_t> kGood[] = {{"7days", 7 * kDay},
                                                    {"90 days", 90 * kDay},
                                                    {"2weeks", 14 * kDay},
                                                    {"1year", 365 * kDay},
                                                    {"70years", 70 * 365 * kDay}};
  for (const auto& [text, seconds] : kGood) {
    ASSERT_OK_AND_ASSIGN(uint64_t parsed, ParseRotation(text));
    EXPECT_EQ(parsed, seconds) << text;
  }
  for (const char* bad :
       {"", "7", "days", "6days", "71years", "1month", "-7days", "7.5days", "99999999999days"}) {
    EXPECT_THAT(ParseRotation(bad), StatusIs(StatusCode::kInvalidArgument)) << bad;
  }
  EXPECT_EQ(RotationText(0), "none");
  EXPECT_EQ(RotationText(90 * kDay), "90 days");
  EXPECT_EQ(RotationText(365 * kDay), "1 year");
  EXPECT_EQ(RotationText(730 * kDay), "2 years");
}

TEST(CliValues, WordsOfTheApi) {
  for (const char* mode : {"fast", "best", "lz4"}) EXPECT_OK(ParseCompression(mode));
  EXPECT_THAT(ParseCompression("zip"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_OK(ParseScanLevel("verify_data"));
  EXPECT_OK(ParseScanLevel("verify_metadata"));
  EXPECT_THAT(ParseScanLevel("all"), StatusIs(StatusCode::kInvalidArgument));
  for (const char* mode : {"none", "governance", "compliance"}) EXPECT_OK(ParseRetentionMode(mode));
  EXPECT_THAT(ParseRetentionMode("worm"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_OK(ParseContainerType("local"));
  ASSERT_OK_AND_ASSIGN(auto vtl, ParseContainerType("VTL"));
  EXPECT_EQ(vtl, management::v1::CONTAINER_TYPE_VTL);
  for (const char* mode : {"static", "internal"}) EXPECT_OK(ParseEncryptionMode(mode));
  EXPECT_THAT(ParseEncryptionMode("rotating"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(ParseContainerType("NFS"), StatusIs(StatusCode::kInvalidArgument));
}

TEST(CliValues, PeriodsHaveUnits) {
  const std::pair<const char*, uint64_t> kPeriods[] = {
      {"90s", 90}, {"30m", 1800}, {"12h", 43200}, {"30d", 2592000}, {"7y", 220752000}, {"none", 0}};
  for (const auto& [text, expected] : kPeriods) {
    ASSERT_OK_AND_ASSIGN(const uint64_t seconds, ParsePeriod("period", text));
    EXPECT_EQ(seconds, expected) << text;
  }
  for (const char* text : {"", "5", "d", "-1d", "1w", "1.5d", "9999999999y"}) {
    EXPECT_THAT(ParsePeriod("period", text), StatusIs(StatusCode::kInvalidArgument)) << text;
  }
  EXPECT_EQ(PeriodText(0), "none");
  EXPECT_EQ(PeriodText(1), "1 second");
  EXPECT_EQ(PeriodText(90), "90 seconds");
  EXPECT_EQ(PeriodText(7200), "2 hours");
  EXPECT_EQ(PeriodText(86400), "1 day");
  EXPECT_EQ(PeriodText(220752000), "7 years");
}

TEST(CliValues, TimesAreLocalUnlessTheySayMore) {
  for (const char* text : {"2026-11-23 14:30:00 UTC", "2026-11-23 14:30 UTC",
                           "2026-11-23T14:30:00Z", "2026-11-23T15:30:00+01:00"}) {
    ASSERT_OK_AND_ASSIGN(const auto time, ParseTime(text));
    EXPECT_EQ(time.seconds(), 1795444200) << text;
  }
  ASSERT_OK_AND_ASSIGN(const auto midnight, ParseTime("2026-11-23"));
  EXPECT_EQ(TimeText(midnight).substr(0, 19), "2026-11-23 00:00:00");
  for (const char* text : {"", "today", "2026-11", "2026-13-01", "2026-11-23 25:00", "14:30"}) {
    EXPECT_THAT(ParseTime(text), StatusIs(StatusCode::kInvalidArgument)) << text;
  }
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
