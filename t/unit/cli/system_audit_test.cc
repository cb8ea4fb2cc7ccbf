#include "t/unit/cli/cli_test.h"

namespace oca::cli {
namespace {

using testing::ElementsAre;

TEST_F(Cli, LimitsOfTheRecordAreShownAndSet) {
  ASSERT_EQ(Oca("system --audit"), 0) << err_.str();
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("Keep Days    : 1095\n"), HasSubstr("Keep Entries : 1000000\n"),
                    HasSubstr("Entries      : 17\n")));
  ASSERT_EQ(Oca("system --audit --show --json"), 0);
  EXPECT_EQ(Json()["keep_days"], 1095);
  ASSERT_EQ(Oca("system --audit --update --keep_days 30"), 0) << err_.str();
  ASSERT_EQ(Oca("system audit --update --keep_days 30 --keep_entries 10000 --revision 2"), 0);
  EXPECT_THAT(LimitCalls(),
              ElementsAre("keep_days: 30", "keep_days: 30 keep_entries: 10000 revision: 2"));
  EXPECT_EQ(Oca("system --audit --update --keep_days 30 --revision 7"), kConflict);
}

TEST_F(Cli, LimitsOfTheRecordAreSetByUpdateAlone) {
  EXPECT_EQ(Oca("system --audit --keep_days 30"), kUsage);
  EXPECT_EQ(Oca("system --audit --update"), kUsage);
  EXPECT_EQ(Oca("system --audit --show --update --keep_days 30"), kUsage);
  EXPECT_EQ(Oca("system --audit --update --keep_days many"), kUsage);
  EXPECT_THAT(LimitCalls(), ElementsAre());
}

}  // namespace
}  // namespace oca::cli
