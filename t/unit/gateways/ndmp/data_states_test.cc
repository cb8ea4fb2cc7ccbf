// The data service's states: which request is taken in which of them, in every version.
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/unit/gateways/ndmp/file_tree.h"
#include "t/unit/gateways/ndmp/server_fixture.h"
#include "t/unit/gateways/ndmp/stream_end.h"

namespace oca::ndmp {
namespace {

using testing::ElementsAre;

// More than the buffers of a connection hold, so that a backup of it waits for its peer.
constexpr size_t kLarge = 24 << 20;

// A client whose data service is in some state, and the peer of its data connection.
class Situation {
 public:
  Situation(std::unique_ptr<Client> client, int version)
      : client_(std::move(client)), version_(version) {
    listener_ = *Listen(kLoopback, {0, 0}, &at_);
  }

  Addr PeerAddr() const { return {AddrType::kTcp, {{at_.ip, at_.port, {}}}, 0, ""}; }
  void Reach(DataState state) {
    if (state == DataState::kListen) {
      ASSERT_EQ(DoListen(), Error::kNone);
    } else if (state == DataState::kConnected) {
      ASSERT_EQ(DoConnect(), Error::kNone);
    } else if (state != DataState::kIdle) {
      if (version_ > 2) {
        ASSERT_EQ(DoConnect(), Error::kNone);
      }
      ASSERT_EQ(DoStartBackup(), Error::kNone);
      if (state == DataState::kHalted) {
        ASSERT_EQ(client_->Do(Code::kDataAbort), Error::kNone);
      }
    }
    EXPECT_EQ(State().state, state);
  }
  DataGetStateReply State() { return client_->Data(); }
  Error DoListen(AddrType type = AddrType::kTcp) {
    return client_->Ask<ListenReply>(Code::kDataListen, DataListenRequest{type}).error;
  }
  Error DoConnect() { return client_->Do(Code::kDataConnect, DataConnectRequest{PeerAddr()}); }
  Error DoStartBackup() {
    DataStartBackupRequest request{PeerAddr(), "tar", {{"FILESYSTEM", "/oca/c1"}, {"X", "y"}}};
    return client_->Do(Code::kDataStartBackup, request);
  }
  Error DoStartRecover() {
    DataStartRecoverRequest request{PeerAddr(), {{"FILESYSTEM", "/oca/c2"}}, {}, "tar"};
    return client_->Do(Code::kDataStartRecover, request);
  }
  DataGetEnvReply Env() { return client_->Ask<DataGetEnvReply>(Code::kDataGetEnv, Nothing()); }
  // What each request is answered with; each in a situation of its own is for the caller to see to.
  Error Request(Code code) {
    switch (code) {
      case Code::kDataListen:
        return DoListen();
      case Code::kDataConnect:
        return DoConnect();
      case Code::kDataStartBackup:
        return DoStartBackup();
      case Code::kDataStartRecover:
        return DoStartRecover();
      case Code::kDataGetEnv:
        return Env().error;
      default:
        return client_->Do(code);
    }
  }
  Client& client() { return *client_; }

