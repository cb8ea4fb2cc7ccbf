// READ, WRITE, VERIFY, WRITE FILEMARKS, ERASE, FORMAT MEDIUM.
#include <cerrno>

#include "t/unit/gateways/vtl/scsi/host.h"

namespace oca::scsi {
namespace {

const std::string kBlock(1000, 'b');

class DriveBlocks : public DriveTest {};

TEST_F(DriveBlocks, WithoutATapeThereIsNoMedium) {
  EXPECT_SENSE(ReadBlock(host_, 100), 2, 0x3a00);
  EXPECT_SENSE(WriteBlock(host_, kBlock), 2, 0x3a00);
  EXPECT_SENSE(WriteMarks(host_, 1), 2, 0x3a00);
  EXPECT_SENSE(host_.Send({0x13, 0, 0, 0, 1, 0}), 2, 0x3a00);
  EXPECT_SENSE(host_.Send({0x19, 0, 0, 0, 0, 0}), 2, 0x3a00);
}

TEST_F(DriveBlocks, VariableBlocksComeBackAsTheyWere) {
  LoadTape();
  for (size_t size : {1, 2, 65535, 65536, 1 << 20, 8 << 20}) {
    EXPECT_GOOD(WriteBlock(host_, std::string(size, static_cast<char>(size % 251)))) << size;
  }
  EXPECT_GOOD(Rewind(host_));
  for (size_t size : {1, 2, 65535, 65536, 1 << 20, 8 << 20}) {
    Answer answer = ReadBlock(host_, size);
    EXPECT_GOOD(answer);
    EXPECT_EQ(answer.data, std::string(size, static_cast<char>(size % 251)));
  }
}

TEST_F(DriveBlocks, AShorterBlockIsDeliveredWholeAndReported) {
  LoadTape();
  WriteBlock(host_, kBlock);
  Rewind(host_);
  Answer answer = ReadBlock(host_, 1500);
  EXPECT_SENSE(answer, 0, 0);
  EXPECT_TRUE(answer.incorrect_length());
  EXPECT_EQ(answer.information(), 500);
  EXPECT_EQ(answer.data, kBlock);
  EXPECT_EQ(Position(host_), 1u);
  Rewind(host_);
  answer = ReadBlock(host_, 1500, true);
  EXPECT_GOOD(answer);
  EXPECT_EQ(answer.data, kBlock);
}

TEST_F(DriveBlocks, ALongerBlockIsCutAndReported) {
  LoadTape();
  WriteBlock(host_, kBlock);
  Rewind(host_);
  Answer answer = ReadBlock(host_, 300);
  EXPECT_SENSE(answer, 0, 0);
  EXPECT_TRUE(answer.incorrect_length());
  EXPECT_EQ(answer.information(), -700);
  EXPECT_EQ(answer.data, kBlock.substr(0, 300));
  EXPECT_EQ(Position(host_), 1u);
  Rewind(host_);
  EXPECT_GOOD(ReadBlock(host_, 300, true));
  // With a block length set, a block that is longer is worth a word even so.
  EXPECT_GOOD(SetBlockLength(host_, 512));
  Rewind(host_);
  EXPECT_TRUE(ReadBlock(host_, 300, true).incorrect_length());
  Rewind(host_);
  EXPECT_GOOD(ReadBlock(host_, 1500, true));
}

TEST_F(DriveBlocks, FilemarksStopReadsWithNothing) {
  LoadTape();
  WriteMarks(host_, 1);
  WriteBlock(host_, kBlock);
  Rewind(host_);
  Answer answer = ReadBlock(host_, 4096, true);
  EXPECT_SENSE(answer, 0, 0x0001);
  EXPECT_TRUE(answer.filemark());
  EXPECT_EQ(answer.information(), 4096);
  EXPECT_TRUE(answer.data.empty());
  EXPECT_EQ(ReadBlock(host_, 1000).data, kBlock);
}

TEST_F(DriveBlocks, EndOfDataIsABlankCheckAndStays) {
  LoadTape();
  WriteBlock(host_, kBlock);
  for (int i = 0; i < 3; ++i) {
    Answer answer = ReadBlock(host_, 1000);
    EXPECT_SENSE(answer, 8, 0x0005);
    EXPECT_EQ(answer.information(), 1000);
    EXPECT_FALSE(answer.end_of_medium());
    EXPECT_TRUE(answer.data.empty());
  }
  EXPECT_EQ(Position(host_), 1u);
}

TEST_F(DriveBlocks, NothingIsNoError) {
  LoadTape();
  EXPECT_GOOD(WriteBlock(host_, ""));
  EXPECT_EQ(Position(host_), 0u);
  EXPECT_GOOD(ReadBlock(host_, 0));
  EXPECT_GOOD(host_.Send({0x13, 0, 0, 0, 0, 0}));
}

TEST_F(DriveBlocks, FixedBlocksAreCounted) {
  LoadTape();
  EXPECT_GOOD(SetBlockLength(host_, 512));
  std::string data(5 * 512, '5');
  EXPECT_GOOD(host_.Send({0x0a, 0x01, 0, 0, 5, 0}, data));
  EXPECT_EQ(Position(host_), 5u);
  WriteMarks(host_, 1);
  Rewind(host_);
  Answer answer = host_.Send({0x08, 0x01, 0, 0, 3, 0});
  EXPECT_GOOD(answer);
  EXPECT_EQ(answer.data, data.substr(0, 3 * 512));
  answer = host_.Send({0x08, 0x01, 0, 0, 6, 0});
  EXPECT_SENSE(answer, 0, 0x0001);
  EXPECT_EQ(answer.information(), 4);
  EXPECT_EQ(answer.data, data.substr(0, 2 * 512));
  answer = host_.Send({0x08, 0x01, 0, 0, 6, 0});
  EXPECT_SENSE(answer, 8, 0x0005);
  EXPECT_EQ(answer.information(), 6);
}

TEST_F(DriveBlocks, AFixedReadEndsAtABlockOfAnotherLength) {
  LoadTape();
  SetBlockLength(host_, 1000);
  WriteBlock(host_, kBlock);
  WriteBlock(host_, "short");
  WriteBlock(host_, kBlock);
  Rewind(host_);
  Answer answer = host_.Send({0x08, 0x01, 0, 0, 3, 0});
  EXPECT_SENSE(answer, 0, 0);
  EXPECT_TRUE(answer.incorrect_length());
  EXPECT_EQ(answer.information(), 2);
  EXPECT_EQ(answer.data, kBlock);
  EXPECT_EQ(Position(host_), 2u);
}

TEST_F(DriveBlocks, FixedNeedsABlockLengthAndNoSuppression) {
  LoadTape();
  EXPECT_SENSE(host_.Send({0x08, 0x01, 0, 0, 1, 0}), 5, 0x2400);
  EXPECT_SENSE(host_.Send({0x0a, 0x01, 0, 0, 1, 0}, kBlock), 5, 0x2400);
  SetBlockLength(host_, 1000);
  Answer answer = host_.Send({0x08, 0x03, 0, 0, 1, 0});
  EXPECT_SENSE(answer, 5, 0x2400);
  EXPECT_EQ(answer.cdb_byte(), 1);
}

TEST_F(DriveBlocks, BlocksLongerThanTheLimitAndBuffersThatAreTooSmallAreRefused) {
  LoadTape();
  EXPECT_SENSE(WriteBlock(host_, std::string((8 << 20) + 1, 'x')), 5, 0x2400);
  EXPECT_SENSE(host_.Send({0x0a, 0, 0, 4, 0, 0}, std::string(1023, 'x')), 5, 0x0e03);
  WriteBlock(host_, kBlock);
  Rewind(host_);
  EXPECT_SENSE(host_.Send({0x08, 0, 0, 4, 0, 0}, {}, 1023), 5, 0x0e03);
  EXPECT_EQ(Position(host_), 0u);
}

TEST_F(DriveBlocks, EarlyWarningIsReportedThenTheVolumeOverflows) {
  LoadTape(2 << 20);
  std::string block(64 << 10, 'e');
  int written = 0;
  int warned = 0;
  Answer answer;
  while ((answer = WriteBlock(host_, block)).key() != 0xd && written < 100) {
    ++written;
    if (answer.status == Status::kGood) continue;
    EXPECT_SENSE(answer, 0, 0x0002);
    EXPECT_TRUE(answer.end_of_medium());
    EXPECT_EQ(answer.information(), 0);
    ++warned;
  }
  EXPECT_EQ(written, 32);
  EXPECT_EQ(warned, 1);
  EXPECT_SENSE(answer, 0xd, 0x0002);
  EXPECT_TRUE(answer.end_of_medium());
  EXPECT_EQ(answer.information(), 64 << 10);
  // A host closes the tape with filemarks.
  EXPECT_SENSE(WriteMarks(host_, 2), 0, 0x0002);
  EXPECT_EQ(Position(host_), 34u);
  EXPECT_EQ(host_.Send({0x34, 0, 0, 0, 0, 0, 0, 0, 0, 0}).data[0], 0x40);
}

TEST_F(DriveBlocks, FixedOverflowCountsTheBlocksThatAreLeft) {
  LoadTape(2 << 20);
  SetBlockLength(host_, 1 << 20);
  Answer answer = host_.Send({0x0a, 0x01, 0, 0, 3, 0}, std::string(3 << 20, 'f'));
  EXPECT_SENSE(answer, 0xd, 0x0002);
  EXPECT_EQ(answer.information(), 1);
  EXPECT_EQ(Position(host_), 2u);
}

TEST_F(DriveBlocks, WritingCutsOffWhatFollows) {
  LoadTape();
  for (char c : {'1', '2', '3'}) WriteBlock(host_, std::string(10, c));
  host_.Send({0x2b, 0, 0, 0, 0, 0, 1, 0, 0, 0});
  EXPECT_GOOD(WriteBlock(host_, "new"));
  EXPECT_SENSE(ReadBlock(host_, 10), 8, 0x0005);
  EXPECT_EQ(Position(host_), 2u);
}

TEST_F(DriveBlocks, VerifyReadsWithoutSending) {
  LoadTape();
  WriteBlock(host_, kBlock);
  WriteMarks(host_, 1);
  Rewind(host_);
  Answer answer = host_.Send({0x13, 0, 0, 0x03, 0xe8, 0});
  EXPECT_GOOD(answer);
  EXPECT_TRUE(answer.data.empty());
  EXPECT_SENSE(host_.Send({0x13, 0, 0, 0x03, 0xe8, 0}), 0, 0x0001);
  EXPECT_SENSE(host_.Send({0x13, 0x02, 0, 0, 1, 0}, "x"), 5, 0x2400);  // byte compare
}

TEST_F(DriveBlocks, EraseAndFormatMakeTheEndOfData) {
  LoadTape();
  for (int i = 0; i < 3; ++i) WriteBlock(host_, kBlock);
  EXPECT_SENSE(host_.Send({0x04, 0, 0, 0, 0, 0}), 5, 0x3b0c);
  host_.Send({0x2b, 0, 0, 0, 0, 0, 2, 0, 0, 0});
  EXPECT_GOOD(host_.Send({0x19, 0x01, 0, 0, 0, 0}));
  EXPECT_SENSE(ReadBlock(host_, 1000), 8, 0x0005);
  EXPECT_EQ(Position(host_), 2u);
  Rewind(host_);
  EXPECT_EQ(ReadBlock(host_, 1000).data, kBlock);
  Rewind(host_);
  EXPECT_GOOD(host_.Send({0x04, 0, 0, 0, 0, 0}));
  EXPECT_SENSE(ReadBlock(host_, 1000), 8, 0x0005);
  EXPECT_SENSE(host_.Send({0x04, 0, 0x01, 0, 0, 0}), 5, 0x2400);  // partitions
}

TEST_F(DriveBlocks, WormTapesTakeMoreAndNothingElse) {
  LoadTape(64 << 20, vtape::MediumKind::kWorm);
  WriteBlock(host_, kBlock);
  WriteMarks(host_, 1);
  WriteBlock(host_, kBlock);
  Rewind(host_);
  EXPECT_SENSE(WriteBlock(host_, kBlock), 7, 0x300c);
  EXPECT_SENSE(WriteMarks(host_, 1), 7, 0x300c);
  EXPECT_SENSE(host_.Send({0x19, 0x01, 0, 0, 0, 0}), 7, 0x300c);
  EXPECT_SENSE(host_.Send({0x04, 0, 0, 0, 0, 0}), 7, 0x300c);
  EXPECT_EQ(ReadBlock(host_, 1000).data, kBlock);
  host_.Send({0x11, 0x03, 0, 0, 0, 0});
  EXPECT_GOOD(WriteBlock(host_, kBlock));
}

TEST_F(DriveBlocks, ProtectionOfEveryKindRefusesWrites) {
  LoadTape();
  drive_.SetReadOnly(true);
  EXPECT_SENSE(WriteBlock(host_, kBlock), 7, 0x2700);
  EXPECT_SENSE(WriteMarks(host_, 1), 7, 0x2700);
  EXPECT_GOOD(WriteMarks(host_, 0));
  EXPECT_SENSE(host_.Send({0x19, 0, 0, 0, 0, 0}), 7, 0x2700);
  EXPECT_EQ(host_.Send({0x1a, 0, 0x3f, 0, 0xff, 0}).data[2], '\x90');
  drive_.SetReadOnly(false);
  EXPECT_GOOD(WriteBlock(host_, kBlock));
}

TEST_F(DriveBlocks, AnOlderGenerationCanBeReadAlone) {
  LoadTape(64 << 20, vtape::MediumKind::kData, 4);
  EXPECT_GOOD(host_.Send({0x00, 0, 0, 0, 0, 0}));
  EXPECT_SENSE(WriteBlock(host_, kBlock), 7, 0x3005);
  EXPECT_SENSE(ReadBlock(host_, 1), 8, 0x0005);
}

TEST_F(DriveBlocks, AFullDiskIsNotAFullTape) {
  LoadTape();
  WriteBlock(host_, kBlock);
  fs_.FailMatching(io::Op::kWrite, "payload", ENOSPC);
  // The first blocks go no further than the drive's memory.
  const std::string block(1 << 20, 'x');
  Answer answer = WriteBlock(host_, block);
  for (int i = 0; i < 3 && answer.status == Status::kGood; ++i) answer = WriteBlock(host_, block);
  EXPECT_SENSE(answer, 7, 0x2707);
  EXPECT_EQ(answer.information(), 1 << 20);
  EXPECT_SENSE(WriteMarks(host_, 1), 7, 0x2707);
  fs_.ClearFaults();
  EXPECT_GOOD(WriteMarks(host_, 1));
}

TEST_F(DriveBlocks, OnlyBlocksThatNeedNoStorageAreDoneAtOnce) {
  LoadTape();
  const std::string write = Raw({0x0a, 0, 0, 0, 5, 0}), read = Raw({0x08, 0, 0, 0, 5, 0});
  EXPECT_FALSE(host_.SendIfQuick(Raw({0, 0, 0, 0, 0, 0}), {}, 0).has_value());
  EXPECT_GOOD(host_.Send({0, 0, 0, 0, 0, 0}));  // hears that the tape has changed
  for (int i = 0; i < 20; ++i) {
    auto answer = host_.SendIfQuick(write, "block", 0);
    ASSERT_TRUE(answer.has_value()) << i;
    EXPECT_GOOD(*answer);
  }
  EXPECT_FALSE(host_.SendIfQuick(Raw({0x10, 0, 0, 0, 1, 0}), {}, 0).has_value());
  EXPECT_GOOD(Rewind(host_));
  EXPECT_FALSE(host_.SendIfQuick(write, "block", 0).has_value()) << "it would cut the tape";
  EXPECT_FALSE(host_.SendIfQuick(read, {}, 5).has_value());
  EXPECT_EQ(ReadBlock(host_, 5).data, "block");
  EXPECT_EQ(ReadBlock(host_, 5).data, "block");
  auto answer = host_.SendIfQuick(read, {}, 5);
  ASSERT_TRUE(answer.has_value()) << "it was fetched with the second";
  EXPECT_EQ(answer->data, "block");
}

TEST_F(DriveBlocks, UnbufferedWritesAreDurableWhenTheyEnd) {
  LoadTape();
  EXPECT_GOOD(host_.Send({0x15, 0x10, 0, 0, 4, 0}, Raw({0, 0, 0, 0})));
  EXPECT_GOOD(WriteBlock(host_, kBlock));
  fs_.FailMatching(io::Op::kSync, "payload", EIO);
  EXPECT_SENSE(WriteBlock(host_, kBlock), 3, 0x0c00);
  fs_.ClearFaults();
}

TEST_F(DriveBlocks, AFailedSyncIsReportedByWhatHasToMakeDurable) {
  LoadTape();
  EXPECT_GOOD(WriteBlock(host_, kBlock));
  fs_.FailMatching(io::Op::kSync, "payload", EIO);
  EXPECT_SENSE(WriteMarks(host_, 1), 3, 0x0c00);
  fs_.ClearFaults();
  // Nothing more is written until the tape is loaded again; reading goes on.
  EXPECT_SENSE(WriteBlock(host_, kBlock), 3, 0x0c00);
  host_.Send({0x2b, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(ReadBlock(host_, 1000).data, kBlock);
}

TEST_F(DriveBlocks, MovingAwayMakesDurableFirst) {
  LoadTape();
  EXPECT_GOOD(WriteBlock(host_, kBlock));
  fs_.FailMatching(io::Op::kSync, "payload", EIO);
  EXPECT_SENSE(Rewind(host_), 3, 0x0c00);
  fs_.ClearFaults();
  EXPECT_GOOD(Rewind(host_));
  EXPECT_EQ(ReadBlock(host_, 1000).data, kBlock);
}

TEST_F(DriveBlocks, DamageIsAMediumErrorAndATapeAlert) {
  LoadTape();
  WriteBlock(host_, kBlock);
  WriteBlock(host_, "next");
  WriteMarks(host_, 1);
  auto file = storage_.Open("/tape/payload", vtape::Storage::Mode::kReadWrite);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->WriteAt(10, "damage").ok());
  Rewind(host_);
  Answer answer = ReadBlock(host_, 1000);
  EXPECT_SENSE(answer, 3, 0x1100);
  EXPECT_TRUE(answer.data.empty());
  EXPECT_EQ(ReadBlock(host_, 4).data, "next");
  Answer alerts = host_.Send({0x4d, 0, 0x6e, 0, 0, 0, 4, 2, 0, 0});
  EXPECT_EQ(alerts.data.substr(4, 5), Raw({0, 4, 3, 1, 1}));
}

}  // namespace
}  // namespace oca::scsi
