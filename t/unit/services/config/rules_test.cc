#include "services/config/rules.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"
#include "t/unit/services/config/text.h"

namespace oca::config {
namespace {

using absl::StatusCode;
using support::StatusIs;
using testing::HasSubstr;

TEST(ConfigRules, NamesOfEveryAllowedKindPass) {
  for (const char* name : {"a", "Default_Group-2.old", "_x", "0", "9-.-"}) {
    EXPECT_OK(CheckName(Kind::kContainer, name));
  }
  EXPECT_OK(CheckName(Kind::kContainer, std::string(64, 'x')));
}

TEST(ConfigRules, BadNameIsRefusedWithWhatIsWrong) {
  const std::pair<std::string, const char*> kBad[] = {
      {"", "it is empty"},         {"a/b", "slash"},           {".", "starts with '.'"},
      {"..", "starts with '.'"},   {"-rf", "starts with '-'"}, {"a b", "blank"},
      {"a*", "holds '*'"},         {"b\xc3\xa4", "ASCII"},     {std::string(65, 'x'), "65 bytes"},
      {std::string("a\0b", 3), ""}};
  for (const auto& [name, why] : kBad) {
    absl::Status status = CheckName(Kind::kStorageGroup, name);
    EXPECT_THAT(status, StatusIs(StatusCode::kInvalidArgument)) << name;
    EXPECT_THAT(Text(status), HasSubstr(why));
    EXPECT_THAT(Text(status), HasSubstr("storage group"));
  }
}

TEST(ConfigRules, QuotaAndChunkSizeHaveLimits) {
  EXPECT_OK(CheckQuota(0));
  EXPECT_OK(CheckQuota(1 << 20));
  EXPECT_OK(CheckQuota((1ull << 63) - 1));
  EXPECT_THAT(CheckQuota((1 << 20) - 1), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(CheckQuota(1ull << 63), StatusIs(StatusCode::kInvalidArgument));
  for (uint32_t good : {0, 8192, 16384, 32768, 65536}) EXPECT_OK(CheckChunkSize(good));
  for (uint32_t bad : {1, 4096, 10000, 131072}) {
    EXPECT_THAT(CheckChunkSize(bad), StatusIs(StatusCode::kInvalidArgument));
  }
}

TEST(ConfigRules, UnknownNameComesWithTheOneThatWasMeant) {
  absl::Status status = UnknownName(Kind::kContainer, "bakcups", {"demo", "backups"});
  EXPECT_THAT(status, StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Text(status), HasSubstr("no container is named 'bakcups'; did you mean 'backups'?"));
}

TEST(ConfigRules, UnknownNameComesWithTheKnownOnes) {
  EXPECT_THAT(Text(UnknownName(Kind::kContainer, "x", {"b2", "a1"})),
              HasSubstr("there are: a1, b2"));
  EXPECT_THAT(Text(UnknownName(Kind::kContainer, "x", {})), HasSubstr("there is none yet"));
  std::vector<std::string> many;
  for (int i = 0; i < 25; ++i) many.push_back("container" + std::to_string(i));
  EXPECT_THAT(Text(UnknownName(Kind::kContainer, "x", many)), HasSubstr("and 15 more"));
}

TEST(ConfigRules, UserNamesAreShorter) {
  EXPECT_OK(CheckName(Kind::kUser, std::string(32, 'a')));
  EXPECT_THAT(CheckName(Kind::kUser, std::string(33, 'a')),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_OK(CheckName(Kind::kContainer, std::string(33, 'a')));
}

TEST(ConfigRules, Passwords) {
  EXPECT_OK(CheckPassword("eve", "0123456789"));
  EXPECT_OK(CheckPassword("eve", std::string(256, 'p')));
  for (const std::string& bad : {std::string(), std::string("012345678"), std::string(257, 'p'),
                                 std::string("0123456789\n"), std::string("administrator1")}) {
    EXPECT_THAT(CheckPassword("administrator1", bad), StatusIs(absl::StatusCode::kInvalidArgument))
        << bad;
  }
}

TEST(ConfigRules, Texts) {
  EXPECT_OK(CheckText("phone", ""));
  EXPECT_OK(CheckText("phone", "Größe"));
  EXPECT_THAT(CheckText("phone", std::string(257, 'x')),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(CheckText("phone", "a\tb"), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace oca::config
