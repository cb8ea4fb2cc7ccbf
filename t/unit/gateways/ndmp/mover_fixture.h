// A client and the mover: backups to a tape and restores from it, whose peer is the test.
#ifndef OCA_T_UNIT_GATEWAYS_NDMP_MOVER_FIXTURE_H_
#define OCA_T_UNIT_GATEWAYS_NDMP_MOVER_FIXTURE_H_

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "t/unit/gateways/ndmp/file_tree.h"
#include "t/unit/gateways/ndmp/server_fixture.h"
#include "t/unit/gateways/ndmp/stream_end.h"

namespace oca::ndmp {

class MoverTest : public ServerTest {
 protected:
  explicit MoverTest(uint64_t tape_bytes = 64 << 20) : ServerTest(tape_bytes) {}

  // A client with the tape of slot 1000 open in a drive.
  void Prepare(int version = 4, TapeMode mode = TapeMode::kReadWrite) {
    ASSERT_TRUE(library_.Move(1000, 500));
    client_ = NewClient(version);
    ASSERT_EQ(client_->OpenTape(kDrive0, mode), Error::kNone);
  }
  void SetRecordSize(uint32_t bytes) {
    ASSERT_EQ(client_->Do(Code::kMoverSetRecordSize, MoverSetRecordSizeRequest{bytes}),
              Error::kNone);
  }
  Socket Start(MoverMode mode) {
    ListenReply listening = client_->Listen(mode);
    EXPECT_EQ(listening.error, Error::kNone);
    return ConnectTo(listening.addr);
  }
  NotifyMoverPaused WaitPaused() {
    return client_->WaitFor<NotifyMoverPaused>(Code::kNotifyMoverPaused);
  }
  MoverHalt WaitHalted() {
    return client_->WaitFor<NotifyMoverHalted>(Code::kNotifyMoverHalted).reason;
  }
  // The whole stream to the tape, which stands before the mark behind it.
  void Backup(const std::string& stream, uint32_t record_size) {
    SetRecordSize(record_size);
    ASSERT_EQ(client_->SetWindow(0, kUnlimited), Error::kNone);
    {
      Socket peer = Start(MoverMode::kRead);
      SendAll(peer, stream);
    }
    EXPECT_EQ(WaitHalted(), MoverHalt::kConnectClosed);
    EXPECT_EQ(client_->Mover().bytes_moved, stream.size());
    EXPECT_EQ(client_->Do(Code::kMoverStop), Error::kNone);
    EXPECT_EQ(client_->Mtio(MtioOp::kWriteMarks), Error::kNone);
    EXPECT_EQ(client_->Mtio(MtioOp::kRewind), Error::kNone);
  }
  Error Read(uint64_t offset, uint64_t length) {
    return client_->Do(Code::kMoverRead, StreamRange{offset, length});
  }
  // Another tape into the drive, as a client does it while the mover is paused.
  void ChangeTape(uint16_t back_to, uint16_t next, TapeMode mode) {
    EXPECT_EQ(client_->Mtio(MtioOp::kUnload), Error::kNone);
    EXPECT_EQ(client_->Do(Code::kTapeClose), Error::kNone);
    ASSERT_TRUE(library_.Move(500, back_to));
    ASSERT_TRUE(library_.Move(next, 500));
    ASSERT_EQ(client_->OpenTape(kDrive0, mode), Error::kNone);
  }

  std::unique_ptr<Client> client_;
};

}  // namespace oca::ndmp

#endif  // OCA_T_UNIT_GATEWAYS_NDMP_MOVER_FIXTURE_H_
