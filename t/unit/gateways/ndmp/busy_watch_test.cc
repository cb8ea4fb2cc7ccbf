#include "gateways/ndmp/ocandmpd/busy_watch.h"

#include "gtest/gtest.h"

namespace oca::ndmp {
namespace {

constexpr char kDrive[] = "/oca/lib1/drive0";

TEST(BusyWatch, AWaitIsToldOnceItIsTooLong) {
  BusyWatch watch;
  absl::Time now = absl::UnixEpoch();
  for (int minute = 0; minute < 15; ++minute) {
    EXPECT_FALSE(watch.Refused(kDrive, now + absl::Minutes(minute)));
  }
  EXPECT_FALSE(watch.Refused("another", now + absl::Minutes(15)));
  EXPECT_TRUE(watch.Refused(kDrive, now + absl::Minutes(15)));
  EXPECT_FALSE(watch.Refused(kDrive, now + absl::Minutes(16)));
  EXPECT_FALSE(watch.Refused(kDrive, now + absl::Hours(9)));
  EXPECT_TRUE(watch.Opened(kDrive));
  EXPECT_FALSE(watch.Opened(kDrive));
}

TEST(BusyWatch, RefusalsFarApartAreNoWait) {
  BusyWatch watch;
  absl::Time now = absl::UnixEpoch();
  EXPECT_FALSE(watch.Refused(kDrive, now));
  EXPECT_FALSE(watch.Refused(kDrive, now + absl::Minutes(16)));
  EXPECT_FALSE(watch.Refused(kDrive, now + absl::Minutes(30)));
  EXPECT_TRUE(watch.Refused(kDrive, now + absl::Minutes(31)));
}

TEST(BusyWatch, WhoGetsTheDriveEndsTheWait) {
  BusyWatch watch;
  absl::Time now = absl::UnixEpoch();
  EXPECT_FALSE(watch.Refused(kDrive, now));
  EXPECT_FALSE(watch.Opened(kDrive));
  EXPECT_FALSE(watch.Refused(kDrive, now + absl::Minutes(15)));
}

}  // namespace
}  // namespace oca::ndmp
