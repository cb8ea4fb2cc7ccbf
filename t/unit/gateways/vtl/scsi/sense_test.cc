#include "gateways/vtl/scsi/sense.h"

#include "gateways/vtl/scsi/wire.h"
#include "gtest/gtest.h"
#include "t/unit/gateways/vtl/scsi/host.h"

namespace oca::scsi {
namespace {

const Sense kIncorrectLength = {.incorrect_length = true, .information = -4096};

TEST(Sense, FixedFormatHoldsFlagsAndNegativeInformation) {
  EXPECT_EQ(EncodeSense(kIncorrectLength, false),
            Raw({0xf0, 0, 0x20, 0xff, 0xff, 0xf0, 0x00, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(Sense, DescriptorFormatHoldsTheSame) {
  EXPECT_EQ(EncodeSense(kIncorrectLength, true),
            Raw({0x72, 0,    0,    0,   0,    0,    0,    16,                         //
                 0x00, 0x0a, 0x80, 0,   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf0, 0,  //
                 0x04, 0x02, 0,    0x20}));
}

TEST(Sense, InformationThatDoesNotFitIsLeftOutOfTheFixedFormat) {
  Sense sense{.information = int64_t{1} << 40};
  EXPECT_EQ(EncodeSense(sense, false).substr(0, 7), Raw({0x70, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(GetBe(EncodeSense(sense, true).substr(12, 8)), uint64_t{1} << 40);
}

TEST(Sense, PointsToTheFieldThatIsWrong) {
  EXPECT_EQ(EncodeSense(InvalidCdb(8).sense, false).substr(12), Raw({0x24, 0, 0, 0xc0, 0, 8}));
  EXPECT_EQ(EncodeSense(InvalidParameter(300).sense, false).substr(12),
            Raw({0x26, 0, 0, 0x80, 0x01, 0x2c}));
  EXPECT_EQ(EncodeSense(InvalidCdb(8).sense, true).substr(8),
            Raw({0x02, 0x06, 0, 0, 0xc0, 0, 8, 0}));
}

TEST(Wire, SignsAreExtended) {
  EXPECT_EQ(SignExtend(0xffffff, 24), -1);
  EXPECT_EQ(SignExtend(0x7fffff, 24), 0x7fffff);
  EXPECT_EQ(SignExtend(0x8000000000000000, 64), INT64_MIN);
}

}  // namespace
}  // namespace oca::scsi
