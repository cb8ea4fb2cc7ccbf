// Replication links, their schedules and limits, through ocaconfigsvc's socket.
#include <thread>

#include "lib/api/replication.grpc.pb.h"
#include "t/integration/50_rpc_services/users_fixture.h"

namespace oca::config {
namespace {

using absl::StatusCode;
using support::StatusIs;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using ReplicationStub = mgmt::Replication::Stub;
using LinkRole = mgmt::ReplicationRole;

constexpr LinkRole kSource = mgmt::REPLICATION_ROLE_SOURCE;
constexpr LinkRole kTarget = mgmt::REPLICATION_ROLE_TARGET;
constexpr LinkRole kBoth = mgmt::REPLICATION_ROLE_UNSPECIFIED;

class ReplicationConfig : public UsersService {
 protected:
  void SetUp() override {
    UsersService::SetUp();
    if (HasFatalFailure()) return;
    Connect();
    ASSERT_OK(AddContainer("c1"));
    ASSERT_OK(AddContainer("c2"));
  }
  void Connect() {
    ASSERT_OK_AND_ASSIGN(auto channel, rpc::UnixChannel(api::ManagementSocket(home_.path())));
    replication_ = mgmt::Replication::NewStub(channel);
  }
  void StartAgain() {
    StopService();
    StartService();
    Connect();
    WaitReady();
  }

  template <typename Request, typename Response>
  absl::StatusOr<Response> Ask(grpc::Status (ReplicationStub::*method)(grpc::ClientContext*,
                                                                       const Request&, Response*),
                               const Request& request, const Metadata& metadata = {}) {
    Response answer;
    absl::Status status = CallOn(*replication_, metadata, method, request, &answer);
    if (!status.ok()) return status;
    return answer;
  }
  absl::StatusOr<mgmt::ReplicationLink> AddLink(const std::string& container, LinkRole role,
                                                const std::string& peer,
                                                const Metadata& metadata = {}) {
    mgmt::AddReplicationLinkRequest request;
    request.set_name(container);
    request.set_role(role);
    request.set_peer(peer);
    return Ask(&ReplicationStub::AddReplicationLink, request, metadata);
  }
  static mgmt::UpdateReplicationLinkRequest ChangeOf(const std::string& container, LinkRole role,
                                                     uint64_t revision = 0) {
    mgmt::UpdateReplicationLinkRequest request;
    request.set_name(container);
    request.set_role(role);
    request.set_revision(revision);
    return request;
  }
  absl::Status StopLink(const std::string& container, LinkRole role) {
    mgmt::UpdateReplicationLinkRequest request = ChangeOf(container, role);
    request.set_enabled(false);
    return Ask(&ReplicationStub::UpdateReplicationLink, request).status();
  }
  absl::Status DeleteLink(const std::string& container, LinkRole role) {
    mgmt::DeleteReplicationLinkRequest request;
    request.set_name(container);
    request.set_role(role);
    return Ask(&ReplicationStub::DeleteReplicationLink, request).status();
  }
  std::vector<mgmt::ReplicationLink> Links(const std::string& container = "",
                                           LinkRole role = kBoth) {
    mgmt::ListReplicationLinksRequest request;
    request.set_name(container);
    request.set_role(role);
    auto list = Ask(&ReplicationStub::ListReplicationLinks, request);
    EXPECT_OK(list.status());
    if (!list.ok()) return {};
    return {list->links().begin(), list->links().end()};
  }
  // "c1 source oca2/c1", of all.
  std::vector<std::string> Lines(const std::string& container = "", LinkRole role = kBoth) {
    std::vector<std::string> lines;
    for (const auto& link : Links(container, role)) {
      lines.push_back(fmt::format("{} {} {}/{}", link.name(),
                                  link.role() == kSource ? "source" : "target", link.peer(),
                                  link.peer_name()));
    }
    return lines;
  }
  absl::StatusOr<mgmt::ReplicationLimit> Limit(const std::string& peer, uint64_t speed,
                                               uint64_t revision = 0) {
    mgmt::SetReplicationLimitRequest request;
    request.set_name(peer);
    request.set_kib_per_second(speed);
    request.set_revision(revision);
    return Ask(&ReplicationStub::SetReplicationLimit, request);
  }
  absl::StatusOr<mgmt::ReplicationSchedule> Window(const std::string& container,
                                                   fs::v1::Weekday day, uint32_t start,
                                                   uint32_t stop, uint64_t revision = 0,
                                                   const Metadata& metadata = {}) {
    mgmt::SetReplicationWindowRequest request;
    request.set_name(container);
    request.mutable_window()->set_day(day);
    request.mutable_window()->set_start_minute(start);
    request.mutable_window()->set_stop_minute(stop);
    request.set_revision(revision);
    return Ask(&ReplicationStub::SetReplicationWindow, request, metadata);
  }
  absl::Status SetRetention(const std::string& container, fs::v1::RetentionMode mode) {
    mgmt::SetRetentionRequest request;
    request.set_name(container);
    request.set_mode(mode);
    fs::v1::Retention retention;
    return Call(&Management::Stub::SetRetention, request, &retention);
  }

