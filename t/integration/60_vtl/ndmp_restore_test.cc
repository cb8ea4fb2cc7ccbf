// Restores over NDMP from a drive that is asked for blocks ahead, over iSCSI: what comes, and where
// the tape stands after them.
#include <memory>
#include <string>

#include "t/integration/60_vtl/contention.h"
#include "t/unit/gateways/ndmp/stream_end.h"

namespace oca::scsi {
namespace {

using ndmp::Code;

constexpr uint32_t kRecord = 256 << 10;
// More than the buffers of a connection hold.
constexpr int kRecords = 120;

class NdmpRestore : public Contention {
 protected:
  void SetUp() override {
    Contention::SetUp();
    for (int i = 0; i < kRecords; ++i) EXPECT_GOOD(WriteBlock(*one_, kTape, Record(i)));
    EXPECT_GOOD(WriteMarks(*one_, kTape, 1));
    session_ = NewSession();
    ASSERT_EQ(session_->OpenTape(kDrive, ndmp::TapeMode::kRead), Error::kNone);
    EXPECT_EQ(session_->Mtio(ndmp::MtioOp::kRewind), Error::kNone);
  }
  static std::string Record(int number) {
    std::string record = Block("one", 0, number);
    record.resize(kRecord, static_cast<char>('a' + number % 26));
    return record;
  }
  ndmp::Socket Start() {
    EXPECT_EQ(session_->Do(Code::kMoverSetRecordSize, ndmp::MoverSetRecordSizeRequest{kRecord}),
              Error::kNone);
    EXPECT_EQ(session_->SetWindow(0, ndmp::kUnlimited), Error::kNone);
    ndmp::Socket peer = ndmp::ConnectTo(session_->Listen(ndmp::MoverMode::kWrite).addr);
    EXPECT_EQ(session_->Do(Code::kMoverRead, ndmp::StreamRange{0, ndmp::kUnlimited}), Error::kNone);
    return peer;
  }
  static void ExpectRecords(const ndmp::Socket& peer, int count) {
    for (int i = 0; i < count; ++i) {
      EXPECT_TRUE(ndmp::ReceiveExactly(peer, kRecord) == Record(i)) << i;
    }
  }
  std::string ReadNext() {
    return session_->Ask<ndmp::TapeReadReply>(Code::kTapeRead, ndmp::TapeReadRequest{kRecord}).data;
  }
  ndmp::TapeGetStateReply Tape() {
    return session_->Ask<ndmp::TapeGetStateReply>(Code::kTapeGetState, ndmp::Nothing());
  }

  std::unique_ptr<ndmp::Client> session_;
};

TEST_F(NdmpRestore, EverythingComesUpToTheMarkAndNotBeyond) {
  ndmp::Socket peer = Start();
  ExpectRecords(peer, kRecords);
  auto paused = session_->WaitFor<ndmp::NotifyMoverPaused>(Code::kNotifyMoverPaused);
  EXPECT_EQ(paused.reason, ndmp::PauseReason::kEof);
  EXPECT_EQ(session_->Mtio(ndmp::MtioOp::kBackRecords), Error::kNone);
  EXPECT_TRUE(ReadNext() == Record(kRecords - 1));
}

TEST_F(NdmpRestore, AfterAnAbortTheTapeStandsBehindWhatTheMoverHasRead) {
  ndmp::Socket peer = Start();
  ExpectRecords(peer, 2);
  EXPECT_EQ(session_->Do(Code::kMoverAbort), Error::kNone);
  const auto block = static_cast<int>(Tape().blockno);
  EXPECT_EQ(static_cast<int>(session_->Mover().record_num), block);
  ASSERT_LT(block, kRecords);
  EXPECT_TRUE(ReadNext() == Record(block));
  EXPECT_EQ(session_->Mtio(ndmp::MtioOp::kBackRecords, 2), Error::kNone);
  EXPECT_TRUE(ReadNext() == Record(block - 1));
}

// The block that is under way is taken back before another host has the drive.
TEST_F(NdmpRestore, ASessionThatIsCutOffLeavesTheTapeWhereItsOwnReadsEnded) {
  ndmp::Socket peer = Start();
  ExpectRecords(peer, 2);
  peer.Close();
  auto halted = session_->WaitFor<ndmp::NotifyMoverHalted>(Code::kNotifyMoverHalted);
  EXPECT_EQ(halted.reason, ndmp::MoverHalt::kConnectClosed);
  const auto block = static_cast<int>(Tape().blockno);
  ASSERT_LT(block, kRecords);
  session_.reset();  // without a word
  const absl::Time deadline = absl::Now() + kPatience;
  while (two_->Send(kTape, kReserve).status == Status::kReservationConflict) {
    ASSERT_LT(absl::Now(), deadline);
  }
  EXPECT_EQ(Position(*two_, kTape), static_cast<uint64_t>(block));
  EXPECT_TRUE(ReadBlock(*two_, kTape, kRecord).data == Record(block));
}

}  // namespace
}  // namespace oca::scsi
