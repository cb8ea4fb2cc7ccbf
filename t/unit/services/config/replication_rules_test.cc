#include "services/config/replication_rules.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using absl::StatusCode;
using support::StatusIs;
using testing::HasSubstr;

constexpr auto kSource = mgmt::REPLICATION_ROLE_SOURCE;
constexpr auto kTarget = mgmt::REPLICATION_ROLE_TARGET;

std::string WhyNoLink(const absl::Status& status) { return std::string(MessageOf(status)); }

std::string HostKept(const std::string& text) {
  absl::StatusOr<std::string> host = NormalHost("the peer", text);
  return host.ok() ? *host : WhyNoLink(host.status());
}

mgmt::AddReplicationLinkRequest LinkRequest() {
  mgmt::AddReplicationLinkRequest request;
  request.set_name("c1");
  request.set_role(kSource);
  request.set_peer("oca2.example.com");
  return request;
}

ReplicationLink MadeLink(ReplicationRole role, const std::string& peer,
                         const std::string& peer_name) {
  ReplicationLink link;
  link.set_name("c1");
  link.set_role(role);
  link.set_peer(peer);
  link.set_peer_name(peer_name);
  return link;
}

fs::v1::CleanerWindow WindowOn(fs::v1::Weekday day, uint32_t start, uint32_t stop) {
  fs::v1::CleanerWindow window;
  window.set_day(day);
  window.set_start_minute(start);
  window.set_stop_minute(stop);
  return window;
}

