// What is known about sessions, while they are open and after; and a server that is reached
// elsewhere from a moment on.
#include "gateways/ndmp/session/session_list.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"
#include "t/unit/gateways/ndmp/server_fixture.h"
#include "t/unit/gateways/ndmp/stream_end.h"

namespace oca::ndmp {
namespace {

class SessionsTest : public ServerTest {
 protected:
  // The only session, once it is as wanted.
  template <typename Wanted>
  OpenSession Await(Wanted wanted) {
    const absl::Time deadline = absl::Now() + absl::Seconds(60);
    std::vector<OpenSession> open = sessions_.Open();
    while (open.size() != 1 || !wanted(open[0].state)) {
      EXPECT_LT(absl::Now(), deadline);
      if (absl::Now() >= deadline) return {};
      open = sessions_.Open();
    }
    return open[0];
  }
  std::vector<EndedSession> AwaitEnded(size_t count) {
    const absl::Time deadline = absl::Now() + absl::Seconds(60);
    while (sessions_.Ended().size() < count && absl::Now() < deadline) {
    }
    return sessions_.Ended();
  }
  // The next `bytes` of a stream go to the tape.
  Socket StartBackup(Client& client) {
    EXPECT_TRUE(library_.Move(1000, 500));
    EXPECT_EQ(client.OpenTape(kDrive0), Error::kNone);
    EXPECT_EQ(client.SetWindow(0, kUnlimited), Error::kNone);
    return ConnectTo(client.Listen(MoverMode::kRead).addr);
  }
};

TEST_F(SessionsTest, WhatASessionDoesIsSeen) {
  Client client(server_->endpoint(), 3);
  OpenSession stranger = Await([](const SessionState& state) { return state.version == 3; });
  EXPECT_EQ(stranger.state.user, "");
  EXPECT_THAT(stranger.client, testing::StartsWith("127.0.0.1:"));
  EXPECT_EQ(client.SignIn("backup_user", "secret"), Error::kNone);
  Await([](const SessionState& state) { return state.user == "backup_user"; });
  Socket peer = StartBackup(client);
  SendAll(peer, std::string(10240, 'x'));
  OpenSession moving =
      Await([](const SessionState& state) { return state.bytes_moved() == 10240; });
  EXPECT_EQ(moving.state.mover, MoverState::kActive);
  EXPECT_EQ(moving.state.device, kDrive0);
  EXPECT_EQ(moving.id, stranger.id);
  // Of transfers before, and of single blocks.
  peer.Close();
  client.WaitFor<NotifyMoverHalted>(Code::kNotifyMoverHalted);
  EXPECT_EQ(client.Do(Code::kMoverStop), Error::kNone);
  EXPECT_EQ(client.Ask<TapeWriteReply>(Code::kTapeWrite, TapeWriteRequest{"12345"}).error,
            Error::kNone);
  EXPECT_EQ(client.Do(Code::kTapeClose), Error::kNone);
  OpenSession closed = Await([](const SessionState& state) { return state.device.empty(); });
  EXPECT_EQ(closed.state.bytes_moved(), 10245u);
  EXPECT_TRUE(sessions_.Ended().empty());
}

TEST_F(SessionsTest, WhatASessionWasIsKeptUntilSomebodyKnows) {
  { Client stranger(server_->endpoint()); }
  {
    auto client = NewClient();
    EXPECT_EQ(client->Do(Code::kScsiOpen, ScsiOpenRequest{kChanger}), Error::kNone);
    EXPECT_EQ(client->Do(Code::kScsiClose), Error::kNone);
  }
  std::vector<EndedSession> ended = AwaitEnded(1);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].session.state.user, "backup_user");
  EXPECT_EQ(ended[0].session.state.device, kChanger);
  EXPECT_EQ(ended[0].result, SessionResult::kSuccessful);
  EXPECT_GE(ended[0].ended, ended[0].session.started);
  auto open = NewClient();
  server_.reset();
  EXPECT_EQ(AwaitEnded(2).back().result, SessionResult::kShutDown);
  sessions_.Forget(ended);
  EXPECT_EQ(sessions_.Ended().size(), 1u);
  EXPECT_TRUE(failures_.transfers().empty());
}