  std::unique_ptr<ReplicationStub> replication_;
};

TEST_F(ReplicationConfig, LinksAreMadeListedChangedAndDeleted) {
  ASSERT_OK_AND_ASSIGN(mgmt::ReplicationLink made, AddLink("c1", kSource, "OCA2.example."));
  EXPECT_EQ(made.peer(), "oca2.example");
  EXPECT_EQ(made.peer_name(), "c1");
  EXPECT_EQ(made.encryption(), mgmt::REPLICATION_ENCRYPTION_AES256);
  EXPECT_TRUE(made.enabled());
  EXPECT_EQ(made.state(), mgmt::REPLICATION_STATE_NOT_SERVED);
  EXPECT_TRUE(made.has_created());
  EXPECT_GT(made.revision(), 0u);
  ASSERT_OK(AddLink("c1", kTarget, "192.0.2.7"));
  ASSERT_OK(AddLink("c2", kSource, "2001:db8::7"));
  EXPECT_THAT(Lines(), ElementsAre("c1 source oca2.example/c1", "c1 target 192.0.2.7/c1",
                                   "c2 source 2001:db8::7/c2"));
  EXPECT_THAT(Lines("c1"), ElementsAre("c1 source oca2.example/c1", "c1 target 192.0.2.7/c1"));
  EXPECT_THAT(Lines("", kTarget), ElementsAre("c1 target 192.0.2.7/c1"));
  mgmt::UpdateReplicationLinkRequest change = ChangeOf("c1", kSource, made.revision());
  change.set_peer("oca3.example");
  change.set_replication_traffic("192.0.2.30");
  change.set_encryption(mgmt::REPLICATION_ENCRYPTION_NONE);
  change.set_username("eve");
  change.set_enabled(false);
  ASSERT_OK_AND_ASSIGN(mgmt::ReplicationLink changed,
                       Ask(&ReplicationStub::UpdateReplicationLink, change));
  EXPECT_GT(changed.revision(), made.revision());
  EXPECT_EQ(changed.peer(), "oca3.example");
  EXPECT_EQ(changed.replication_traffic(), "192.0.2.30");
  EXPECT_EQ(changed.encryption(), mgmt::REPLICATION_ENCRYPTION_NONE);
  EXPECT_EQ(changed.username(), "eve");
  EXPECT_EQ(changed.state(), mgmt::REPLICATION_STATE_STOPPED);
  EXPECT_EQ(changed.created().seconds(), made.created().seconds());
  ASSERT_OK(DeleteLink("c1", kSource));
  EXPECT_THAT(DeleteLink("c1", kSource), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Lines("c1"), ElementsAre("c1 target 192.0.2.7/c1"));
}

TEST_F(ReplicationConfig, ChangesAreOnRecordWithWhatWasThereBefore) {
  ASSERT_OK(AddLink("c1", kSource, "oca2"));
  ASSERT_OK(StopLink("c1", kSource));
  ASSERT_OK(Window("c1", fs::v1::WEEKDAY_MONDAY, 60, 120));
  ASSERT_OK(Limit("oca2", 512));
  ASSERT_OK(DeleteLink("c1", kSource));
  std::vector<mgmt::AuditEntry> audit = Audit("UpdateReplicationLink");
  ASSERT_EQ(audit.size(), 1u);
  EXPECT_EQ(audit[0].target(), "c1");
  EXPECT_THAT(audit[0].before(), HasSubstr("\"enabled\":true"));
  EXPECT_THAT(audit[0].after(), HasSubstr("REPLICATION_STATE_STOPPED"));
  EXPECT_THAT(Audit("AddReplicationLink")[0].after(), HasSubstr("\"oca2\""));
  EXPECT_THAT(Audit("SetReplicationWindow")[0].after(), HasSubstr("WEEKDAY_MONDAY"));
  EXPECT_EQ(Audit("SetReplicationLimit")[0].target(), "oca2");
  EXPECT_THAT(Audit("DeleteReplicationLink")[0].before(), HasSubstr("\"oca2\""));
}

TEST_F(ReplicationConfig, WhatBreaksARuleIsRefused) {
  EXPECT_THAT(AddLink("", kSource, "oca2"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(AddLink("nosuch", kSource, "oca2"), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(AddLink("c1", kBoth, "oca2"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(AddLink("c1", kSource, "localhost"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Lines(), IsEmpty());
  ASSERT_OK(AddLink("c1", kSource, "oca2"));
  absl::Status again = AddLink("c1", kSource, "oca3").status();
  EXPECT_THAT(again, StatusIs(StatusCode::kAlreadyExists));
  EXPECT_THAT(Text(again), HasSubstr("oca2"));
  // There and back again, whether it is made or changed to be so.
  EXPECT_THAT(Text(AddLink("c1", kTarget, "OCA2").status()), HasSubstr("loop"));
  ASSERT_OK(AddLink("c1", kTarget, "oca3"));
  mgmt::UpdateReplicationLinkRequest change = ChangeOf("c1", kTarget);
  change.set_peer("oca2");
  EXPECT_THAT(Text(Ask(&ReplicationStub::UpdateReplicationLink, change).status()),
              HasSubstr("loop"));
  EXPECT_THAT(Lines(), ElementsAre("c1 source oca2/c1", "c1 target oca3/c1"));
  EXPECT_THAT(Ask(&ReplicationStub::UpdateReplicationLink, ChangeOf("c2", kTarget)),
              StatusIs(StatusCode::kNotFound));
  mgmt::ListReplicationLinksRequest list;
  list.set_name("nosuch");
  EXPECT_THAT(Ask(&ReplicationStub::ListReplicationLinks, list), StatusIs(StatusCode::kNotFound));
}

TEST_F(ReplicationConfig, ALinkThatIsStartedIsNotDeleted) {
  ASSERT_OK(AddLink("c1", kSource, "oca2"));
  absl::Status started = DeleteLink("c1", kSource);
  EXPECT_THAT(started, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Text(started), HasSubstr("oca replication --stop --name c1 --role source"));
  ASSERT_OK(StopLink("c1", kSource));
  EXPECT_OK(DeleteLink("c1", kSource));
}

TEST_F(ReplicationConfig, SecondOfTwoWhoChangeTheSameIsToldSo) {
  ASSERT_OK_AND_ASSIGN(mgmt::ReplicationLink made, AddLink("c1", kSource, "oca2"));
  ASSERT_OK(Window("c1", fs::v1::WEEKDAY_MONDAY, 60, 120, made.revision()));
  EXPECT_THAT(Window("c1", fs::v1::WEEKDAY_FRIDAY, 60, 120, made.revision()),
              StatusIs(StatusCode::kAborted));
  mgmt::UpdateReplicationLinkRequest change = ChangeOf("c1", kSource, made.revision());
  change.set_peer("oca3");
  EXPECT_THAT(Ask(&ReplicationStub::UpdateReplicationLink, change), StatusIs(StatusCode::kAborted));
  EXPECT_THAT(Lines(), ElementsAre("c1 source oca2/c1"));
  // One that was made anew is another one.
  ASSERT_OK(StopLink("c1", kSource));
  ASSERT_OK(DeleteLink("c1", kSource));
  ASSERT_OK(AddLink("c1", kSource, "oca2"));
  EXPECT_THAT(Ask(&ReplicationStub::UpdateReplicationLink, change), StatusIs(StatusCode::kAborted));
  EXPECT_EQ(Links()[0].windows_size(), 0);
}

TEST_F(ReplicationConfig, WindowsAreThoseOfASource) {
  ASSERT_OK(AddLink("c1", kSource, "oca2"));
  ASSERT_OK(AddLink("c2", kTarget, "oca2"));
  ASSERT_OK_AND_ASSIGN(mgmt::ReplicationSchedule schedule,
                       Window("c1", fs::v1::WEEKDAY_UNSPECIFIED, 60, 120));
  EXPECT_EQ(schedule.windows_size(), 7);
  ASSERT_OK_AND_ASSIGN(schedule, Window("c1", fs::v1::WEEKDAY_SUNDAY, 0, 0));
  EXPECT_EQ(schedule.windows_size(), 6);
  EXPECT_EQ(Links("c1")[0].windows_size(), 6);
  EXPECT_EQ(Links("c1")[0].revision(), schedule.revision());
  EXPECT_THAT(Window("c1", fs::v1::WEEKDAY_SUNDAY, 120, 60),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Window("c2", fs::v1::WEEKDAY_SUNDAY, 60, 120), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Window("nosuch", fs::v1::WEEKDAY_SUNDAY, 60, 120), StatusIs(StatusCode::kNotFound));
  mgmt::GetReplicationScheduleRequest get;
  ASSERT_OK_AND_ASSIGN(auto all, Ask(&ReplicationStub::GetReplicationSchedule, get));
  ASSERT_EQ(all.schedules_size(), 1);
  EXPECT_EQ(all.schedules(0).name(), "c1");
  get.set_name("c2");
  EXPECT_THAT(Ask(&ReplicationStub::GetReplicationSchedule, get), StatusIs(StatusCode::kNotFound));
  // What it was stays when other things of the link change.
  ASSERT_OK(StopLink("c1", kSource));
  EXPECT_EQ(Links("c1")[0].windows_size(), 6);
}

TEST_F(ReplicationConfig, LimitsAreOfPeers) {
  ASSERT_OK(AddLink("c1", kSource, "oca2"));
  ASSERT_OK(AddLink("c2", kTarget, "oca2"));
  ASSERT_OK_AND_ASSIGN(mgmt::ReplicationLimit limit, Limit("OCA2", 512));
  EXPECT_EQ(limit.peer(), "oca2");
  EXPECT_EQ(limit.links(), 1u);
  ASSERT_OK(Limit("192.0.2.7", 192));
  EXPECT_THAT(Limit("oca2", 191), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Limit("::1", 512), StatusIs(StatusCode::kInvalidArgument));
  ASSERT_OK(Limit("oca2", 1024, limit.revision()));
  EXPECT_THAT(Limit("oca2", 2048, limit.revision()), StatusIs(StatusCode::kAborted));
  ASSERT_OK_AND_ASSIGN(auto list, Ask(&ReplicationStub::ListReplicationLimits,
                                      mgmt::ListReplicationLimitsRequest()));
  ASSERT_EQ(list.limits_size(), 2);
  EXPECT_EQ(list.limits(0).peer(), "192.0.2.7");
  EXPECT_EQ(list.limits(1).kib_per_second(), 1024u);
  ASSERT_OK_AND_ASSIGN(limit, Limit("oca2", 0));
  EXPECT_EQ(limit.kib_per_second(), 0u);
  EXPECT_EQ(limit.revision(), 0u);
  EXPECT_THAT(Limit("oca2", 512, list.limits(1).revision()), StatusIs(StatusCode::kAborted));
}

TEST_F(ReplicationConfig, AContainerWithLinksStays) {
  ASSERT_OK(AddLink("c1", kSource, "oca2"));
  absl::Status linked = DeleteContainer("c1", true);
  EXPECT_THAT(linked, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Text(linked), AllOf(HasSubstr("oca2"), HasSubstr("--delete --name c1")));
  EXPECT_EQ(Sql("SELECT state FROM oca_config.container WHERE name = 'c1'"), "ready");
  EXPECT_THAT(Names(), ElementsAre("c1", "c2"));
  ASSERT_OK(StopLink("c1", kSource));
  ASSERT_OK(DeleteLink("c1", kSource));
  EXPECT_OK(DeleteContainer("c1"));
}

TEST_F(ReplicationConfig, WhatLocksFilesIsNoTarget) {
  ASSERT_OK(SetRetention("c1", fs::v1::RETENTION_MODE_GOVERNANCE));
  EXPECT_THAT(AddLink("c1", kTarget, "oca2"), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_OK(AddLink("c1", kSource, "oca2"));
  ASSERT_OK(AddLink("c2", kTarget, "oca2"));
  absl::Status target = SetRetention("c2", fs::v1::RETENTION_MODE_COMPLIANCE);
  EXPECT_THAT(target, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Text(target), HasSubstr("oca2"));
  EXPECT_OK(SetRetention("c2", fs::v1::RETENTION_MODE_NONE));
  ASSERT_OK(StopLink("c2", kTarget));
  ASSERT_OK(DeleteLink("c2", kTarget));
  EXPECT_OK(SetRetention("c2", fs::v1::RETENTION_MODE_COMPLIANCE));
}

TEST_F(ReplicationConfig, ATapeLibraryIsNotReplicated) {
  mgmt::AddContainerRequest request;
  request.set_name("lib1");
  request.set_type(mgmt::CONTAINER_TYPE_VTL);
  mgmt::Container made;
  ASSERT_OK(Call(&Management::Stub::AddContainer, request, &made));
  absl::Status library = AddLink("lib1", kSource, "oca2").status();
  EXPECT_THAT(library, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Text(library), HasSubstr("tape library"));
}

TEST_F(ReplicationConfig, RolesSayWhoMay) {
  ASSERT_OK(AddUser("mon", {mgmt::ROLE_MONITOR}));
  ASSERT_OK(AddLink("c1", kSource, "oca2"));
  EXPECT_THAT(AddLink("c2", kSource, "oca2", As("mon")), StatusIs(StatusCode::kPermissionDenied));
  EXPECT_THAT(Window("c1", fs::v1::WEEKDAY_SUNDAY, 60, 120, 0, As("mon")),
              StatusIs(StatusCode::kPermissionDenied));
  EXPECT_OK(
      Ask(&ReplicationStub::ListReplicationLinks, mgmt::ListReplicationLinksRequest(), As("mon"))
          .status());
  EXPECT_EQ(Audit("AddReplicationLink")[0].outcome(), mgmt::OUTCOME_DENIED);
}

TEST_F(ReplicationConfig, AStartAnewFindsEverything) {
  ASSERT_OK(AddLink("c1", kSource, "oca2"));
  ASSERT_OK(StopLink("c1", kSource));
  ASSERT_OK(Window("c1", fs::v1::WEEKDAY_SUNDAY, 60, 120));
  ASSERT_OK(Limit("oca2", 512));
  const std::string before = Links()[0].SerializeAsString();
  StartAgain();
  ASSERT_EQ(Links().size(), 1u);
  EXPECT_EQ(Links()[0].SerializeAsString(), before);
  EXPECT_EQ(Sql("SELECT kib_per_second FROM oca_config.replication_limit"), "512");
}

TEST_F(ReplicationConfig, OfManyAtOnceOneMakesTheLink) {
  std::vector<absl::Status> outcomes(8);
  std::vector<std::thread> threads;
  for (absl::Status& outcome : outcomes) {
    threads.emplace_back([&] { outcome = AddLink("c1", kSource, "oca2").status(); });
  }
  for (std::thread& thread : threads) thread.join();
  int made = 0;
  for (const absl::Status& outcome : outcomes) {
    if (outcome.ok()) {
      ++made;
    } else {
      EXPECT_THAT(outcome, StatusIs(StatusCode::kAlreadyExists));
    }
  }
  EXPECT_EQ(made, 1);
}

TEST_F(ReplicationConfig, AContainerIsLinkedOrDeletedNotBoth) {
  for (int round = 0; round < 10; ++round) {
    ASSERT_OK(AddContainer("r"));
    absl::Status linked;
    std::thread other([&] { linked = AddLink("r", kSource, "oca2").status(); });
    const absl::Status deleted = DeleteContainer("r");
    other.join();
    EXPECT_NE(linked.ok(), deleted.ok()) << linked << " " << deleted;
    if (!linked.ok()) continue;
    EXPECT_THAT(Lines("r"), ElementsAre("r source oca2/r"));
    ASSERT_OK(StopLink("r", kSource));
    ASSERT_OK(DeleteLink("r", kSource));
    ASSERT_OK(DeleteContainer("r"));
  }
}

// A target is not made without a look at what the container locks.
TEST_F(ReplicationConfig, WithoutOcafsdThereIsNoNewTarget) {
  StopFilesystem();
  EXPECT_THAT(AddLink("c1", kTarget, "oca2"), StatusIs(StatusCode::kUnavailable));
  EXPECT_OK(AddLink("c1", kSource, "oca2"));
  EXPECT_THAT(Lines(), ElementsAre("c1 source oca2/c1"));
}

}  // namespace
}  // namespace oca::config
