#include "cli/output.h"

#include <string>

#include "gtest/gtest.h"
#include "lib/api/fs.pb.h"
#include "lib/api/management.pb.h"

namespace oca::cli {
namespace {

TEST(CliOutput, SixtyFourBitNumbersAreJsonNumbers) {
  fs::v1::StorageGroupStats stats;
  stats.set_name("g");
  stats.set_current_bytes(18'000'000'000'000'000'000ull);
  stats.set_dedupe_savings_percent(97.99);
  stats.set_cleaner_status(fs::v1::JOB_STATE_RUNNING);
  std::string text = ToJson(stats).dump();
  EXPECT_NE(text.find("\"current_bytes\":18000000000000000000,"), std::string::npos) << text;
  EXPECT_NE(text.find("\"dedupe_savings_percent\":97.99,"), std::string::npos) << text;
  EXPECT_NE(text.find("\"cleaner_status\":\"running\""), std::string::npos) << text;
  // Fields that are not set are there all the same.
  EXPECT_NE(text.find("\"physical_bytes\":0,"), std::string::npos) << text;
}

TEST(CliOutput, MessagesListsAndTimes) {
  management::v1::System system;
  auto* part = system.add_parts();
  part->set_name("ocafsd");
  part->mutable_started()->set_seconds(1'700'000'000);
  system.add_parts()->set_up(true);
  Json json = ToJson(system);
  EXPECT_EQ(json["parts"][0]["started"], "2023-11-14T22:13:20Z");
  EXPECT_EQ(json["parts"][1]["started"], nullptr);
  EXPECT_EQ(json["parts"][1]["up"], true);
  EXPECT_EQ(json["storage"], Json::array());
}

TEST(CliOutput, OptionalFieldThatIsNotSetIsNull) {
  management::v1::UpdateStorageGroupRequest request;
  EXPECT_EQ(ToJson(request)["quota_bytes"], nullptr);
  request.set_quota_bytes(0);
  EXPECT_EQ(ToJson(request)["quota_bytes"], 0);
}

TEST(CliOutput, EnumsAreWords) {
  EXPECT_EQ(EnumWord(fs::v1::COMPRESSION_MODE_LZ4), "lz4");
  EXPECT_EQ(EnumWord(management::v1::CONTAINER_TYPE_LOCAL), "local");
  EXPECT_EQ(EnumWord(fs::v1::SCAN_LEVEL_VERIFY_DATA), "verify_data");
  EXPECT_EQ(EnumWord(static_cast<fs::v1::JobState>(77)), "77");
}

TEST(CliOutput, RecordAlignsColons) {
  EXPECT_EQ(Record().Add("Name", "a").Add("Longer Name", "").Text(),
            "Name        : a\nLonger Name : \n");
}

TEST(CliOutput, TableAlignsColumnsByCharacters) {
  Table table({"Name", "Size>"});
  table.Add({"b\xc3\xa4r", "1"});
  table.Add({"x", "1000"});
  EXPECT_EQ(table.Text(), "Name  Size\nb\xc3\xa4r      1\nx     1000\n");
}

}  // namespace
}  // namespace oca::cli
