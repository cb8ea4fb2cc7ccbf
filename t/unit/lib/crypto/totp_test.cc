#include "lib/crypto/totp.h"

#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "t/support/status_matchers.h"

namespace oca::crypto {
namespace {

constexpr char kSeed[] = "12345678901234567890";  // of RFC 4226 and RFC 6238

std::optional<int64_t> Match(std::string_view code, int64_t now, int64_t last) {
  auto found = MatchTotp(kSeed, code, now, last);
  EXPECT_OK(found);
  return found.ok() ? *found : std::nullopt;
}

std::string CodeOf(int64_t step) {
  auto code = HotpCode(kSeed, static_cast<uint64_t>(step), kTotpDigits);
  EXPECT_OK(code);
  return code.value_or("");
}

// RFC 4226, appendix D.
TEST(Totp, CodesByCounterAreThoseOfTheStandard) {
  const char* const kCodes[] = {"755224", "287082", "359152", "969429", "338314",
                                "254676", "287922", "162583", "399871", "520489"};
  for (uint64_t counter = 0; counter < 10; ++counter) {
    ASSERT_OK_AND_ASSIGN(std::string code, HotpCode(kSeed, counter, 6));
    EXPECT_EQ(code, kCodes[counter]) << counter;
  }
}

// RFC 6238, appendix B, SHA-1.
TEST(Totp, CodesByTimeAreThoseOfTheStandard) {
  const struct {
    int64_t seconds;
    const char* code;
  } kVectors[] = {{59, "94287082"},         {1111111109, "07081804"}, {1111111111, "14050471"},
                  {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"}};
  for (const auto& vector : kVectors) {
    ASSERT_OK_AND_ASSIGN(std::string code,
                         HotpCode(kSeed, static_cast<uint64_t>(TotpStep(vector.seconds)), 8));
    EXPECT_EQ(code, vector.code) << vector.seconds;
  }
}

TEST(Totp, StepsAreOfThirtySeconds) {
  EXPECT_EQ(TotpStep(0), 0);
  EXPECT_EQ(TotpStep(29), 0);
  EXPECT_EQ(TotpStep(30), 1);
  EXPECT_EQ(TotpStep(1111111109), 0x23523EC);
}

TEST(Totp, ClocksMayDifferByOneStep) {
  const int64_t now = 1000;
  EXPECT_EQ(Match(CodeOf(now), now, 0), now);
  EXPECT_EQ(Match(CodeOf(now - 1), now, 0), now - 1);
  EXPECT_EQ(Match(CodeOf(now + 1), now, 0), now + 1);
  EXPECT_EQ(Match(CodeOf(now - 2), now, 0), std::nullopt);
  EXPECT_EQ(Match(CodeOf(now + 2), now, 0), std::nullopt);
}

TEST(Totp, NoCodeIsTakenTwiceNorAnEarlierOne) {
  const int64_t now = 1000;
  EXPECT_EQ(Match(CodeOf(now), now, now), std::nullopt);
  EXPECT_EQ(Match(CodeOf(now - 1), now, now), std::nullopt);
  EXPECT_EQ(Match(CodeOf(now), now, now + 1), std::nullopt);
  EXPECT_EQ(Match(CodeOf(now + 1), now, now), now + 1);
}

TEST(Totp, WhatIsNoCodeMatchesNothing) {
  const std::string right = CodeOf(1000);
  for (const std::string& text : {std::string(), right + "0", right.substr(1), "0" + right,
                                  std::string("abcdef"), std::string(6, '\0')}) {
    EXPECT_EQ(Match(text, 1000, 0), std::nullopt) << text;
  }
  EXPECT_EQ(Match(CodeOf(0), 0, -1), 0);
}

TEST(Totp, DigitsHaveTheirLimits) {
  EXPECT_FALSE(HotpCode(kSeed, 1, 5).ok());
  EXPECT_FALSE(HotpCode(kSeed, 1, 9).ok());
}

// RFC 4648, section 10, without padding.
TEST(Totp, SecretsAreWrittenInBase32) {
  EXPECT_EQ(Base32(""), "");
  EXPECT_EQ(Base32("f"), "MY");
  EXPECT_EQ(Base32("fo"), "MZXQ");
  EXPECT_EQ(Base32("foo"), "MZXW6");
  EXPECT_EQ(Base32("foob"), "MZXW6YQ");
  EXPECT_EQ(Base32("fooba"), "MZXW6YTB");
  EXPECT_EQ(Base32("foobar"), "MZXW6YTBOI");
  EXPECT_EQ(Base32(kSeed), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
  EXPECT_EQ(Base32(std::string(5, '\xff')), "77777777");
}

}  // namespace
}  // namespace oca::crypto
