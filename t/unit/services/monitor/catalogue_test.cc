#include "services/monitor/catalogue.h"

#include <fstream>
#include <limits>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/api/fs.pb.h"
#include "lib/api/management.pb.h"
#include "lib/api/statistics.pb.h"
#include "services/monitor/sample.h"

namespace oca::monitor {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::string Texts(const Sample& sample) {
  std::string text;
  for (const Value& value : sample.values) {
    text += fmt::format("{}({})={} ", value.series->name, value.subject, value.value);
  }
  return text;
}

TEST(Catalogue, NamesAreUniqueAndFieldsOfTheirMessage) {
  const std::map<std::string_view, const google::protobuf::Descriptor*> messages = {
      {"cpu", management::v1::CpuStats::descriptor()},
      {"memory", management::v1::MemoryStats::descriptor()},
      {"network", management::v1::NetworkStats::descriptor()},
      {"disk", management::v1::DiskStats::descriptor()},
      {"system", management::v1::SystemStats::descriptor()},
      {"storage_group", fs::v1::StorageGroupStats::descriptor()},
      {"container", fs::v1::ContainerStats::descriptor()},
      {"cleaner", fs::v1::CleanerStatus::descriptor()},
      {"configuration", nullptr},
  };
  std::set<std::string_view> names;
  for (const Definition& one : Catalogue()) {
    SCOPED_TRACE(one.name);
    EXPECT_TRUE(names.insert(one.name).second);
    EXPECT_EQ(Find(one.name), &one);
    const auto message = messages.find(one.scope());
    ASSERT_NE(message, messages.end());
    if (one.field_name() == "-") continue;
    const auto* field = message->second->FindFieldByName(std::string(one.field_name()));
    ASSERT_NE(field, nullptr);
    if (one.kind == Kind::kRate) {
      EXPECT_EQ(field->cpp_type(), google::protobuf::FieldDescriptor::CPPTYPE_UINT64);
    }
  }
  EXPECT_EQ(Find("cpu.nonsense"), nullptr);
  EXPECT_EQ(Find(""), nullptr);
}

TEST(Catalogue, ThePageListsEachSeriesWithItsUnit) {
  std::ifstream file(OCA_STATISTICS_PAGE);
  std::stringstream page;
  page << file.rdbuf();
  size_t rows = 0;
  for (std::string line; std::getline(page, line);)
    rows += line.starts_with("| `") && line.find('.') < line.find("` |");
  for (const Definition& one : Catalogue()) {
    EXPECT_THAT(page.str(),
                HasSubstr(fmt::format("| `{}` | {} | {} |", one.name, one.unit, one.what)));
  }
  EXPECT_EQ(rows, Catalogue().size()) << "the page has series that there are not";
}

TEST(SampleBuilder, TakesWhatIsSetAndNoZerosForTheRest) {
  Rates rates;
  SampleBuilder builder(absl::UnixEpoch(), rates);
  management::v1::CpuStats cpu;
  cpu.set_load_5(0);
  cpu.set_used_percent(12.5);
  builder.AddFrom("cpu", "", cpu);
  EXPECT_EQ(Texts(builder.sample()), "cpu.used_percent()=12.5 cpu.load_5()=0 ");
}

TEST(SampleBuilder, CountersBecomeRatesInTheSeriesUnit) {
  Rates rates;
  fs::v1::ContainerStats container;
  container.set_written_bytes_since_start(5 << 20);
  for (int round = 0; round < 2; ++round) {
    rates.BeginRound();
    SampleBuilder builder(absl::UnixEpoch(), rates);
    builder.AddFrom("container", "c1", container, round * int64_t{10'000'000'000}, 7);
    const std::string text = Texts(builder.sample());
    EXPECT_EQ(text.find("container.write_mib_per_s(c1)=3 ") != std::string::npos, round == 1);
    EXPECT_EQ(text.find("write_mib_per_s") == std::string::npos, round == 0);
    container.set_written_bytes_since_start(35 << 20);
  }
}

TEST(SampleBuilder, RefusesWhatIsNoNumberUnknownOrThereAlready) {
  Rates rates;
  SampleBuilder builder(absl::UnixEpoch(), rates);
  builder.Add("cpu.load_1", "", std::numeric_limits<double>::quiet_NaN());
  builder.Add("cpu.load_1", "", std::numeric_limits<double>::infinity());
  builder.Add("cpu.nonsense", "", 1);
  EXPECT_THAT(builder.sample().values, IsEmpty());
  builder.Add("network.errors_per_s", "eth\x01", 1);
  builder.Add("network.errors_per_s", "eth?", 2);
  EXPECT_EQ(Texts(builder.sample()), "network.errors_per_s(eth?)=1 ");
  builder.Add("disk.used_bytes", std::string(1000, 'x'), 1);
  EXPECT_EQ(builder.sample().values.back().subject.size(), kMostSubjectBytes + 3);
}

TEST(SampleBuilder, LeavesOutWhatIsTooMuch) {
  Rates rates;
  SampleBuilder builder(absl::UnixEpoch(), rates);
  for (size_t i = 0; i < kMostValues + 5; ++i) {
    builder.Add("container.current_files", std::to_string(i), 1);
  }
  EXPECT_EQ(builder.sample().values.size(), kMostValues);
  EXPECT_EQ(builder.sample().left_out, 5u);
}

}  // namespace
}  // namespace oca::monitor
