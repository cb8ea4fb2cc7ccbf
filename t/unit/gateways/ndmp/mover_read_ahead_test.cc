// What the mover asks the tape for before it is needed, and that no client sees it.
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "t/unit/gateways/ndmp/mover_fixture.h"

namespace oca::ndmp {
namespace {

constexpr uint32_t kRecord = 100'000;
// More than the buffers of a connection hold.
constexpr size_t kManyRecords = 300;

class MoverReadAhead : public MoverTest {
 protected:
  TapeGetStateReply Tape() {
    return client_->Ask<TapeGetStateReply>(Code::kTapeGetState, Nothing());
  }
  std::string ReadBlock(Error wanted = Error::kNone) {
    auto reply = client_->Ask<TapeReadReply>(Code::kTapeRead, TapeReadRequest{kRecord});
    EXPECT_EQ(reply.error, wanted);
    return reply.data;
  }
  // READ POSITION, past the session's own count.
  uint32_t HeadByDrive() {
    std::string cdb(10, '\0');
    cdb[0] = '\x34';
    ExecuteCdbRequest request;
    request.flags = kCdbDataIn;
    request.timeout_ms = 60'000;
    request.data_in_length = 20;
    request.cdb = cdb;
    auto reply = client_->Ask<ExecuteCdbReply>(Code::kTapeExecuteCdb, request);
    EXPECT_EQ(reply.status, kScsiGood);
    return static_cast<uint32_t>(BigEndian(reply.data_in.substr(4, 4)));
  }
  // A restore of everything whose peer has taken the beginning, and takes no more.
  Socket RestoreThatIsStuck(const std::string& stream) {
    Backup(stream, kRecord);
    EXPECT_EQ(client_->SetWindow(0, kUnlimited), Error::kNone);
    Socket peer = Start(MoverMode::kWrite);
    EXPECT_EQ(Read(0, stream.size()), Error::kNone);
    EXPECT_TRUE(ReceiveExactly(peer, 5 * kRecord / 2) == stream.substr(0, 5 * kRecord / 2));
    return peer;
  }
};

TEST_F(MoverReadAhead, NothingBeyondTheWindowIsAskedFor) {
  Prepare();
  const std::string stream = Noise(4 * kRecord);
  Backup(stream, kRecord);
  ASSERT_EQ(client_->SetWindow(0, 2 * kRecord), Error::kNone);
  Socket peer = Start(MoverMode::kWrite);
  EXPECT_EQ(Read(0, kUnlimited), Error::kNone);
  EXPECT_TRUE(ReceiveExactly(peer, 2 * kRecord) == stream.substr(0, 2 * kRecord));
  EXPECT_EQ(WaitPaused().reason, PauseReason::kSeek);
  EXPECT_EQ(library_.reads(), 2);
  EXPECT_EQ(Tape().blockno, 2u);
  EXPECT_TRUE(ReadBlock() == stream.substr(2 * kRecord, kRecord));
}

TEST_F(MoverReadAhead, NothingBeyondTheRangeIsAskedFor) {
  Prepare();
  const std::string stream = Noise(6 * kRecord);
  Backup(stream, kRecord);
  ASSERT_EQ(client_->SetWindow(0, kUnlimited), Error::kNone);
  Socket peer = Start(MoverMode::kWrite);
  EXPECT_EQ(Read(10, 2 * kRecord - 10), Error::kNone);
  EXPECT_TRUE(ReceiveExactly(peer, 2 * kRecord - 10) == stream.substr(10, 2 * kRecord - 10));
  EXPECT_EQ(library_.reads(), 2);
  // The range that follows begins where that one ended, and ends within a record.
  EXPECT_EQ(Read(2 * kRecord, kRecord + 1), Error::kNone);
  EXPECT_TRUE(ReceiveExactly(peer, kRecord + 1) == stream.substr(2 * kRecord, kRecord + 1));
  EXPECT_EQ(library_.reads(), 4);
  EXPECT_EQ(Tape().blockno, 4u);
}

TEST_F(MoverReadAhead, AnAbortedRestoreLeavesTheHeadBehindWhatItHasRead) {
  Prepare();
  const std::string stream = Noise(kManyRecords * kRecord);
  Socket peer = RestoreThatIsStuck(stream);
  EXPECT_EQ(client_->Do(Code::kMoverAbort), Error::kNone);
  EXPECT_EQ(WaitHalted(), MoverHalt::kAborted);
  const uint32_t block = Tape().blockno;
  EXPECT_GE(block, 3u);
  EXPECT_LT(block, kManyRecords);
  EXPECT_EQ(client_->Mover().record_num, block);
  // One was read ahead, and is as if it had not been.
  EXPECT_EQ(library_.reads(), static_cast<int>(block) + 1);
  EXPECT_EQ(HeadByDrive(), block);
  EXPECT_TRUE(ReadBlock() == stream.substr(block * kRecord, kRecord));
}

TEST_F(MoverReadAhead, MotionAfterAnAbortIsFromWhereTheClientSeesTheHead) {
  Prepare();
  const std::string stream = Noise(kManyRecords * kRecord);
  Socket peer = RestoreThatIsStuck(stream);
  EXPECT_EQ(client_->Do(Code::kMoverAbort), Error::kNone);
  EXPECT_EQ(WaitHalted(), MoverHalt::kAborted);
  const uint32_t block = Tape().blockno;
  EXPECT_EQ(client_->Mtio(MtioOp::kBackRecords, 2), Error::kNone);
  EXPECT_TRUE(ReadBlock() == stream.substr((block - 2) * kRecord, kRecord));
  EXPECT_EQ(Tape().blockno, block - 1);
}

TEST_F(MoverReadAhead, AClosedDriveStandsWhereTheSessionLeftIt) {
  Prepare();
  const std::string stream = Noise(kManyRecords * kRecord);
  Socket peer = RestoreThatIsStuck(stream);
  client_.reset();  // without a word
  client_ = NewClient();
  Error error = Error::kNone;
  while ((error = client_->OpenTape(kDrive0, TapeMode::kRead)) == Error::kDeviceBusy) {
  }
  ASSERT_EQ(error, Error::kNone);
  const uint32_t block = Tape().blockno;
  EXPECT_EQ(library_.reads(), static_cast<int>(block) + 1);
  EXPECT_TRUE(ReadBlock() == stream.substr(block * kRecord, kRecord));
}

class MoverReadAheadAtMarks : public MoverReadAhead, public testing::WithParamInterface<int> {};

// The mark is found ahead of time, and told when its time has come.
TEST_P(MoverReadAheadAtMarks, AMarkIsPassedOrNotAsTheVersionSays) {
  Prepare(GetParam());
  const std::string stream = Noise(3 * kRecord);
  Backup(stream, kRecord);
  ASSERT_EQ(client_->SetWindow(0, kUnlimited), Error::kNone);
  Socket peer = Start(MoverMode::kWrite);
  EXPECT_EQ(Read(0, kUnlimited), Error::kNone);
  EXPECT_TRUE(ReceiveExactly(peer, stream.size()) == stream);
  EXPECT_EQ(WaitPaused().reason, PauseReason::kEof);
  const bool stays = GetParam() >= 4;
  EXPECT_EQ(Tape().file_num, stays ? 0u : 1u);
  EXPECT_EQ(HeadByDrive(), stays ? 3u : 4u);
}

// A range that ends with the last record stops before the mark.
TEST_P(MoverReadAheadAtMarks, AMarkThatNobodyReadsIsNotPassed) {
  Prepare(GetParam());
  const std::string stream = Noise(3 * kRecord);
  Backup(stream, kRecord);
  ASSERT_EQ(client_->SetWindow(0, kUnlimited), Error::kNone);
  Socket peer = Start(MoverMode::kWrite);
  EXPECT_EQ(Read(0, stream.size() - 1), Error::kNone);
  EXPECT_TRUE(ReceiveExactly(peer, stream.size() - 1) == stream.substr(0, stream.size() - 1));
  EXPECT_EQ(client_->Do(Code::kMoverAbort), Error::kNone);
  EXPECT_EQ(WaitHalted(), MoverHalt::kAborted);
  EXPECT_EQ(Tape().file_num, 0u);
  EXPECT_EQ(HeadByDrive(), 3u);
}

INSTANTIATE_TEST_SUITE_P(All, MoverReadAheadAtMarks, testing::Values(2, 3, 4));

// Blocks are not of the records' size: what is asked for ahead comes shorter, or is cut.
TEST_F(MoverReadAhead, RecordsOfSeveralBlocksComeBack) {
  Prepare();
  const std::string stream = Noise(6 * kRecord);
  Backup(stream, kRecord);
  SetRecordSize(3 * kRecord);
  ASSERT_EQ(client_->SetWindow(0, kUnlimited), Error::kNone);
  Socket peer = Start(MoverMode::kWrite);
  EXPECT_EQ(Read(0, kUnlimited), Error::kNone);
  EXPECT_TRUE(ReceiveExactly(peer, stream.size()) == stream);
  EXPECT_EQ(WaitPaused().seek_position, stream.size());
}

}  // namespace
}  // namespace oca::ndmp
