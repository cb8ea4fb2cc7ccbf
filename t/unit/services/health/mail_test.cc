#include "services/health/mail.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace oca::health {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Message Full() {
  return {7,    "2026-11-29 12:00:00 UTC",      false,           "warning", "disk_space",
          "/d", "/d: 5 % of the disk are free", "Add \"space\"", "backup1"};
}

TEST(Mail, TellsTheWorstInItsSubjectAndAllInItsBody) {
  Message over = Full();
  over.cleared = true;
  over.severity = "info";
  over.text = "/e: 50 % are free again";
  Message bad = Full();
  bad.severity = "critical";
  bad.text = "ocafsd ended";
  const MailText one = AlertMail({Full()});
  EXPECT_EQ(one.subject, "[Oca backup1] warning: /d: 5 % of the disk are free");
  EXPECT_THAT(one.body, AllOf(HasSubstr("WARNING  2026-11-29 12:00:00 UTC  backup1"),
                              HasSubstr("What to do: Add \"space\"")));
  const MailText several = AlertMail({over, bad, Full()});
  EXPECT_EQ(several.subject, "[Oca backup1] critical: ocafsd ended (and 2 more)");
  EXPECT_THAT(several.body, HasSubstr("CLEARED  2026-11-29"));
  EXPECT_THAT(AlertMail({over}).body, Not(HasSubstr("What to do")));
}

TEST(Mail, JsonHasAllFields) {
  const auto json = nlohmann::json::parse(AlertJson({Full(), Full()}));
  ASSERT_EQ(json["alerts"].size(), 2u);
  EXPECT_EQ(json["alerts"][0]["condition"], "disk_space");
  EXPECT_EQ(json["alerts"][0]["subject"], "/d");
  EXPECT_EQ(json["alerts"][0]["cleared"], false);
  EXPECT_EQ(json["alerts"][0]["severity"], "warning");
  EXPECT_EQ(json["alerts"][0]["what_to_do"], "Add \"space\"");
  EXPECT_EQ(json["alerts"][0]["host"], "backup1");
}

TEST(Mail, LinesHaveTheirSeverity) {
  Message over = Full();
  over.cleared = true;
  const auto lines = AlertLines({Full(), over});
  EXPECT_EQ(lines[0].severity, management::v1::SEVERITY_WARNING);
  EXPECT_EQ(lines[0].text, "warning: /d: 5 % of the disk are free");
  EXPECT_EQ(lines[1].severity, management::v1::SEVERITY_INFO);
}

TEST(Mail, StatisticsNameEachGroup) {
  Statistics statistics;
  statistics.host = "backup1";
  statistics.when = "today";
  statistics.alerts.set_warnings(2);
  statistics.groups.emplace_back().set_name("vms");
  statistics.groups[0].set_current_bytes(3ull << 30);
  statistics.groups[0].set_physical_bytes(1ull << 30);
  const MailText mail = StatisticsMail(statistics);
  EXPECT_EQ(mail.subject, "[Oca backup1] statistics of today");
  EXPECT_THAT(mail.body, AllOf(HasSubstr("2 warnings"), HasSubstr("Storage group vms"),
                               HasSubstr("as written       3.00 GiB"),
                               HasSubstr("on disk          1.00 GiB")));
}

}  // namespace
}  // namespace oca::health
