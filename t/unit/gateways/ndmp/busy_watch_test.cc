#include "gateways/ndmp/ocandmpd/busy_watch.h"

#include "gtest/gtest.h"

namespace oca::ndmp {
namespace {

constexpr char kBusyDrive[] = "/oca/lib1/drive0";

TEST(BusyWatch, AWaitIsToldOnceItIsTooLong) {
  BusyWatch watch;
  absl::Time now = absl::UnixEpoch();
  for (int minute = 0; minute < 15; ++minute) {
    EXPECT_FALSE(watch.Refused(kBusyDrive, now + absl::Minutes(minute)));
  }
  EXPECT_FALSE(watch.Refused("another", now + absl::Minutes(15)));
  EXPECT_TRUE(watch.Refused(kBusyDrive, now + absl::Minutes(15)));
  EXPECT_FALSE(watch.Refused(kBusyDrive, now + absl::Minutes(16)));
  EXPECT_FALSE(watch.Refused(kBusyDrive, now + absl::Hours(9)));
  EXPECT_TRUE(watch.Opened(kBusyDrive));
  EXPECT_FALSE(watch.Opened(kBusyDrive));
}

TEST(BusyWatch, RefusalsFarApartAreNoWait) {
  BusyWatch watch;
  absl::Time now = absl::UnixEpoch();
  EXPECT_FALSE(watch.Refused(kBusyDrive, now));
  EXPECT_FALSE(watch.Refused(kBusyDrive, now + absl::Minutes(16)));
  EXPECT_FALSE(watch.Refused(kBusyDrive, now + absl::Minutes(30)));
  EXPECT_TRUE(watch.Refused(kBusyDrive, now + absl::Minutes(31)));
}

TEST(BusyWatch, WhoGetsTheDriveEndsTheWait) {
  BusyWatch watch;
  absl::Time now = absl::UnixEpoch();
  EXPECT_FALSE(watch.Refused(kBusyDrive, now));
  EXPECT_FALSE(watch.Opened(kBusyDrive));
  EXPECT_FALSE(watch.Refused(kBusyDrive, now + absl::Minutes(15)));
}

}  // namespace
}  // namespace oca::ndmp