TEST_F(SessionsTest, AClientThatIsLostInTheMiddleOfATransferIsAFailure) {
  auto client = NewClient();
  Socket peer = StartBackup(*client);
  SendAll(peer, "x");
  Await([](const SessionState& state) { return state.mover == MoverState::kActive; });
  client.reset();
  std::vector<EndedSession> ended = AwaitEnded(1);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].result, SessionResult::kFailed);
  EXPECT_EQ(ended[0].error, "the client's connection ended");
  ASSERT_EQ(failures_.transfers().size(), 1u);
  EXPECT_EQ(failures_.transfers()[0].device, kDrive0);
  EXPECT_EQ(failures_.transfers()[0].client, "127.0.0.1");
}

TEST_F(SessionsTest, OnlyTheLatestAreKept) {
  for (size_t i = 0; i <= SessionList::kMostEnded; ++i) {
    const std::string id = std::to_string(i);
    sessions_.Add(id, "client");
    SessionState state;
    state.user = "eve";
    sessions_.Set(id, state);
    sessions_.End(id, SessionResult::kSuccessful, "");
  }
  EXPECT_EQ(sessions_.Ended().size(), SessionList::kMostEnded);
  EXPECT_EQ(sessions_.Ended().front().session.id, "1");
}

TEST_F(SessionsTest, TheServerMovesAndSessionsGoOn) {
  auto before = NewClient();
  const Endpoint old = server_->endpoint();
  Endpoint at;
  absl::StatusOr<Socket> busy = Listen(kLoopback, {0, 0}, &at);
  ASSERT_OK(busy.status());
  EXPECT_THAT(server_->Change({at, {}}), support::StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(server_->endpoint(), old);
  { auto client = NewClient(); }
  busy->Close();
  ASSERT_OK(server_->Change({at, {0, {at.port, at.port}}}));
  EXPECT_EQ(server_->endpoint(), at);
  EXPECT_FALSE(Connect(old, absl::Seconds(5)).ok());
  auto after = NewClient();
  for (Client* client : {before.get(), after.get()}) {
    EXPECT_EQ(client->Mover().error, Error::kNone);
  }
  // The same port, at all addresses: nobody but ourselves has it.
  ASSERT_OK(server_->Change({{0, at.port}, {}}));
  EXPECT_EQ(server_->endpoint().ip, 0u);
  { auto client = NewClient(); }
  EXPECT_FALSE(server_->Change({{0xc0000201, at.port}, {}}).ok());
  EXPECT_EQ(server_->endpoint().ip, 0u);
  { auto client = NewClient(); }
}

TEST_F(SessionsTest, DataPortsAreThoseOfTheSessionsStart) {
  ASSERT_TRUE(library_.Move(1000, 500));
  auto before = NewClient();
  Endpoint at;
  { auto free = Listen(kLoopback, {0, 0}, &at); }
  ASSERT_OK(server_->Change({{kLoopback, 0}, {0, {at.port, at.port}}}));
  auto after = NewClient();
  EXPECT_EQ(after->OpenTape(kDrive0), Error::kNone);
  EXPECT_EQ(after->Listen(MoverMode::kRead).addr.tcp[0].port, at.port);
  EXPECT_EQ(after->Do(Code::kMoverAbort), Error::kNone);
  after.reset();
  AwaitEnded(1);
  EXPECT_EQ(before->OpenTape(kDrive0), Error::kNone);
  EXPECT_NE(before->Listen(MoverMode::kRead).addr.tcp[0].port, at.port);
}

}  // namespace
}  // namespace oca::ndmp
