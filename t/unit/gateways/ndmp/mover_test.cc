// Streams to tape and back: states, windows, ends of tapes, seeks. The peer of the data connection
// is the test.
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "t/unit/gateways/ndmp/mover_fixture.h"

namespace oca::ndmp {
namespace {

TEST_F(MoverTest, StatesAllowWhatTheProtocolSays) {
  client_ = NewClient();
  for (Code code : {Code::kMoverContinue, Code::kMoverAbort, Code::kMoverStop, Code::kMoverClose}) {
    EXPECT_EQ(client_->Do(code), Error::kIllegalState);
  }
  EXPECT_EQ(Read(0, 1), Error::kIllegalState);
  EXPECT_EQ(client_->SetWindow(0, 0), Error::kNone);
  EXPECT_EQ(client_->SetWindow(kUnlimited - 10, 100), Error::kIllegalArgs);
  MoverListenRequest request{static_cast<MoverMode>(123), AddrType::kTcp};
  EXPECT_EQ(client_->Ask<ListenReply>(Code::kMoverListen, request).error, Error::kIllegalArgs);
  request = {MoverMode::kRead, static_cast<AddrType>(123)};
  EXPECT_EQ(client_->Ask<ListenReply>(Code::kMoverListen, request).error, Error::kIllegalArgs);
  EXPECT_EQ(client_->Listen(MoverMode::kRead).error, Error::kDeviceNotOpen);
  ASSERT_TRUE(library_.Move(1000, 500));
  ASSERT_EQ(client_->OpenTape(kDrive0, TapeMode::kRead), Error::kNone);
  EXPECT_EQ(client_->Listen(MoverMode::kRead).error, Error::kPermission);
  EXPECT_EQ(client_->Listen(MoverMode::kWrite).error, Error::kNone);
  EXPECT_EQ(client_->Mover().state, MoverState::kListen);
  EXPECT_EQ(client_->Listen(MoverMode::kWrite).error, Error::kIllegalState);
  EXPECT_EQ(client_->Do(Code::kMoverContinue), Error::kIllegalState);
  EXPECT_EQ(client_->Do(Code::kMoverStop), Error::kIllegalState);
  EXPECT_EQ(client_->SetWindow(0, 0), Error::kIllegalState);
  EXPECT_EQ(client_->Do(Code::kMoverSetRecordSize, MoverSetRecordSizeRequest{512}),
            Error::kIllegalState);
  // The tape is the mover's.
  EXPECT_EQ(client_->Do(Code::kTapeClose), Error::kDeviceBusy);
  EXPECT_EQ(client_->Ask<TapeGetStateReply>(Code::kTapeGetState, Nothing()).error, Error::kNone);
  EXPECT_FALSE(client_->HasPost());
  EXPECT_EQ(client_->Do(Code::kMoverAbort), Error::kNone);
  EXPECT_EQ(WaitHalted(), MoverHalt::kAborted);
  EXPECT_EQ(client_->Mover().halt_reason, MoverHalt::kAborted);
  EXPECT_EQ(client_->Do(Code::kMoverAbort), Error::kIllegalState);
  EXPECT_EQ(client_->Do(Code::kMoverStop), Error::kNone);
  MoverGetStateReply idle = client_->Mover();
  EXPECT_EQ(idle.state, MoverState::kIdle);
  EXPECT_EQ(idle.halt_reason, MoverHalt::kNone);
}

TEST_F(MoverTest, OldClientsSetWindowsWhileItListens) {
  Prepare(3);
  EXPECT_EQ(client_->Listen(MoverMode::kRead).error, Error::kNone);
  EXPECT_EQ(client_->SetWindow(0, 0), Error::kNone);
}

class EveryVersion : public MoverTest, public testing::WithParamInterface<int> {};

TEST_P(EveryVersion, AStreamComesBackAsItWas) {
  Prepare(GetParam());
  const std::string stream = Noise(1'000'003);
  Backup(stream, 65536);
  ASSERT_EQ(client_->SetWindow(0, kUnlimited), Error::kNone);
  Socket peer = Start(MoverMode::kWrite);
  EXPECT_EQ(Read(0, stream.size()), Error::kNone);
  EXPECT_TRUE(ReceiveExactly(peer, stream.size()) == stream);
  EXPECT_EQ(client_->Mover().bytes_moved, stream.size());
  // Zeros fill the last record; then comes the mark.
  const size_t whole = (stream.size() + 65535) / 65536 * 65536;
  EXPECT_EQ(Read(stream.size(), kUnlimited), Error::kNone);
  EXPECT_EQ(ReceiveExactly(peer, whole - stream.size()), std::string(whole - stream.size(), '\0'));
  NotifyMoverPaused paused = WaitPaused();
  EXPECT_EQ(paused.reason, PauseReason::kEof);
  EXPECT_EQ(paused.seek_position, whole);
  EXPECT_EQ(client_->Do(Code::kMoverClose), Error::kNone);
  EXPECT_EQ(WaitHalted(), MoverHalt::kConnectClosed);
}

INSTANTIATE_TEST_SUITE_P(All, EveryVersion, testing::Values(2, 3, 4));

TEST_F(MoverTest, ReadsGoForwardsAndBackwardsWithinTheWindow) {
  Prepare();
  const std::string stream = Noise(500'000);
  Backup(stream, 10'000);
  ASSERT_EQ(client_->SetWindow(0, stream.size()), Error::kNone);
  Socket peer = Start(MoverMode::kWrite);
  const std::vector<std::pair<size_t, size_t>> reads = {
      {250'001, 30'000}, {0, 5}, {499'990, 10}, {490'000, 10}, {123'456, 1}};
  for (auto [offset, length] : reads) {
    EXPECT_EQ(Read(offset, length), Error::kNone);
    EXPECT_TRUE(ReceiveExactly(peer, length) == stream.substr(offset, length)) << offset;
  }
  // What is not in the window is for the client to find.
  EXPECT_EQ(Read(stream.size() + 5, 10), Error::kNone);
  NotifyMoverPaused paused = WaitPaused();
  EXPECT_EQ(paused.reason, PauseReason::kSeek);
  EXPECT_EQ(paused.seek_position, stream.size() + 5);
  EXPECT_EQ(Read(0, 1), Error::kIllegalState);
  peer.Close();
  EXPECT_EQ(client_->Do(Code::kMoverAbort), Error::kNone);
  EXPECT_EQ(WaitHalted(), MoverHalt::kAborted);
}

TEST_F(MoverTest, AWindowMayEndWithinARecord) {
  Prepare();
  const std::string stream = Noise(20'000);
  Backup(stream, 10'000);
  ASSERT_EQ(client_->SetWindow(0, 15'000), Error::kNone);
  Socket peer = Start(MoverMode::kWrite);
  EXPECT_EQ(Read(0, kUnlimited), Error::kNone);
  EXPECT_TRUE(ReceiveExactly(peer, 15'000) == stream.substr(0, 15'000));
  NotifyMoverPaused paused = WaitPaused();
  EXPECT_EQ(paused.reason, PauseReason::kSeek);
  EXPECT_EQ(paused.seek_position, 15'000u);
}

TEST_F(MoverTest, APeerThatHasEnoughEndsTheRestore) {
  Prepare();
  Backup(Noise(100'000), 10'000);
  Socket peer = Start(MoverMode::kWrite);
  EXPECT_EQ(Read(0, 10), Error::kNone);
  EXPECT_EQ(ReceiveExactly(peer, 10).size(), 10u);
  peer.Close();
  EXPECT_EQ(WaitHalted(), MoverHalt::kConnectClosed);
}

TEST_F(MoverTest, AWindowEndsTheBackupBeforeTheRecordThatDoesNotFit) {
  Prepare();
  SetRecordSize(1000);
  ASSERT_EQ(client_->SetWindow(0, 3000), Error::kNone);
  Socket peer = Start(MoverMode::kRead);
  const std::string stream = Noise(5500);
  SendAll(peer, stream.substr(0, 3000));
  while (client_->Mover().bytes_moved < 3000) {
  }
  EXPECT_FALSE(client_->HasPost());
  EXPECT_EQ(client_->Mover().state, MoverState::kActive);
  SendAll(peer, stream.substr(3000));
  NotifyMoverPaused paused = WaitPaused();
  EXPECT_EQ(paused.reason, PauseReason::kEow);
  EXPECT_EQ(paused.seek_position, 3000u);
  MoverGetStateReply state = client_->Mover();
  EXPECT_EQ(state.state, MoverState::kPaused);
  EXPECT_EQ(state.pause_reason, PauseReason::kEow);
  // While it pauses the tape is the client's.
  EXPECT_EQ(client_->Mtio(MtioOp::kWriteMarks), Error::kNone);
  EXPECT_EQ(client_->SetWindow(3000, kUnlimited), Error::kNone);
  EXPECT_EQ(client_->Do(Code::kMoverContinue), Error::kNone);
  peer.Close();
  EXPECT_EQ(WaitHalted(), MoverHalt::kConnectClosed);
  EXPECT_EQ(client_->Mover().bytes_moved, stream.size());
}

TEST_F(MoverTest, AWindowWithoutRoomPausesForTheHeader) {
  Prepare();
  SetRecordSize(1000);
  ASSERT_EQ(client_->SetWindow(0, 0), Error::kNone);
  Socket peer = Start(MoverMode::kRead);
  EXPECT_EQ(WaitPaused().reason, PauseReason::kEow);
  EXPECT_EQ(client_->Ask<TapeWriteReply>(Code::kTapeWrite, TapeWriteRequest{"header"}).count, 6u);
  EXPECT_EQ(client_->SetWindow(0, kUnlimited), Error::kNone);
  EXPECT_EQ(client_->Do(Code::kMoverContinue), Error::kNone);
  SendAll(peer, "data");
  peer.Close();
  EXPECT_EQ(WaitHalted(), MoverHalt::kConnectClosed);
  EXPECT_EQ(client_->Mover().bytes_moved, 4u);
}

TEST_F(MoverTest, ItConnectsWhereItIsTold) {
  Prepare();
  Endpoint at;
  auto listener = Listen(kLoopback, {0, 0}, &at);
  ASSERT_TRUE(listener.ok());
  MoverConnectRequest request{MoverMode::kRead, {AddrType::kTcp, {{at.ip, at.port, {}}}, 0, ""}};
  EXPECT_EQ(client_->Do(Code::kMoverConnect, request), Error::kNone);
  EXPECT_EQ(client_->Mover().state, MoverState::kActive);
  Endpoint peer;
  Accept(*listener, &peer).Close();
  EXPECT_EQ(WaitHalted(), MoverHalt::kConnectClosed);
  EXPECT_EQ(client_->Do(Code::kMoverStop), Error::kNone);
  listener->Close();
  EXPECT_EQ(client_->Do(Code::kMoverConnect, request), Error::kConnect);
  EXPECT_EQ(client_->Mover().state, MoverState::kIdle);
}

class SmallTapes : public MoverTest, public testing::WithParamInterface<uint32_t> {
 protected:
  SmallTapes() : MoverTest(1 << 20) {}
};

// Three tapes for the stream, whatever the size of records does at their ends.
TEST_P(SmallTapes, AStreamGoesOnOnTheNextTape) {
  Prepare();
  const std::string stream = Noise(2'300'000);
  SetRecordSize(GetParam());
  ASSERT_EQ(client_->SetWindow(0, kUnlimited), Error::kNone);
  std::vector<uint64_t> starts = {0};
  {
    Socket peer = Start(MoverMode::kRead);
    size_t sent = 0;
    // The peer sends as the mover takes it; meanwhile tapes are changed.
    std::thread sender([&] {
      SendAll(peer, stream);
      peer.Close();
      sent = stream.size();
    });
    for (uint16_t slot = 1000; slot < 1002; ++slot) {
      NotifyMoverPaused paused = WaitPaused();
      EXPECT_EQ(paused.reason, PauseReason::kEom);
      starts.push_back(paused.seek_position);
      EXPECT_EQ(client_->Mtio(MtioOp::kWriteMarks), Error::kNone);
      ChangeTape(slot, slot + 1, TapeMode::kReadWrite);
      EXPECT_EQ(client_->SetWindow(paused.seek_position, kUnlimited), Error::kNone);
      EXPECT_EQ(client_->Do(Code::kMoverContinue), Error::kNone);
    }
    EXPECT_EQ(WaitHalted(), MoverHalt::kConnectClosed);
    sender.join();
    EXPECT_EQ(sent, stream.size());
  }
  EXPECT_EQ(client_->Mover().bytes_moved, stream.size());
  EXPECT_EQ(client_->Do(Code::kMoverStop), Error::kNone);
  EXPECT_EQ(client_->Mtio(MtioOp::kWriteMarks), Error::kNone);
  ChangeTape(1002, 1000, TapeMode::kRead);
  EXPECT_EQ(client_->Mtio(MtioOp::kRewind), Error::kNone);
  ASSERT_EQ(client_->SetWindow(0, kUnlimited), Error::kNone);
  Socket peer = Start(MoverMode::kWrite);
  std::string got;
  std::thread receiver([&] { got = ReceiveExactly(peer, stream.size()); });
  EXPECT_EQ(Read(0, stream.size()), Error::kNone);
  for (uint16_t slot = 1000; slot < 1002; ++slot) {
    NotifyMoverPaused paused = WaitPaused();
    EXPECT_EQ(paused.reason, PauseReason::kEof);
    EXPECT_EQ(paused.seek_position, starts[slot - 999]);
    ChangeTape(slot, slot + 1, TapeMode::kRead);
    EXPECT_EQ(client_->Mtio(MtioOp::kRewind), Error::kNone);
    EXPECT_EQ(client_->SetWindow(paused.seek_position, kUnlimited), Error::kNone);
    EXPECT_EQ(client_->Do(Code::kMoverContinue), Error::kNone);
  }
  receiver.join();
  EXPECT_TRUE(got == stream);
}

INSTANTIATE_TEST_SUITE_P(Records, SmallTapes, testing::Values(1000, 10240, 200'000));

}  // namespace
}  // namespace oca::ndmp
