#include "cli/grammar.h"

#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"

namespace oca::cli {
namespace {

using testing::HasSubstr;

// The normal form of a line of words without quotes, words joined by blanks.
std::string Normal(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  auto result = Normalize(words);
  if (!result.ok()) return "error: " + std::string(MessageOf(result.status()));
  std::string text;
  for (const std::string& word : *result) text += (text.empty() ? "" : " ") + word;
  return text;
}

TEST(CliGrammar, VerbWithDashesAndBareAreTheSame) {
  EXPECT_EQ(Normal("container --add --name c1"), "container add --name c1");
  EXPECT_EQ(Normal("container add --name c1"), "container add --name c1");
  EXPECT_EQ(Normal("stats --storage_group --name G"), "stats storage_group --name G");
}

TEST(CliGrammar, VerbWithDashesMayStandAnywhere) {
  EXPECT_EQ(Normal("container --name c1 --add"), "container add --name c1");
  EXPECT_EQ(Normal("container --json --show"), "container show --json");
  EXPECT_EQ(Normal("--json container --show"), "container show --json");
  EXPECT_EQ(Normal("--home /x container --show"), "container show --home /x");
}

TEST(CliGrammar, BareVerbIsOnlyTheWordAfterTheGroup) {
  EXPECT_EQ(Normal("container --add --name show"), "container add --name show");
  EXPECT_EQ(Normal("container --name delete --add"), "container add --name delete");
}

TEST(CliGrammar, DashesInLongOptionsAreUnderscores) {
  EXPECT_EQ(Normal("storage_group --add --chunk-size=8KiB --name a-b"),
            "storage_group add --chunk_size=8KiB --name a-b");
  EXPECT_EQ(Normal("storage_group --add --name=a-b"), "storage_group add --name=a-b");
  EXPECT_EQ(Normal("stats --storage-group"), "stats storage_group");
}

TEST(CliGrammar, MaintenanceActionMayBeBare) {
  EXPECT_EQ(Normal("maintenance --filesystem --reclaim_space"),
            "maintenance filesystem --reclaim_space");
  EXPECT_EQ(Normal("maintenance filesystem reclaim_space"),
            "maintenance filesystem --reclaim_space");
  EXPECT_EQ(Normal("maintenance filesystem start_scan verify_data"),
            "maintenance filesystem --start_scan verify_data");
  EXPECT_EQ(Normal("maintenance --filesystem --start_scan verify_data --storage_group g"),
            "maintenance filesystem --start_scan verify_data --storage_group g");
}

TEST(CliGrammar, HelpOfEachLevel) {
  EXPECT_EQ(Normal("--help"), "--help");
  EXPECT_EQ(Normal("container --help"), "container --help");
  EXPECT_EQ(Normal("container -h"), "container --help");
  EXPECT_EQ(Normal("container --help add"), "container add --help");
  EXPECT_EQ(Normal("container --add --help"), "container add --help");
}

TEST(CliGrammar, UnknownWordsAreNamedWithWhatThereIs) {
  EXPECT_THAT(Normal("containr --show"), HasSubstr("did you mean 'container'?"));
  EXPECT_THAT(Normal("xyzzy --show"), HasSubstr("the groups are: system, storage_group"));
  EXPECT_THAT(Normal("container --frobnicate"), HasSubstr("--show, --add, --update, --delete"));
  EXPECT_THAT(Normal("container"), HasSubstr("oca container --help"));
  EXPECT_THAT(Normal(""), HasSubstr("oca --help"));
}

}  // namespace
}  // namespace oca::cli
