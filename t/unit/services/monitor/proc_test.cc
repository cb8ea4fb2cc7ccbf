#include "services/monitor/proc.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace oca::monitor {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Proc, StatGivesTheTimesOfAllProcessors) {
  const auto times = ParseStat(
      "cpu  100 20 30 4000 50 6 7 8 9 10\n"
      "cpu0 50 10 15 2000 25 3 3 4 0 0\n"
      "cpu1 50 10 15 2000 25 3 4 4 0 0\n"
      "intr 123 0 9\n"
      "ctxt 99\n");
  ASSERT_TRUE(times.has_value());
  EXPECT_EQ(times->user, 120u);
  EXPECT_EQ(times->system, 43u);
  EXPECT_EQ(times->idle, 4000u);
  EXPECT_EQ(times->iowait, 50u);
  EXPECT_EQ(times->steal, 8u);
  EXPECT_EQ(times->processors, 2u);
}

TEST(Proc, StatOfAnotherShapeGivesNothing) {
  EXPECT_FALSE(ParseStat("").has_value());
  EXPECT_FALSE(ParseStat("cpu 1 2 3\n").has_value());
  EXPECT_FALSE(ParseStat("cpu 1 2 3 4 5 6 7 -8\n").has_value());
  EXPECT_FALSE(ParseStat("cpu0 1 2 3 4 5 6 7 8\n").has_value());
  // Too large to be added up: the largest number, not a small one.
  const auto times = ParseStat("cpu 18446744073709551615 1 0 0 0 0 0 0\n");
  ASSERT_TRUE(times.has_value());
  EXPECT_EQ(times->user, 18446744073709551615u);
}

TEST(Proc, Load) {
  const auto load = ParseLoad("0.52 0.58 1.59 1/597 12345\n");
  ASSERT_TRUE(load.has_value());
  EXPECT_THAT(*load, ElementsAre(DoubleEq(0.52), DoubleEq(0.58), DoubleEq(1.59)));
  EXPECT_FALSE(ParseLoad("").has_value());
  EXPECT_FALSE(ParseLoad("0.1 nan 0.2").has_value());
  EXPECT_FALSE(ParseLoad("0.1 -1 0.2").has_value());
  EXPECT_FALSE(ParseLoad("0.1 1e999 0.2").has_value());
}

TEST(Proc, MemoryInBytes) {
  const MemoryInfo memory = ParseMemory(
      "MemTotal:       16308204 kB\n"
      "MemFree:         1000000 kB\n"
      "MemAvailable:    9876543 kB\n"
      "Cached:          5000000 kB\n"
      "SwapCached:            7 kB\n"
      "SwapTotal:        975868 kB\n"
      "SwapFree:           many kB\n"
      "HugePages_Total:       0\n");
  EXPECT_EQ(memory.total, 16308204ull * 1024);
  EXPECT_EQ(memory.available, 9876543ull * 1024);
  EXPECT_EQ(memory.cached, 5000000ull * 1024);
  EXPECT_EQ(memory.swap_total, 975868ull * 1024);
  EXPECT_FALSE(memory.swap_free.has_value());
}

TEST(Proc, InterfacesWithoutTheLoopback) {
  const auto interfaces = ParseInterfaces(
      "Inter-|   Receive                                                |  Transmit\n"
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs "
      "drop "
      "fifo colls carrier compressed\n"
      "    lo: 999 9 0 0 0 0 0 0 999 9 0 0 0 0 0 0\n"
      "  eth0:1000 10 1 2 0 0 0 0 2000 20 3 4 0 0 0 0\n"
      "enp1s0: 5 1 0 0 0 0 0 0 6 1 0 0 0 0 0 0 \n"
      " half0: 5 1 0\n"
      "     : 5 1 0 0 0 0 0 0 6 1 0 0 0 0 0 0\n");
  ASSERT_EQ(interfaces.size(), 2u);
  EXPECT_EQ(interfaces[0].name, "eth0");
  EXPECT_EQ(interfaces[0].received_bytes, 1000u);
  EXPECT_EQ(interfaces[0].sent_bytes, 2000u);
  EXPECT_EQ(interfaces[0].errors, 4u);
  EXPECT_EQ(interfaces[0].drops, 6u);
  EXPECT_EQ(interfaces[1].name, "enp1s0");
}

TEST(Proc, NoMoreInterfacesThanAreOfUse) {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    text += "veth" + std::to_string(i) + ": 5 1 0 0 0 0 0 0 6 1 0 0 0 0 0 0\n";
  }
  EXPECT_EQ(ParseInterfaces(text).size(), kMostInterfaces);
}

TEST(Proc, DisksAndPartitions) {
  const auto disks = ParseDisks(
      "   8       0 sda 1000 5 4096 77 2000 6 8192 88 0 1234 165 0 0 0 0 0 0\n"
      " 259       1 nvme0n1p1 1 0 2 0 3 0 4 0 0 5 0\n"
      "   8       x sdb 1 0 2 0 3 0 4 0 0 5 0\n"
      "   8      16 sdc 1 0 2\n"
      "   8      32 sdd 1 0 18446744073709551615 0 3 0 4 0 0 5 0\n");
  ASSERT_EQ(disks.size(), 3u);
  EXPECT_EQ(disks[0].major, 8u);
  EXPECT_EQ(disks[0].minor, 0u);
  EXPECT_EQ(disks[0].read_bytes, 4096u * 512);
  EXPECT_EQ(disks[0].written_bytes, 8192u * 512);
  EXPECT_EQ(disks[0].busy_ms, 1234u);
  EXPECT_EQ(disks[1].major, 259u);
  EXPECT_EQ(disks[2].read_bytes, 18446744073709551615u);
  EXPECT_THAT(ParseDisks("\n\n \n"), IsEmpty());
}

}  // namespace
}  // namespace oca::monitor