TEST(ReplicationRules, HostsAreKeptInOneSpelling) {
  EXPECT_EQ(HostKept("OCA2.Example.COM."), "oca2.example.com");
  EXPECT_EQ(HostKept("nas-7"), "nas-7");
  EXPECT_EQ(HostKept("3com.example"), "3com.example");
  EXPECT_EQ(HostKept("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(HostKept("2001:DB8:0:0::7"), "2001:db8::7");
  EXPECT_EQ(HostKept("::ffff:192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(HostKept("localhost.example.com"), "localhost.example.com");
}

TEST(ReplicationRules, WhatIsNoHostIsRefused) {
  const std::string long_label(64, 'a');
  for (const std::string& text :
       {std::string(" "), std::string("a b"), std::string("a_b"), std::string("-a"),
        std::string("a-"), std::string("a..b"), std::string(".a"), std::string("a/b"),
        std::string("a:22"), std::string("192.0.2"), std::string("192.0.2.256"),
        std::string("[2001:db8::7]"), std::string("fe80::1%eth0"), std::string("."),
        std::string("a\0b", 3), std::string("b\xc3\xbc"), long_label, std::string(300, 'a')}) {
    EXPECT_THAT(NormalHost("the peer", text), StatusIs(StatusCode::kInvalidArgument)) << text;
  }
  EXPECT_THAT(HostKept("a b"), AllOf(HasSubstr("the peer 'a b'"), HasSubstr("192.0.2.7")));
  EXPECT_THAT(HostKept(""), HasSubstr("the peer is missing"));
}

TEST(ReplicationRules, ThisMachineAndManyMachinesAreNoPeer) {
  for (const char* text :
       {"localhost", "LOCALHOST.", "x.localhost", "localhost.localdomain", "ip6-localhost",
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1"}) {
    EXPECT_THAT(HostKept(text), HasSubstr("is this machine itself")) << text;
  }
  for (const char* text : {"224.0.0.1", "255.255.255.255", "ff02::1"}) {
    EXPECT_THAT(HostKept(text), HasSubstr("no address of one machine")) << text;
  }
}

TEST(ReplicationRules, ANewLinkHasDefaults) {
  ASSERT_OK_AND_ASSIGN(ReplicationLink link, NewReplicationLink(LinkRequest()));
  EXPECT_EQ(link.peer_name(), "c1");
  EXPECT_EQ(link.peer_group_name(), "");
  EXPECT_EQ(link.replication_traffic(), "");
  EXPECT_EQ(link.encryption(), mgmt::REPLICATION_ENCRYPTION_AES256);
  EXPECT_EQ(link.username(), "");
  EXPECT_TRUE(link.enabled());
}

TEST(ReplicationRules, EachFieldOfALinkIsChecked) {
  using Request = mgmt::AddReplicationLinkRequest;
  const std::pair<const char*, void (*)(Request*)> kFaults[] = {
      {"role", [](Request* r) { r->clear_role(); }},
      {"role", [](Request* r) { r->set_role(static_cast<ReplicationRole>(7)); }},
      {"the peer is missing", [](Request* r) { r->clear_peer(); }},
      {"cannot name a container", [](Request* r) { r->set_peer_name("a/b"); }},
      {"cannot name a storage group", [](Request* r) { r->set_peer_group_name(".g"); }},
      {"for replication traffic", [](Request* r) { r->set_replication_traffic("::1"); }},
      {"encryption 9",
       [](Request* r) { r->set_encryption(static_cast<mgmt::ReplicationEncryption>(9)); }},
      {"cannot name a user", [](Request* r) { r->set_username("eve@there"); }},
  };
  for (const auto& [text, spoil] : kFaults) {
    Request request = LinkRequest();
    spoil(&request);
    absl::Status status = NewReplicationLink(request).status();
    EXPECT_THAT(status, StatusIs(StatusCode::kInvalidArgument)) << text;
    EXPECT_THAT(WhyNoLink(status), HasSubstr(text));
  }
}

TEST(ReplicationRules, AChangeLeavesWhatItDoesNotName) {
  ASSERT_OK_AND_ASSIGN(ReplicationLink link, NewReplicationLink(LinkRequest()));
  mgmt::UpdateReplicationLinkRequest request;
  ASSERT_OK_AND_ASSIGN(ReplicationLink same, ChangedReplicationLink(link, request));
  EXPECT_EQ(same.SerializeAsString(), link.SerializeAsString());
  request.set_peer("OCA3");
  request.set_replication_traffic("192.0.2.7");
  request.set_encryption(mgmt::REPLICATION_ENCRYPTION_NONE);
  request.set_username("eve");
  request.set_enabled(false);
  ASSERT_OK_AND_ASSIGN(link, ChangedReplicationLink(link, request));
  EXPECT_EQ(link.peer(), "oca3");
  EXPECT_EQ(link.replication_traffic(), "192.0.2.7");
  EXPECT_EQ(link.encryption(), mgmt::REPLICATION_ENCRYPTION_NONE);
  EXPECT_EQ(link.username(), "eve");
  EXPECT_FALSE(link.enabled());
  request.Clear();
  request.set_replication_traffic("");
  request.set_username("");
  ASSERT_OK_AND_ASSIGN(link, ChangedReplicationLink(link, request));
  EXPECT_EQ(link.replication_traffic() + link.username(), "");
  request.set_peer("127.0.0.1");
  EXPECT_THAT(ChangedReplicationLink(link, request), StatusIs(StatusCode::kInvalidArgument));
}

TEST(ReplicationRules, ACascadeIsNoLoop) {
  const std::vector<ReplicationLink> links = {MadeLink(kTarget, "a", "c1")};
  EXPECT_OK(CheckNoReplicationLoop(MadeLink(kSource, "b", "c1"), links));
  EXPECT_OK(CheckNoReplicationLoop(MadeLink(kSource, "a", "c2"), links));
  EXPECT_OK(CheckNoReplicationLoop(MadeLink(kTarget, "a", "c1"), links));
  absl::Status loop = CheckNoReplicationLoop(MadeLink(kSource, "a", "c1"), links);
  EXPECT_THAT(loop, StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(WhyNoLink(loop), HasSubstr("loop"));
}

TEST(ReplicationRules, NotEachContainerIsReplicable) {
  ContainerRow container;
  container.name = "c1";
  EXPECT_THAT(CheckReplicable(container), StatusIs(StatusCode::kFailedPrecondition));
  container.state = mgmt::STATE_READY;
  EXPECT_OK(CheckReplicable(container));
  container.type = mgmt::CONTAINER_TYPE_VTL;
  EXPECT_THAT(WhyNoLink(CheckReplicable(container)), HasSubstr("tape library"));
  EXPECT_OK(CheckReplicationTarget("c1", fs::v1::RETENTION_MODE_UNSPECIFIED));
  EXPECT_OK(CheckReplicationTarget("c1", fs::v1::RETENTION_MODE_NONE));
  for (auto mode : {fs::v1::RETENTION_MODE_GOVERNANCE, fs::v1::RETENTION_MODE_COMPLIANCE}) {
    EXPECT_THAT(CheckReplicationTarget("c1", mode), StatusIs(StatusCode::kFailedPrecondition));
  }
}

TEST(ReplicationRules, ADayHasOneWindow) {
  ReplicationLink link;
  ASSERT_OK(SetWindowOf(&link, WindowOn(fs::v1::WEEKDAY_SUNDAY, 0, 1440)));
  ASSERT_OK(SetWindowOf(&link, WindowOn(fs::v1::WEEKDAY_MONDAY, 60, 120)));
  ASSERT_OK(SetWindowOf(&link, WindowOn(fs::v1::WEEKDAY_SUNDAY, 30, 60)));
  ASSERT_EQ(link.windows_size(), 2);
  EXPECT_EQ(link.windows(0).day(), fs::v1::WEEKDAY_MONDAY);
  EXPECT_EQ(link.windows(1).start_minute(), 30u);
  ASSERT_OK(SetWindowOf(&link, WindowOn(fs::v1::WEEKDAY_MONDAY, 0, 0)));
  EXPECT_EQ(link.windows_size(), 1);
  ASSERT_OK(SetWindowOf(&link, WindowOn(fs::v1::WEEKDAY_UNSPECIFIED, 1, 2)));
  ASSERT_EQ(link.windows_size(), 7);
  EXPECT_EQ(link.windows(6).day(), fs::v1::WEEKDAY_SUNDAY);
  ASSERT_OK(SetWindowOf(&link, WindowOn(fs::v1::WEEKDAY_UNSPECIFIED, 0, 0)));
  EXPECT_EQ(link.windows_size(), 0);
  for (const auto& window :
       {WindowOn(fs::v1::WEEKDAY_MONDAY, 60, 60), WindowOn(fs::v1::WEEKDAY_MONDAY, 60, 30),
        WindowOn(fs::v1::WEEKDAY_MONDAY, 60, 1441),
        WindowOn(static_cast<fs::v1::Weekday>(8), 0, 60)}) {
    EXPECT_THAT(SetWindowOf(&link, window), StatusIs(StatusCode::kInvalidArgument));
  }
}

TEST(ReplicationRules, LimitsHaveAFloor) {
  for (uint64_t speed : {0ull, 192ull, (1ull << 32) - 1}) EXPECT_OK(CheckReplicationLimit(speed));
  for (uint64_t speed : {1ull, 191ull, 1ull << 32}) {
    EXPECT_THAT(CheckReplicationLimit(speed), StatusIs(StatusCode::kInvalidArgument));
  }
}

}  // namespace
}  // namespace oca::config
