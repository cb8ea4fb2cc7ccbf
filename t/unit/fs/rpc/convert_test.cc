#include "fs/rpc/convert.h"

#include <cstdint>

#include "gtest/gtest.h"
#include "t/support/status_matchers.h"

namespace oca::fs_rpc {
namespace {

constexpr uint64_t kTiB = 1ull << 40;

TEST(Convert, GroupStatsCarryEveryCounterAndTheSavings) {
  engine::GroupStats stats;
  stats.id = GroupId(3);
  stats.name = "g";
  stats.bytes = {1000, 500, 200, 250};
  stats.total_inodes = 9;
  stats.files = 7;
  stats.read_mib_per_s = 1.239;
  stats.write_mib_per_s = -1;
  stats.quota_bytes = 4 * kTiB;
  stats.capacity_free_bytes = 77;
  stats.index = {.one_in = 8,
                 .entries = 5,
                 .memory_bytes = 64,
                 .budget_bytes = 99,
                 .stored_bytes = 4096,
                 .runs = 3,
                 .stored_lookups = 11,
                 .disk_reads = 12};
  stats.encryption_state = engine::JobState::kRunning;
  stats.encrypted_bytes = 9;
  stats.packs = 2;
  stats.cleaner_state = engine::JobState::kDone;
  fs::v1::StorageGroupStats out = ToProto(stats);
  EXPECT_EQ(out.name(), "g");
  EXPECT_EQ(out.id(), 3u);
  EXPECT_EQ(out.current_bytes(), 1000u);
  EXPECT_EQ(out.post_dedupe_bytes(), 500u);
  EXPECT_EQ(out.post_compression_bytes(), 200u);
  EXPECT_EQ(out.physical_bytes(), 250u);
  EXPECT_EQ(out.capacity_used_bytes(), 250u);
  EXPECT_EQ(out.capacity_free_bytes(), 77u);
  EXPECT_EQ(out.quota_bytes(), 4 * kTiB);
  EXPECT_EQ(out.total_inodes(), 9u);
  EXPECT_EQ(out.current_files(), 7u);
  EXPECT_EQ(out.read_mib_per_s(), 1.24);
  EXPECT_EQ(out.write_mib_per_s(), 0);
  EXPECT_EQ(out.dedupe_savings_percent(), 50);
  EXPECT_EQ(out.compression_savings_percent(), 60);
  EXPECT_EQ(out.total_savings_percent(), 80);
  EXPECT_EQ(out.cleaner_status(), fs::v1::JOB_STATE_DONE);
  EXPECT_EQ(out.index_entries(), 5u);
  EXPECT_EQ(out.encryption_status(), fs::v1::JOB_STATE_RUNNING);
  EXPECT_EQ(out.encrypted_bytes(), 9u);
  EXPECT_EQ(out.index_memory_bytes(), 64u);
  EXPECT_EQ(out.packs(), 2u);
  EXPECT_EQ(out.index_one_in(), 8u);
  EXPECT_EQ(out.index_budget_bytes(), 99u);
  EXPECT_EQ(out.index_stored_bytes(), 4096u);
  EXPECT_EQ(out.index_runs(), 3u);
  EXPECT_EQ(out.index_stored_lookups(), 11u);
  EXPECT_EQ(out.index_disk_reads(), 12u);
}

TEST(Convert, CompressionModesMapBothWays) {
  for (auto mode : {names::GroupCompression::kFast, names::GroupCompression::kBest,
                    names::GroupCompression::kLz4}) {
    names::StorageGroup group;
    group.compression = mode;
    ASSERT_OK_AND_ASSIGN(auto back, FromProto(ToProto(group).compression_mode()));
    EXPECT_EQ(back, mode);
  }
  ASSERT_OK_AND_ASSIGN(auto unspecified, FromProto(fs::v1::COMPRESSION_MODE_UNSPECIFIED));
  EXPECT_EQ(unspecified, names::GroupCompression::kFast);
  EXPECT_ERRNO(FromProto(static_cast<fs::v1::CompressionMode>(50)), EINVAL);
}

TEST(Convert, ScanLevelMustBeGiven) {
  EXPECT_ERRNO(FromProto(fs::v1::SCAN_LEVEL_UNSPECIFIED), EINVAL);
  ASSERT_OK_AND_ASSIGN(auto level, FromProto(fs::v1::SCAN_LEVEL_VERIFY_DATA));
  EXPECT_EQ(level, engine::ScanLevel::kVerifyData);
}

TEST(Convert, CleanerTellsItsDebtAndItsPauses) {
  engine::CleanerStatus status;
  status.automatic = true;
  status.recipes_counted = 3;
  status.reclaimable_bytes = 5000;
  status.debt_bytes = 4000;
  status.longest_pause = absl::Microseconds(1250);
  fs::v1::CleanerStatus out = ToProto(status);
  EXPECT_TRUE(out.automatic());
  EXPECT_FALSE(out.whole());
  EXPECT_EQ(out.recipes_counted(), 3u);
  EXPECT_EQ(out.reclaimable_bytes(), 5000u);
  EXPECT_EQ(out.debt_bytes(), 4000u);
  EXPECT_DOUBLE_EQ(out.longest_pause_ms(), 1.25);
  EXPECT_FALSE(out.has_seconds_left());
  status.time_left = absl::Seconds(90);
  EXPECT_DOUBLE_EQ(ToProto(status).seconds_left(), 90);
}

TEST(Convert, TimesThatNeverWereStayUnset) {
  engine::CleanerStatus status;
  EXPECT_FALSE(ToProto(status).has_started());
  status.started = absl::FromUnixSeconds(1'700'000'000);
  status.ended = absl::InfiniteFuture();
  fs::v1::CleanerStatus out = ToProto(status);
  EXPECT_EQ(out.started().seconds(), 1'700'000'000);
  EXPECT_FALSE(out.has_ended());
}

}  // namespace
}  // namespace oca::fs_rpc
