// Connections, users, devices: what a client may do when, and what it is told.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/unit/gateways/ndmp/server_fixture.h"

namespace oca::ndmp {
namespace {

class SessionTest : public ServerTest {};

TEST_F(SessionTest, BeforeSigningInLittleIsAllowed) {
  Client client(server_->endpoint());
  EXPECT_EQ(client.Ask<HostInfoReply>(Code::kConfigGetHostInfo, Nothing()).error, Error::kNone);
  ServerInfoReply info = client.Ask<ServerInfoReply>(Code::kConfigGetServerInfo, Nothing());
  EXPECT_EQ(info.revision, "1.0");
  EXPECT_THAT(info.auth_types, testing::ElementsAre(AuthType::kMd5, AuthType::kText));
  EXPECT_EQ(client.OpenTape(kDrive0), Error::kNotAuthorized);
  EXPECT_EQ(client.Mover().error, Error::kNotAuthorized);
  EXPECT_EQ(client.Ask<DeviceInfoReply>(Code::kConfigGetTapeInfo, Nothing()).error,
            Error::kNotAuthorized);
}

TEST_F(SessionTest, TextAndDigestLetInWhoIsRight) {
  Client text(server_->endpoint());
  EXPECT_EQ(text.SignIn("backup_user", "wrong"), Error::kNotAuthorized);
  EXPECT_EQ(text.SignIn("nobody", "secret"), Error::kNotAuthorized);
  EXPECT_EQ(text.Do(Code::kConnectClientAuth, AuthData()), Error::kIllegalArgs);
  EXPECT_EQ(text.SignIn("backup_user", "secret"), Error::kNone);
  EXPECT_EQ(text.SignIn("backup_user", "secret"), Error::kIllegalState);

  Client md5(server_->endpoint());
  AuthData answer{AuthType::kMd5, "backup_user", "", {}};
  EXPECT_EQ(md5.Do(Code::kConnectClientAuth, answer), Error::kNotAuthorized);
  auto attr = md5.Ask<AuthAttrReply>(Code::kConfigGetAuthAttr, AuthAttrRequest{AuthType::kMd5});
  auto next = md5.Ask<AuthAttrReply>(Code::kConfigGetAuthAttr, AuthAttrRequest{AuthType::kMd5});
  EXPECT_NE(attr.attr.challenge, next.attr.challenge);
  std::copy_n(next.attr.challenge.begin(), 16, answer.digest.begin());
  EXPECT_EQ(md5.Do(Code::kConnectClientAuth, answer), Error::kNone);
}

TEST_F(SessionTest, WhoGuessesIsSentAwayAndTold) {
  Client client(server_->endpoint());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.SignIn("backup_user", "x"), Error::kNotAuthorized);
  EXPECT_TRUE(client.Ended());
  ASSERT_EQ(failures_.refusals().size(), 1u);
  EXPECT_EQ(failures_.refusals()[0].user, "backup_user");
  EXPECT_EQ(failures_.refusals()[0].client, "127.0.0.1");
  EXPECT_EQ(failures_.refusals()[0].tries, 5);
}

TEST_F(SessionTest, VersionsAreAgreedBeforeAnythingElse) {
  Client client(server_->endpoint());
  for (uint16_t version : {0, 1, 5}) {
    EXPECT_EQ(client.Do(Code::kConnectOpen, ConnectOpenRequest{version}), Error::kIllegalArgs);
  }
  EXPECT_EQ(client.SignIn("backup_user", "secret"), Error::kNone);
  EXPECT_EQ(client.Do(Code::kConnectOpen, ConnectOpenRequest{4}), Error::kIllegalState);
}

TEST_F(SessionTest, WhatIsUnknownOrBrokenIsSaidSo) {
  auto client = NewClient();
  Error header = Error::kNone;
  client->Ask<ErrorReply>(static_cast<Code>(0x777), Nothing(), &header);
  EXPECT_EQ(header, Error::kNotSupported);
  client->AskRaw<ErrorReply>(Code::kTapeOpen, "xxxx", &header);
  EXPECT_EQ(header, Error::kXdrDecode);
  auto old = NewClient(2);
  old->Ask<ServerInfoReply>(Code::kConfigGetServerInfo, Nothing(), &header);
  EXPECT_EQ(header, Error::kNotSupported);
  EXPECT_THAT(old->Ask<HostInfoReply>(Code::kConfigGetHostInfo, Nothing()).auth_types,
              testing::SizeIs(2));
}

TEST_F(SessionTest, DevicesAreListedUnderNamesThatStay) {
  auto client = NewClient();
  auto tapes = client->Ask<DeviceInfoReply>(Code::kConfigGetTapeInfo, Nothing());
  ASSERT_EQ(tapes.models.size(), 1u);
  EXPECT_EQ(tapes.models[0].model, "IBM ULT3580-TD4");
  ASSERT_EQ(tapes.models[0].devices.size(), 2u);
  EXPECT_EQ(tapes.models[0].devices[0].device, kDrive0);
  EXPECT_EQ(tapes.models[0].devices[1].device, kDrive1);
  auto robots = client->Ask<DeviceInfoReply>(Code::kConfigGetScsiInfo, Nothing());
  ASSERT_EQ(robots.models.size(), 1u);
  EXPECT_EQ(robots.models[0].model, "STK L700");
  EXPECT_EQ(robots.models[0].devices[0].device, kChanger);
}

TEST_F(SessionTest, ADriveBelongsToOneSession) {
  ASSERT_TRUE(library_.Move(1000, 500));
  auto one = NewClient();
  auto other = NewClient();
  EXPECT_EQ(one->Do(Code::kTapeClose), Error::kDeviceNotOpen);
  EXPECT_EQ(one->Ask<TapeGetStateReply>(Code::kTapeGetState, Nothing()).error,
            Error::kDeviceNotOpen);
  EXPECT_EQ(one->OpenTape("bogus"), Error::kNoDevice);
  EXPECT_EQ(one->OpenTape(kChanger), Error::kNoDevice);
  EXPECT_EQ(one->OpenTape(kDrive0, static_cast<TapeMode>(123)), Error::kIllegalArgs);
  EXPECT_EQ(one->OpenTape(kDrive0), Error::kNone);
  EXPECT_EQ(one->OpenTape(kDrive0), Error::kDeviceOpened);
  EXPECT_EQ(other->OpenTape(kDrive0), Error::kDeviceBusy);
  EXPECT_EQ(other->OpenTape(kDrive1), Error::kNoTapeLoaded);
  EXPECT_EQ(other->Do(Code::kScsiOpen, ScsiOpenRequest{kChanger}), Error::kNone);
  EXPECT_EQ(one->Do(Code::kTapeClose), Error::kNone);
  EXPECT_EQ(other->Do(Code::kScsiClose), Error::kNone);
  EXPECT_EQ(other->OpenTape(kDrive0), Error::kNone);
  EXPECT_THAT(failures_.drives(),
              testing::ElementsAre("open /oca/lib1/drive0", "busy /oca/lib1/drive0 for 127.0.0.1",
                                   "open /oca/lib1/drive0"));
}

TEST_F(SessionTest, HostsThatComeByIscsiAreKeptOutAndKeepOut) {
  ASSERT_TRUE(library_.Move(1000, 500));
  const std::string rewind("\x01\0\0\0\0\0", 6);
  const std::string ready(6, '\0');
  const std::string reserve("\x16\0\0\0\0\0", 6);
  auto client = NewClient();
  {
    std::unique_ptr<ScsiUnit> host = library_.Connect(2);
    EXPECT_TRUE(host->Execute({.cdb = ready}).ok());
    EXPECT_TRUE(host->Execute({.cdb = reserve})->good());
    EXPECT_EQ(client->OpenTape(kDrive0), Error::kDeviceBusy);
  }
  EXPECT_EQ(client->OpenTape(kDrive0), Error::kNone);
  std::unique_ptr<ScsiUnit> host = library_.Connect(2);
  EXPECT_TRUE(host->Execute({.cdb = ready}).ok());
  EXPECT_EQ(host->Execute({.cdb = rewind})->status, kScsiReservationConflict);
  EXPECT_EQ(client->Do(Code::kTapeClose), Error::kNone);
  EXPECT_TRUE(host->Execute({.cdb = ready}).ok());
  EXPECT_TRUE(host->Execute({.cdb = rewind})->good());
}

TEST_F(SessionTest, ASessionThatEndsGivesItsDriveBack) {
  ASSERT_TRUE(library_.Move(1000, 500));
  {
    auto one = NewClient();
    EXPECT_EQ(one->OpenTape(kDrive0), Error::kNone);
    EXPECT_EQ(one->Ask<TapeWriteReply>(Code::kTapeWrite, TapeWriteRequest{"x"}).count, 1u);
  }
  auto other = NewClient();
  absl::Time deadline = absl::Now() + absl::Seconds(60);
  Error error = Error::kDeviceBusy;
  while (error == Error::kDeviceBusy && absl::Now() < deadline) error = other->OpenTape(kDrive0);
  EXPECT_EQ(error, Error::kNone);
  // With the mark that was owed.
  EXPECT_EQ(other->Ask<TapeGetStateReply>(Code::kTapeGetState, Nothing()).file_num, 1u);
}

TEST_F(SessionTest, CommandsOfTheClientsOwnGoThrough) {
  auto client = NewClient();
  EXPECT_EQ(client->Ask<ExecuteCdbReply>(Code::kScsiExecuteCdb, ExecuteCdbRequest()).error,
            Error::kDeviceNotOpen);
  EXPECT_EQ(client->Do(Code::kScsiOpen, ScsiOpenRequest{kChanger}), Error::kNone);
  EXPECT_EQ(client->OpenTape(kDrive0), Error::kDeviceOpened);
  ExecuteCdbRequest inquiry{kCdbDataIn, 300'000, 96, std::string("\x12\0\0\0\x60\0", 6), ""};
  auto reply = client->Ask<ExecuteCdbReply>(Code::kScsiExecuteCdb, inquiry);
  EXPECT_EQ(reply.error, Error::kNone);
  EXPECT_EQ(reply.status, 0u);
  EXPECT_EQ(reply.data_in.substr(8, 8), "STK     ");
  ExecuteCdbRequest unknown{0, 0, 0, std::string("\x09\0\0\0\0\0", 6), ""};
  reply = client->Ask<ExecuteCdbReply>(Code::kScsiExecuteCdb, unknown);
  EXPECT_EQ(reply.error, Error::kNone);
  EXPECT_EQ(reply.status, 2u);
  EXPECT_EQ(ParseSense(reply.sense).code, 0x2000);
  ExecuteCdbRequest both{kCdbDataIn | kCdbDataOut, 0, 4, std::string(6, '\0'), "data"};
  EXPECT_EQ(client->Ask<ExecuteCdbReply>(Code::kScsiExecuteCdb, both).error, Error::kIllegalArgs);
  EXPECT_EQ(client->Do(Code::kScsiClose), Error::kNone);
  ASSERT_TRUE(library_.Move(1000, 500));
  EXPECT_EQ(client->OpenTape(kDrive0), Error::kNone);
  reply = client->Ask<ExecuteCdbReply>(Code::kTapeExecuteCdb, inquiry);
  EXPECT_EQ(reply.data_in.substr(8, 8), "IBM     ");
}

TEST_F(SessionTest, WhenTheServiceEndsClientsAreTold) {
  auto client = NewClient();
  server_.reset();
  auto status = client->WaitFor<NotifyConnectionStatus>(Code::kNotifyConnectionStatus);
  EXPECT_EQ(status.reason, ConnectionReason::kShutdown);
  EXPECT_TRUE(client->Ended());
}

}  // namespace
}  // namespace oca::ndmp