 private:
  std::unique_ptr<Client> client_;
  const int version_;
  Endpoint at_;
  Socket listener_;
};

class DataStates : public ServerTest, public testing::WithParamInterface<int> {
 protected:
  DataStates() { WriteFile(Path("c1/large"), std::string(kLarge, 'x')); }
  std::unique_ptr<Situation> NewSituation(DataState state) {
    auto situation = std::make_unique<Situation>(NewClient(GetParam()), GetParam());
    situation->Reach(state);
    return situation;
  }
};

TEST_P(DataStates, TakeWhatTheProtocolSays) {
  const Error no = Error::kIllegalState;
  const Error yes = Error::kNone;
  const bool old = GetParam() == 2;
  const std::vector<Code> codes = {
      Code::kDataListen, Code::kDataConnect, Code::kDataStartBackup, Code::kDataStartRecover,
      Code::kDataAbort,  Code::kDataStop,    Code::kDataGetEnv};
  // v2 connects by the request that starts, and only from IDLE.
  const std::map<DataState, std::vector<Error>> table = {
      {DataState::kIdle, {yes, yes, old ? yes : no, old ? yes : no, no, no, no}},
      {DataState::kListen, {no, no, no, no, yes, no, no}},
      {DataState::kConnected, {no, no, yes, yes, yes, no, no}},
      {DataState::kActive, {no, no, no, no, yes, no, yes}},
      {DataState::kHalted, {no, no, no, no, no, yes, yes}},
  };
  for (const auto& [state, expected] : table) {
    if (old && (state == DataState::kListen || state == DataState::kConnected)) continue;
    for (size_t i = 0; i < codes.size(); ++i) {
      if (old && i < 2) continue;
      EXPECT_EQ(NewSituation(state)->Request(codes[i]), expected[i])
          << static_cast<uint32_t>(state) << " " << std::hex << static_cast<uint32_t>(codes[i]);
    }
  }
}

TEST_P(DataStates, AnAbortEndsABackupThatWaitsForItsPeer) {
  auto situation = NewSituation(DataState::kActive);
  DataGetStateReply state = situation->State();
  EXPECT_EQ(state.operation, DataOperation::kBackup);
  EXPECT_EQ(state.halt_reason, DataHalt::kNone);
  EXPECT_EQ(situation->client().Do(Code::kDataAbort), Error::kNone);
  auto halted = situation->client().WaitFor<NotifyDataHalted>(Code::kNotifyDataHalted);
  EXPECT_EQ(halted.reason, DataHalt::kAborted);
  EXPECT_TRUE(failures_.operations().empty());
  state = situation->State();
  EXPECT_EQ(state.state, DataState::kHalted);
  EXPECT_EQ(state.halt_reason, DataHalt::kAborted);
  EXPECT_LT(state.bytes_processed, kLarge);
  EXPECT_EQ(situation->client().Do(Code::kDataStop), Error::kNone);
  state = situation->State();
  EXPECT_EQ(state.state, DataState::kIdle);
  EXPECT_EQ(state.operation, DataOperation::kNone);
  EXPECT_EQ(state.halt_reason, DataHalt::kNone);
  EXPECT_EQ(state.bytes_processed, 0u);
  EXPECT_EQ(state.addr.type, AddrType::kLocal);
}

TEST_P(DataStates, TheEnvironmentIsToldWithWhatIsUnknown) {
  auto situation = NewSituation(DataState::kActive);
  std::map<std::string, std::string> env;
  for (const Pval& variable : situation->Env().env) env[variable.name] = variable.value;
  EXPECT_EQ(env.at("X"), "y");
  EXPECT_EQ(env.at("FILESYSTEM"), "/oca/c1");
  EXPECT_EQ(env.at("PATHNAME_SEPARATOR"), "/");
}

TEST_P(DataStates, OrdersThatAreWrongSayWhyAndChangeNothing) {
  const DataState start = GetParam() == 2 ? DataState::kIdle : DataState::kConnected;
  auto situation = NewSituation(start);
  Client& client = situation->client();
  auto backup = [&](const std::string& type, std::vector<Pval> env) {
    return client.Do(Code::kDataStartBackup,
                     DataStartBackupRequest{situation->PeerAddr(), type, std::move(env)});
  };
  const Code said = GetParam() == 2 ? Code::kLogNormal : Code::kLogMessage;
  auto why = [&] {
    return GetParam() == 2 ? client.WaitFor<LogLine>(said).text
                           : client.WaitFor<LogMessage>(said).text;
  };
  EXPECT_EQ(backup("dump", {{"FILESYSTEM", "/oca/c1"}}), Error::kIllegalArgs);
  EXPECT_THAT(why(), testing::HasSubstr("'dump'"));
  EXPECT_EQ(backup("tar", {}), Error::kIllegalArgs);
  EXPECT_THAT(why(), testing::HasSubstr("FILESYSTEM"));
  EXPECT_EQ(backup("tar", {{"FILESYSTEM", "/etc"}}), Error::kIllegalArgs);
  EXPECT_THAT(why(), testing::HasSubstr("/oca/<container>"));
  EXPECT_EQ(backup("tar", {{"FILESYSTEM", "/oca/none"}}), Error::kIllegalArgs);
  EXPECT_THAT(why(), testing::HasSubstr("/oca/none"));
  EXPECT_EQ(situation->State().state, start);
  EXPECT_EQ(situation->DoStartBackup(), Error::kNone);
}

TEST_P(DataStates, APeerThatGoesAwayHaltsIt) {
  Endpoint at;
  Socket listener = *Listen(kLoopback, {0, 0}, &at);
  const Addr addr{AddrType::kTcp, {{at.ip, at.port, {}}}, 0, ""};
  auto client = NewClient(GetParam());
  if (GetParam() > 2) {
    ASSERT_EQ(client->Do(Code::kDataConnect, DataConnectRequest{addr}), Error::kNone);
  }
  DataStartBackupRequest request{addr, "tar", {{"FILESYSTEM", "/oca/c1"}}};
  ASSERT_EQ(client->Do(Code::kDataStartBackup, request), Error::kNone);
  ASSERT_TRUE(WaitFor(listener.fd(), POLLIN, kPatience));
  Endpoint peer;
  Accept(listener, &peer).Close();
  client->WaitFor<Nothing>(GetParam() == 2 ? Code::kLogNormal : Code::kLogMessage);
  EXPECT_EQ(client->WaitFor<NotifyDataHalted>(Code::kNotifyDataHalted).reason,
            DataHalt::kConnectError);
  const std::vector<OperationFailure> failures = failures_.operations();
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0].operation, "backup");
  EXPECT_EQ(failures[0].path, "/oca/c1");
  EXPECT_EQ(failures[0].client, "127.0.0.1");
  EXPECT_THAT(failures[0].reason, testing::HasSubstr("closed the connection"));
}

