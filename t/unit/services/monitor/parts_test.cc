#include "services/monitor/parts.h"

#include <map>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::monitor {
namespace {

using support::StatusIs;

constexpr uint64_t kMib = 1 << 20;

// "name subject" and the values.
std::map<std::string, double> ValuesOf(const Sample& sample) {
  std::map<std::string, double> values;
  for (const Value& value : sample.values) {
    values[fmt::format("{} {}", value.series->name, value.subject)] = value.value;
  }
  return values;
}

FilesystemFigures TwoGroups(uint64_t written) {
  FilesystemFigures figures;
  for (const char* name : {"g1", "g2"}) {
    fs::v1::StorageGroupStats group;
    group.set_name(name);
    group.set_current_bytes(1000);
    group.set_post_dedupe_bytes(500);
    group.set_post_compression_bytes(250);
    group.set_written_bytes_since_start(written);
    figures.groups.push_back(group);
  }
  fs::v1::ContainerStats container;
  container.set_name("c1");
  container.set_current_files(7);
  figures.containers.push_back(container);
  figures.cleaner.set_state(fs::v1::JOB_STATE_RUNNING);
  figures.cleaner.set_debt_bytes(99);
  return figures;
}

TEST(Parts, FilesystemAsSeriesWithSums) {
  Rates rates;
  std::map<std::string, double> values;
  for (int64_t round = 0; round < 2; ++round) {
    rates.BeginRound();
    SampleBuilder builder(absl::UnixEpoch(), rates);
    AddFilesystem(TwoGroups(static_cast<uint64_t>(round) * 20 * kMib), round * 10'000'000'000,
                  &builder);
    values = ValuesOf(builder.Take());
    // What is not known at first is not there, in the sums neither.
    EXPECT_EQ(values.contains("storage_group.write_mib_per_s g1"), round == 1);
    EXPECT_EQ(values.contains("system.write_mib_per_s "), round == 1);
  }
  EXPECT_EQ(values["storage_group.write_mib_per_s g1"], 2);
  EXPECT_EQ(values["system.write_mib_per_s "], 4);
  EXPECT_EQ(values["system.read_mib_per_s "], 0);
  EXPECT_EQ(values["system.current_bytes "], 2000);
  EXPECT_EQ(values["system.total_savings_percent "], 75);
  EXPECT_EQ(values["container.current_files c1"], 7);
  EXPECT_EQ(values["cleaner.running "], 1);
  EXPECT_EQ(values["cleaner.debt_bytes "], 99);
}

TEST(Parts, WhatNobodyKnowsIsNotZero) {
  Rates rates;
  ConfigurationFigures figures;
  figures.logins = 3;
  SampleBuilder down(absl::UnixEpoch(), rates);
  AddConfiguration(figures, &down);
  EXPECT_EQ(ValuesOf(down.Take()), (std::map<std::string, double>{{"configuration.logins ", 3},
                                                                  {"configuration.ready ", 0}}));
  figures.system.set_system_id("x");
  figures.system.set_ready(true);
  figures.system.set_containers(2);
  SampleBuilder up(absl::UnixEpoch(), rates);
  AddConfiguration(figures, &up);
  std::map<std::string, double> values = ValuesOf(up.Take());
  EXPECT_EQ(values["configuration.containers "], 2);
  EXPECT_EQ(values["configuration.ready "], 1);
}

TEST(Parts, NobodyIsThere) {
  support::TempDir home;
  ASSERT_OK_AND_ASSIGN(auto parts, Parts::Create(home.path()));
  EXPECT_THAT(parts->AskFilesystem().status(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(parts->AskConfiguration().status(), StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace oca::monitor
