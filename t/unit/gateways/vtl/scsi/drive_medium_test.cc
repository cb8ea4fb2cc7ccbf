// LOAD UNLOAD, what the robot does, READ BLOCK LIMITS, REPORT DENSITY SUPPORT.
#include "t/unit/gateways/vtl/scsi/host.h"

namespace oca::scsi {
namespace {

class DriveMedium : public DriveTest {
 protected:
  static constexpr std::initializer_list<int> kReady = {0x00, 0, 0, 0, 0, 0};
  static constexpr std::initializer_list<int> kUnload = {0x1b, 0, 0, 0, 0, 0};
  static constexpr std::initializer_list<int> kLoad = {0x1b, 0, 0, 0, 1, 0};
  static constexpr std::initializer_list<int> kPrevent = {0x1e, 0, 0, 0, 1, 0};
  static constexpr std::initializer_list<int> kAllow = {0x1e, 0, 0, 0, 0, 0};
};

TEST_F(DriveMedium, AnInsertedTapeIsAnnouncedToAllWhoKnowTheDrive) {
  EXPECT_SENSE(host_.Send(kReady), 2, 0x3a00);
  EXPECT_SENSE(other_.Send(kReady), 2, 0x3a00);
  LoadTape();
  // INQUIRY neither hears nor clears it; REQUEST SENSE does both.
  EXPECT_GOOD(host_.Send({0x12, 0, 0, 0, 36, 0}));
  EXPECT_SENSE(host_.Send(kReady), 6, 0x2800);
  EXPECT_GOOD(host_.Send(kReady));
  Answer sense = other_.Send({0x03, 0, 0, 0, 252, 0});
  EXPECT_GOOD(sense);
  EXPECT_EQ(sense.data[2], 6);
  EXPECT_EQ(sense.Number(12, 2), 0x2800u);
  EXPECT_GOOD(other_.Send(kReady));
}

TEST_F(DriveMedium, UnloadKeepsTheTapeInTheDrive) {
  LoadTape();
  WriteBlock(host_, "kept");
  EXPECT_GOOD(other_.Send(kReady));
  EXPECT_GOOD(host_.Send(kUnload));
  EXPECT_SENSE(host_.Send(kReady), 2, 0x3a00);
  EXPECT_EQ(host_.Send({0x03, 0, 0, 0, 18, 0}).data[2], 2);
  EXPECT_GOOD(host_.Send(kUnload));
  EXPECT_GOOD(host_.Send(kLoad));
  EXPECT_GOOD(host_.Send(kReady));
  EXPECT_SENSE(other_.Send(kReady), 6, 0x2800);
  EXPECT_EQ(Position(host_), 0u);
  EXPECT_EQ(ReadBlock(host_, 4).data, "kept");
  EXPECT_GOOD(host_.Send(kLoad));  // again: rewinds
  EXPECT_EQ(Position(host_), 0u);
  EXPECT_SENSE(host_.Send({0x1b, 0, 0, 0, 5, 0}), 5, 0x2400);
}

TEST_F(DriveMedium, AnEmptyDriveLoadsNothing) {
  EXPECT_SENSE(host_.Send(kLoad), 2, 0x3a00);
  EXPECT_SENSE(host_.Send(kUnload), 2, 0x3a00);
}

TEST_F(DriveMedium, PreventionKeepsTheTapeIn) {
  LoadTape();
  EXPECT_TRUE(drive_.Accessible());
  EXPECT_GOOD(host_.Send(kPrevent));
  EXPECT_GOOD(other_.Send(kPrevent));
  EXPECT_FALSE(drive_.Accessible());
  EXPECT_SENSE(host_.Send(kUnload), 5, 0x5302);
  EXPECT_EQ(drive_.Eject().code(), vtape::Code::kPrevented);
  EXPECT_GOOD(host_.Send(kAllow));
  EXPECT_SENSE(host_.Send(kUnload), 5, 0x5302);
  // The other host goes away without a word.
  drive_.SessionEnded(other_.initiator());
  EXPECT_GOOD(host_.Send(kUnload));
  EXPECT_SENSE(host_.Send({0x1e, 0, 0, 0, 2, 0}), 5, 0x2400);
}

TEST_F(DriveMedium, WhatCannotBeLoadedSaysWhy) {
  MakeTape("/cleaning", 64 << 20, vtape::MediumKind::kCleaning);
  drive_.Insert("/cleaning");
  EXPECT_SENSE(host_.Send(kReady), 2, 0x3003);
  EXPECT_TRUE(drive_.Eject().ok());
  EXPECT_SENSE(host_.Send(kReady), 2, 0x3a00);
  MakeTape("/newer", 64 << 20, vtape::MediumKind::kData, 7);
  drive_.Insert("/newer");
  EXPECT_SENSE(host_.Send(kReady), 6, 0x2800);
  EXPECT_SENSE(host_.Send(kReady), 3, 0x3000);
  EXPECT_SENSE(WriteBlock(host_, "x"), 3, 0x3000);
  EXPECT_SENSE(host_.Send(kLoad), 3, 0x3000);
  EXPECT_TRUE(drive_.Eject().ok());
  drive_.Insert("/nowhere");
  EXPECT_SENSE(host_.Send(kReady), 6, 0x2800);
  EXPECT_SENSE(host_.Send(kReady), 3, 0x5300);
}

TEST_F(DriveMedium, BlockLimitsAreThoseOfCartridges) {
  EXPECT_EQ(host_.Send({0x05, 0, 0, 0, 0, 0}).data, Raw({0, 0x80, 0, 0, 0, 1}));
}

TEST_F(DriveMedium, DensitiesOfTheDriveAndOfTheMedium) {
  Answer answer = host_.Send({0x44, 0, 0, 0, 0, 0, 0, 4, 0, 0});
  EXPECT_EQ(answer.Number(0, 2), 2u + 3 * 52);
  ASSERT_EQ(answer.data.size(), 4u + 3 * 52);
  EXPECT_EQ(answer.data.substr(4, 3), Raw({0x46, 0x46, 0x00}));
  EXPECT_EQ(answer.data.substr(4 + 52, 3), Raw({0x58, 0x58, 0x80}));
  EXPECT_EQ(answer.data.substr(4 + 104, 3), Raw({0x5a, 0x5a, 0xa0}));
  EXPECT_EQ(answer.Number(4 + 104 + 12, 4), 2'500'000u);
  EXPECT_EQ(answer.data.substr(4 + 104 + 24, 8), "U-616   ");
  EXPECT_SENSE(host_.Send({0x44, 0x01, 0, 0, 0, 0, 0, 4, 0, 0}), 2, 0x3a00);
  LoadTape(64 << 20, vtape::MediumKind::kData, 5);
  EXPECT_SENSE(host_.Send(kReady), 6, 0x2800);
  answer = host_.Send({0x44, 0x01, 0, 0, 0, 0, 0, 4, 0, 0});
  ASSERT_EQ(answer.data.size(), 4u + 52);
  EXPECT_EQ(answer.data[4], 0x58);
}

}  // namespace
}  // namespace oca::scsi
