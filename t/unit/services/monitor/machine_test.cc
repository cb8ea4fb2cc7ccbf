#include "services/monitor/machine.h"

#include <map>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace oca::monitor {
namespace {

using testing::DoubleNear;

class MachineTest : public testing::Test {
 protected:
  management::v1::MachineStats Look(int64_t seconds = 10) {
    nanos_ += seconds * 1'000'000'000;
    rates_.BeginRound();
    return machine_.Look({"/home", "/path"}, rates_, nanos_);
  }

  std::map<std::string, std::string> texts_;
  std::map<std::string, Volume> volumes_;
  Machine machine_{{[this](const std::string& path) { return texts_[path]; },
                    [this](const std::string& folder) {
                      auto found = volumes_.find(folder);
                      return found == volumes_.end() ? std::nullopt : std::optional(found->second);
                    }}};
  Rates rates_;
  int64_t nanos_ = 0;
};

TEST_F(MachineTest, NothingCanBeRead) {
  Look();
  const auto stats = Look();
  EXPECT_FALSE(stats.cpu().has_used_percent());
  EXPECT_FALSE(stats.cpu().has_load_1());
  EXPECT_FALSE(stats.memory().has_total_bytes());
  EXPECT_EQ(stats.networks_size(), 0);
  ASSERT_EQ(stats.disks_size(), 2);
  EXPECT_EQ(stats.disks(1).path(), "/path");
  EXPECT_FALSE(stats.disks(0).has_total_bytes());
}

TEST_F(MachineTest, SharesOfTheProcessorsSinceTheLookBefore) {
  texts_["/proc/stat"] = "cpu 1000 0 500 8000 100 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0\n";
  EXPECT_FALSE(Look().cpu().has_used_percent());
  texts_["/proc/stat"] = "cpu 1100 0 550 8800 120 0 0 30 0 0\ncpu0 0 0 0 0 0 0 0 0\n";
  const auto cpu = Look().cpu();
  EXPECT_THAT(cpu.user_percent(), DoubleNear(10, 1e-9));
  EXPECT_THAT(cpu.system_percent(), DoubleNear(5, 1e-9));
  EXPECT_THAT(cpu.iowait_percent(), DoubleNear(2, 1e-9));
  EXPECT_THAT(cpu.steal_percent(), DoubleNear(3, 1e-9));
  EXPECT_THAT(cpu.used_percent(), DoubleNear(18, 1e-9));
  EXPECT_EQ(cpu.processors(), 1u);
}

TEST_F(MachineTest, CountsThatGoBackAreNoTime) {
  texts_["/proc/stat"] = "cpu 1000 0 500 8000 100 0 0 0\n";
  Look();
  texts_["/proc/stat"] = "cpu 1010 0 500 7990 90 0 0 0\n";
  const auto cpu = Look().cpu();
  EXPECT_EQ(cpu.user_percent(), 100);
  EXPECT_EQ(cpu.used_percent(), 100);
  EXPECT_EQ(cpu.iowait_percent(), 0);
  // All of them, as after a restart of what counts: nothing is known.
  texts_["/proc/stat"] = "cpu 1 0 1 1 1 0 0 0\n";
  EXPECT_FALSE(Look().cpu().has_used_percent());
}

TEST_F(MachineTest, ASecondAtLeastForShares) {
  texts_["/proc/stat"] = "cpu 1000 0 500 8000 100 0 0 0\n";
  Look();
  texts_["/proc/stat"] = "cpu 1001 0 500 8000 100 0 0 0\n";
  EXPECT_FALSE(Look(0).cpu().has_used_percent());
}

TEST_F(MachineTest, MemoryAndLoad) {
  texts_["/proc/loadavg"] = "0.50 1.25 2.00 1/2 3";
  texts_["/proc/meminfo"] =
      "MemTotal: 1000 kB\nMemAvailable: 1500 kB\nSwapTotal: 10 kB\nSwapFree: 4 kB\n";
  const auto stats = Look();
  EXPECT_EQ(stats.cpu().load_5(), 1.25);
  EXPECT_EQ(stats.memory().used_bytes(), 0u);
  EXPECT_EQ(stats.memory().swap_used_bytes(), 6u * 1024);
  EXPECT_FALSE(stats.memory().has_cached_bytes());
}

TEST_F(MachineTest, NetworkRates) {
  texts_["/proc/net/dev"] = "eth0: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
  EXPECT_FALSE(Look().networks(0).has_send_mib_per_s());
  texts_["/proc/net/dev"] = "eth0: 20971520 0 5 0 0 0 0 0 10485760 0 5 20 0 0 0 0\n";
  const auto stats = Look().networks(0);
  EXPECT_EQ(stats.name(), "eth0");
  EXPECT_EQ(stats.receive_mib_per_s(), 2);
  EXPECT_EQ(stats.send_mib_per_s(), 1);
  EXPECT_EQ(stats.errors_per_s(), 1);
  EXPECT_EQ(stats.drops_per_s(), 2);
}

TEST_F(MachineTest, TheDiskBelowAFolder) {
  volumes_["/home"] = {
      .total_bytes = 100, .used_bytes = 40, .free_bytes = 50, .major = 8, .minor = 1};
  // What has no device (an overlay) still has room.
  volumes_["/path"] = {.total_bytes = 7, .used_bytes = 1, .free_bytes = 6, .major = 0, .minor = 9};
  texts_["/proc/diskstats"] = "8 1 sda1 0 0 0 0 0 0 0 0 0 0 0\n8 0 sda 0 0 0 0 0 0 0 0 0 0 0\n";
  Look();
  texts_["/proc/diskstats"] =
      "8 1 sda1 0 0 20480 0 0 0 40960 0 0 5000 0\n8 0 sda 0 0 99999 0 0 0 0 0 0 0 0\n";
  auto stats = Look();
  EXPECT_EQ(stats.disks(0).total_bytes(), 100u);
  EXPECT_EQ(stats.disks(0).used_bytes(), 40u);
  EXPECT_EQ(stats.disks(0).free_bytes(), 50u);
  EXPECT_EQ(stats.disks(0).read_mib_per_s(), 1);
  EXPECT_EQ(stats.disks(0).write_mib_per_s(), 2);
  EXPECT_EQ(stats.disks(0).busy_percent(), 50);
  EXPECT_EQ(stats.disks(1).free_bytes(), 6u);
  EXPECT_FALSE(stats.disks(1).has_read_mib_per_s());
  // Another disk stands in its place, whose counters are larger.
  volumes_["/home"].minor = 0;
  EXPECT_FALSE(Look().disks(0).has_read_mib_per_s());
}

TEST(ThisMachine, TellsOfItself) {
  Rates rates;
  rates.BeginRound();
  Machine machine(ThisMachine());
  const auto stats = machine.Look({"/", "/nonsense"}, rates, 0);
  EXPECT_GE(stats.cpu().processors(), 1u);
  EXPECT_TRUE(stats.cpu().has_load_15());
  EXPECT_GT(stats.memory().total_bytes(), stats.memory().used_bytes());
  EXPECT_GE(stats.disks(0).total_bytes(), stats.disks(0).free_bytes());
  EXPECT_FALSE(stats.disks(1).has_total_bytes());
}

}  // namespace
}  // namespace oca::monitor