// Whatever the data service does when its client goes away, the server ends (in TearDown).
TEST_P(DataStates, ClientsThatVanishLeaveNothing) {
  for (DataState state : {DataState::kListen, DataState::kConnected, DataState::kActive}) {
    if (GetParam() == 2 && state != DataState::kActive) continue;
    NewSituation(state);
  }
  auto client = NewClient(GetParam());
  Error header = Error::kNone;
  client->AskRaw<ErrorReply>(Code::kDataStartBackup,
                             std::string("\0\0\0\x03tar\0\xff\xff\xff\xff", 12), &header);
  EXPECT_EQ(header, Error::kXdrDecode);
}

INSTANTIATE_TEST_SUITE_P(Versions, DataStates, testing::Values(2, 3, 4));

class DataService : public ServerTest {};

TEST_F(DataService, AddressesThatAreNoneAreRefused) {
  auto client = NewClient();
  auto listen = [&](uint32_t type) {
    return client->Ask<ListenReply>(Code::kDataListen,
                                    DataListenRequest{static_cast<AddrType>(type)});
  };
  EXPECT_EQ(listen(123).error, Error::kIllegalArgs);
  EXPECT_EQ(listen(3).error, Error::kIllegalArgs);
  EXPECT_EQ(client->Do(Code::kDataConnect, DataConnectRequest{{AddrType::kTcp, {}, 0, ""}}),
            Error::kIllegalArgs);
  // Nobody waits.
  EXPECT_EQ(client->Do(Code::kDataConnect, DataConnectRequest{{AddrType::kLocal, {}, 0, ""}}),
            Error::kIllegalState);
  Endpoint at;
  Listen(kLoopback, {0, 0}, &at)->Close();
  DataConnectRequest nobody{{AddrType::kTcp, {{at.ip, at.port, {}}}, 0, ""}};
  EXPECT_EQ(client->Do(Code::kDataConnect, nobody), Error::kConnect);
  EXPECT_EQ(listen(0).addr.type, AddrType::kLocal);
  EXPECT_EQ(client->Do(Code::kDataAbort), Error::kNone);
}

TEST_F(DataService, BeforeSigningInNothingIsAllowed) {
  Client client(server_->endpoint());
  EXPECT_EQ(client.Ask<DataGetStateReply>(Code::kDataGetState, Nothing()).error,
            Error::kNotAuthorized);
  EXPECT_EQ(client.Do(Code::kDataStartBackup, DataStartBackupRequest()), Error::kNotAuthorized);
  EXPECT_EQ(client.Ask<FsInfoReply>(Code::kConfigGetFsInfo, Nothing()).error,
            Error::kNotAuthorized);
}

TEST_F(DataService, WhatThereIsIsTold) {
  auto client = NewClient();
  auto info = client->Ask<FsInfoReply>(Code::kConfigGetFsInfo, Nothing());
  ASSERT_EQ(info.filesystems.size(), 2u);
  EXPECT_EQ(info.filesystems[0].logical_device, "/oca/c1");
  EXPECT_EQ(info.filesystems[0].physical_device, Path("c1"));
  EXPECT_EQ(info.filesystems[1].logical_device, "/oca/c2");
  EXPECT_GT(info.filesystems[0].total_size, 0u);
  auto types = client->Ask<ButypeInfoReply>(Code::kConfigGetButypeInfo, Nothing());
  ASSERT_EQ(types.butypes.size(), 1u);
  EXPECT_EQ(types.butypes[0].name, "tar");
  EXPECT_EQ(types.butypes[0].attrs, 0x61cu);
  EXPECT_FALSE(types.butypes[0].default_env.empty());
  EXPECT_THAT(client->Ask<ConnectionTypeReply>(Code::kConfigGetConnectionType, Nothing()).types,
              ElementsAre(AddrType::kLocal, AddrType::kTcp));
  auto old = NewClient(2);
  auto attr = [&](const std::string& type) {
    return old->Ask<ButypeAttrReply>(Code::kConfigGetButypeAttr, ButypeAttrRequest{type});
  };
  EXPECT_EQ(attr("tar").attrs, 0x1du);
  EXPECT_EQ(attr("dump").error, Error::kIllegalArgs);
  EXPECT_EQ(
      NewClient(3)->Ask<ButypeInfoReply>(Code::kConfigGetButypeInfo, Nothing()).butypes[0].attrs,
      0x1du);
}

}  // namespace
}  // namespace oca::ndmp
