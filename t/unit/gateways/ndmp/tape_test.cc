// What NDMP asks of a tape, on Oca's own drive.
#include "gateways/ndmp/device/tape.h"

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "t/unit/gateways/ndmp/memory_library.h"

namespace oca::ndmp {
namespace {

constexpr uint32_t kDrive = 2;

class TapeTest : public testing::Test {
 protected:
  void OpenTape(TapeMode mode = TapeMode::kReadWrite, bool v4 = true) {
    tape_ = std::make_unique<Tape>(library_.Connect(kDrive), v4);
    ASSERT_EQ(tape_->Open(mode), Error::kNone);
  }
  uint32_t Do(MtioOp op, uint32_t count = 1) {
    uint32_t resid = 0;
    EXPECT_EQ(tape_->Mtio(op, count, &resid), Error::kNone) << static_cast<uint32_t>(op);
    return resid;
  }
  Error Read(uint32_t bytes) {
    Block block;
    Error error = tape_->Read(bytes, &block, &cut_);
    block_ = std::string_view(block);
    return error;
  }

  MemoryLibrary library_;
  std::unique_ptr<Tape> tape_;
  std::string block_;
  bool cut_ = false;
};

TEST_F(TapeTest, OpeningSaysWhatIsWrong) {
  Tape empty(library_.Connect(kDrive), true);
  EXPECT_EQ(empty.Open(TapeMode::kRead), Error::kNoTapeLoaded);
  EXPECT_EQ(empty.Open(TapeMode::kReadWrite), Error::kNoTapeLoaded);
  EXPECT_EQ(empty.Open(static_cast<TapeMode>(123)), Error::kIllegalArgs);
  EXPECT_EQ(empty.Open(TapeMode::kRaw), Error::kNone);
  EXPECT_EQ(empty.state().flags & kTapeUnloaded, kTapeUnloaded);
  // A cartridge that comes later is taken note of.
  ASSERT_TRUE(library_.Move(1000, 500));
  EXPECT_EQ(empty.Write("label"), Error::kNone);
  EXPECT_EQ(empty.state().flags & kTapeUnloaded, 0u);
  Tape other(library_.Connect(kDrive), true);
  EXPECT_EQ(other.Open(TapeMode::kRead), Error::kDeviceBusy);
  EXPECT_EQ(empty.Close(), Error::kNone);
  EXPECT_EQ(other.Open(TapeMode::kRead), Error::kNone);
}

TEST_F(TapeTest, BlocksComeBackCutToWhatIsAsked) {
  ASSERT_TRUE(library_.Move(1000, 500));
  OpenTape();
  EXPECT_EQ(tape_->Write(""), Error::kNone);
  EXPECT_EQ(tape_->Write(std::string(1000, 'a')), Error::kNone);
  EXPECT_EQ(tape_->Write(std::string(2000, 'b')), Error::kNone);
  Do(MtioOp::kWriteMarks);
  Do(MtioOp::kRewind);
  EXPECT_EQ(Read(0), Error::kNone);
  EXPECT_EQ(Read(0x80000000), Error::kIllegalArgs);
  EXPECT_EQ(Read(4096), Error::kNone);
  EXPECT_EQ(block_, std::string(1000, 'a'));
  EXPECT_FALSE(cut_);
  EXPECT_EQ(tape_->state().blockno, 1u);
  EXPECT_EQ(Read(500), Error::kNone);
  EXPECT_EQ(block_, std::string(500, 'b'));
  EXPECT_TRUE(cut_);
  EXPECT_EQ(Read(500), Error::kEof);
  EXPECT_EQ(block_, "");
  // Before the mark still.
  EXPECT_EQ(Read(500), Error::kEof);
  EXPECT_EQ(tape_->state().file_num, 0u);
  EXPECT_EQ(tape_->state().blockno, kUnknown);
  EXPECT_EQ(Do(MtioOp::kForwardFiles), 0u);
  EXPECT_EQ(tape_->state().file_num, 1u);
  EXPECT_EQ(tape_->state().blockno, 0u);
  EXPECT_EQ(Read(500), Error::kEom);
}

TEST_F(TapeTest, BeforeVersionFourMarksArePassed) {
  ASSERT_TRUE(library_.Move(1000, 500));
  OpenTape(TapeMode::kReadWrite, false);
  tape_->Write("a");
  Do(MtioOp::kWriteMarks);
  Do(MtioOp::kRewind);
  EXPECT_EQ(Do(MtioOp::kForwardRecords, 10), 9u);
  EXPECT_EQ(tape_->state().file_num, 1u);
  Do(MtioOp::kRewind);
  EXPECT_EQ(Read(10), Error::kNone);
  EXPECT_EQ(Read(10), Error::kEof);
  EXPECT_EQ(tape_->state().file_num, 1u);
  EXPECT_EQ(Read(10), Error::kEof);
}

TEST_F(TapeTest, MotionStopsAtMarksAndEnds) {
  ASSERT_TRUE(library_.Move(1000, 500));
  OpenTape();
  EXPECT_EQ(Do(MtioOp::kBackRecords, 100), 100u);
  EXPECT_EQ(Do(MtioOp::kBackFiles, 100), 100u);
  EXPECT_EQ(Do(MtioOp::kForwardFiles, 0), 0u);
  tape_->Write("block");
  EXPECT_EQ(Do(MtioOp::kBackRecords, 100), 99u);
  EXPECT_EQ(Do(MtioOp::kForwardRecords, 100), 99u);
  EXPECT_EQ(Do(MtioOp::kForwardRecords, 100), 100u);
  EXPECT_EQ(Do(MtioOp::kForwardFiles, 100), 100u);
  Do(MtioOp::kWriteMarks);
  EXPECT_EQ(Do(MtioOp::kBackFiles, 100), 99u);
  EXPECT_EQ(tape_->state().file_num, 0u);
  EXPECT_EQ(tape_->state().blockno, 0u);
  // The near side of the mark.
  EXPECT_EQ(Do(MtioOp::kForwardRecords, 100), 99u);
  EXPECT_EQ(Read(10), Error::kEof);
  EXPECT_EQ(Do(MtioOp::kForwardFiles, 100), 99u);
  EXPECT_EQ(tape_->state().file_num, 1u);
  EXPECT_EQ(Do(MtioOp::kBackRecords, 100), 100u);
  EXPECT_EQ(Read(10), Error::kEom);
  EXPECT_EQ(Read(10), Error::kEom);
}

TEST_F(TapeTest, ReadersDoNotWrite) {
  ASSERT_TRUE(library_.Move(1000, 500));
  OpenTape(TapeMode::kRead);
  EXPECT_EQ(tape_->Write("x"), Error::kPermission);
  uint32_t resid = 0;
  EXPECT_EQ(tape_->Mtio(MtioOp::kWriteMarks, 1, &resid), Error::kPermission);
  EXPECT_EQ(tape_->Mtio(static_cast<MtioOp>(99), 1, &resid), Error::kIllegalArgs);
}

TEST_F(TapeTest, ClosingWritesTheMarkThatIsOwed) {
  ASSERT_TRUE(library_.Move(1000, 500));
  OpenTape();
  tape_->Write("x");
  EXPECT_EQ(tape_->Close(), Error::kNone);
  OpenTape(TapeMode::kRead);
  EXPECT_EQ(tape_->state().file_num, 1u);
  Do(MtioOp::kRewind);
  EXPECT_EQ(Do(MtioOp::kForwardFiles, 2), 1u);
}

TEST_F(TapeTest, AnUnloadedTapeIsGone) {
  ASSERT_TRUE(library_.Move(1000, 500));
  OpenTape();
  tape_->Write("x");
  Do(MtioOp::kUnload);
  EXPECT_NE(tape_->state().flags & kTapeUnloaded, 0u);
  EXPECT_EQ(Read(10), Error::kNoTapeLoaded);
  uint32_t resid = 0;
  EXPECT_EQ(tape_->Mtio(MtioOp::kTestReady, 1, &resid), Error::kNoTapeLoaded);
  ASSERT_TRUE(library_.Move(500, 1000));
  ASSERT_TRUE(library_.Move(1001, 500));
  EXPECT_EQ(Do(MtioOp::kTestReady), 0u);
  EXPECT_EQ(Read(10), Error::kEom);
}

// A mark that is owed is for the place behind the write alone.
TEST_F(TapeTest, AfterMotionNoMarkIsWritten) {
  ASSERT_TRUE(library_.Move(1000, 500));
  OpenTape();
  for (int i = 0; i < 3; ++i) tape_->Write("block");
  EXPECT_EQ(Do(MtioOp::kBackRecords, 2), 0u);
  Do(MtioOp::kRewind);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Read(10), Error::kNone) << i;
  EXPECT_EQ(Read(10), Error::kEom);
}

TEST_F(TapeTest, AnotherCartridgeIsNotTakenForTheOneBefore) {
  ASSERT_TRUE(library_.Move(1001, 500));
  OpenTape();
  tape_->Write("second");
  EXPECT_EQ(tape_->Close(), Error::kNone);
  ASSERT_TRUE(library_.Move(500, 1001));
  ASSERT_TRUE(library_.Move(1000, 500));
  OpenTape();
  EXPECT_EQ(tape_->Write("first"), Error::kNone);
  ASSERT_TRUE(library_.Move(500, 1000));
  ASSERT_TRUE(library_.Move(1001, 500));
  // Neither the block nor the mark that is owed goes to the other one.
  EXPECT_EQ(tape_->Write("first"), Error::kIo);
  Do(MtioOp::kRewind);
  EXPECT_EQ(Read(10), Error::kNone);
  EXPECT_EQ(block_, "second");
}

class SmallTape : public testing::Test {
 protected:
  // Writes blocks until the end is told; how many were accepted.
  int Fill(uint32_t bytes) {
    EXPECT_TRUE(library_.Move(1000, 500));
    tape_ = std::make_unique<Tape>(library_.Connect(kDrive), true);
    EXPECT_EQ(tape_->Open(TapeMode::kReadWrite), Error::kNone);
    int accepted = 0;
    Error error = Error::kNone;
    while ((error = tape_->Write(std::string(bytes, 'x'))) == Error::kNone) ++accepted;
    EXPECT_EQ(error, Error::kEom);
    return accepted;
  }
  int CountBlocks(uint32_t bytes) {
    uint32_t resid = 0;
    EXPECT_EQ(tape_->Mtio(MtioOp::kRewind, 1, &resid), Error::kNone);
    int count = 0;
    Block block;
    bool cut = false;
    while (tape_->Read(bytes, &block, &cut) == Error::kNone) ++count;
    return count;
  }

  MemoryLibrary library_{1 << 20};
  std::unique_ptr<Tape> tape_;
};

TEST_F(SmallTape, EarlyWarningIsToldOnceAndNothingIsLostOrDoubled) {
  int accepted = Fill(1000);
  EXPECT_EQ(CountBlocks(1000), accepted);
}

TEST_F(SmallTape, AfterTheWarningThereIsRoomForTrailers) {
  int accepted = Fill(1000);
  EXPECT_EQ(tape_->Write(std::string(1000, 't')), Error::kNone);
  uint32_t resid = 0;
  EXPECT_EQ(tape_->Mtio(MtioOp::kWriteMarks, 1, &resid), Error::kNone);
  Error error = Error::kNone;
  while ((error = tape_->Write(std::string(1000, 't'))) == Error::kNone) ++accepted;
  EXPECT_EQ(error, Error::kIo);
}

TEST_F(SmallTape, ABlockThatDoesNotFitIsTheEndToo) {
  int accepted = Fill(300'000);
  EXPECT_EQ(accepted, 3);
  EXPECT_EQ(CountBlocks(300'000), accepted);
}

}  // namespace
}  // namespace oca::ndmp
