// Tape libraries and their connections through ocaconfigsvc's socket: what stands in PostgreSQL,
// what ocavtl is told, and what is refused.
#include <string>
#include <vector>

#include "lib/api/tape_libraries.grpc.pb.h"
#include "t/integration/50_rpc_services/config_service.h"

namespace oca::config {
namespace {

using absl::StatusCode;
using mgmt::TapeLibraries;
using support::StatusIs;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

constexpr char kHost[] = "iqn.2026-11.com.example:host";

class TapeLibrariesService : public ConfigService {
 protected:
  void SetUp() override {
    ConfigService::SetUp();
    auto channel = rpc::UnixChannel(api::ManagementSocket(home_.path()));
    ASSERT_OK(channel.status());
    libraries_ = TapeLibraries::NewStub(*channel);
  }

  template <typename Request, typename Response>
  absl::Status Ask(grpc::Status (TapeLibraries::Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Response*),
                   const Request& request, Response* response) {
    grpc::ClientContext context;
    rpc::SetTimeout(&context, absl::Seconds(60));
    return rpc::FromGrpc((libraries_.get()->*method)(&context, request, response));
  }

  absl::Status AddLibrary(const std::string& name, uint64_t tape_size = 10'000'000'000) {
    mgmt::AddContainerRequest request;
    request.set_name(name);
    request.set_type(mgmt::CONTAINER_TYPE_VTL);
    request.mutable_library()->set_drives(2);
    request.mutable_library()->set_tape_size_bytes(tape_size);
    mgmt::Container made;
    return Call(&Management::Stub::AddContainer, request, &made);
  }
  void AddUser(const std::string& name, const std::string& password,
               mgmt::Role role = mgmt::ROLE_ISCSI) {
    mgmt::AddUserRequest request;
    request.set_name(name);
    request.add_roles(role);
    request.set_password(password);
    mgmt::UserWithPassword made;
    grpc::ClientContext context;
    ASSERT_OK(rpc::FromGrpc(users_->AddUser(&context, request, &made)));
  }
  static mgmt::AddConnectionRequest Connect(const std::string& library) {
    mgmt::AddConnectionRequest request;
    request.set_name(library);
    request.set_type(mgmt::CONNECTION_TYPE_ISCSI);
    request.add_initiators(kHost);
    request.set_chap_user("backup");
    return request;
  }
  absl::Status AddConnection(const mgmt::AddConnectionRequest& request) {
    mgmt::Connection made;
    return Ask(&TapeLibraries::Stub::AddConnection, request, &made);
  }
  // The only library that ocavtl was told of last; one without a name when there is none.
  vtl::v1::Library Told() {
    absl::MutexLock lock(&vtl_.mu);
    return vtl_.told.libraries_size() == 1 ? vtl_.told.libraries(0) : vtl::v1::Library();
  }
  void FailFrom(const std::string& error) {
    absl::MutexLock lock(&vtl_.mu);
    vtl_.error = error;
  }

  std::unique_ptr<TapeLibraries::Stub> libraries_;
};

TEST_F(TapeLibrariesService, ALibraryIsMadeOnceAndTold) {
  ASSERT_OK(AddLibrary("lib_1"));
  ASSERT_OK_AND_ASSIGN(mgmt::ListContainersResponse list, Containers("lib_1"));
  EXPECT_EQ(list.containers(0).type(), mgmt::CONTAINER_TYPE_VTL);
  mgmt::TapeLibrary changed;
  mgmt::UpdateTapeLibraryRequest update;
  update.set_name("lib_1");
  update.set_drives(3);
  ASSERT_OK(Ask(&TapeLibraries::Stub::UpdateTapeLibrary, update, &changed));
  EXPECT_EQ(changed.revision(), 2u);
  vtl::v1::Library told = Told();
  EXPECT_EQ(told.name(), "lib_1");
  EXPECT_EQ(told.id(), list.containers(0).id());
  EXPECT_EQ(told.folder(), "/mnt/lib_1/library");
  EXPECT_THAT(told.serial(), MatchesRegex("[A-Z0-9]{6}"));
  EXPECT_THAT(told.target(), MatchesRegex("iqn\\.2026-11\\.local\\.oca:lib-1\\.[a-z0-9]{6}"));
  EXPECT_EQ(told.spec().drives(), 3u);
  EXPECT_EQ(told.spec().slots(), 60u);
  EXPECT_EQ(told.spec().tapes(), 60u);
  EXPECT_EQ(told.spec().tape_size_bytes(), 10'000'000'000u);
  EXPECT_FALSE(told.make());
  EXPECT_FALSE(told.has_hosts());
  EXPECT_EQ(Sql("SELECT made || ' ' || drives FROM oca_config.tape_library"), "true 3");
  update.set_revision(1);
  EXPECT_THAT(Ask(&TapeLibraries::Stub::UpdateTapeLibrary, update, &changed),
              StatusIs(StatusCode::kAborted));
}

TEST_F(TapeLibrariesService, TwoLibrariesHaveTwoPortals) {
  ASSERT_OK(AddLibrary("a"));
  ASSERT_OK(AddLibrary("b"));
  EXPECT_EQ(Sql("SELECT count(DISTINCT portal) FROM oca_config.tape_library"), "2");
  EXPECT_EQ(Sql("SELECT count(DISTINCT serial) FROM oca_config.tape_library"), "2");
}

TEST_F(TapeLibrariesService, ALibraryThatCannotBeServedLeavesNothing) {
  FailFrom("the disk is on fire");
  absl::Status failed = AddLibrary("lib1");
  EXPECT_THAT(failed, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Text(failed), HasSubstr("the disk is on fire"));
  EXPECT_THAT(Names(), ElementsAre());
  EXPECT_EQ(Sql("SELECT count(*) FROM oca_config.tape_library"), "0");
  EXPECT_EQ(Told().name(), "");
  EXPECT_THAT(AddLibrary("lib1", 1000), StatusIs(StatusCode::kInvalidArgument));
  FailFrom("");
  EXPECT_OK(AddLibrary("lib1"));
}

TEST_F(TapeLibrariesService, WithoutOcavtlNothingIsChanged) {
  vtl_server_->Stop(absl::ZeroDuration());
  vtl_server_.reset();
  absl::Status failed = AddLibrary("lib1");
  EXPECT_THAT(failed, StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(Text(failed), AllOf(HasSubstr("ocavtl"), HasSubstr("oca-appliance start")));
  EXPECT_EQ(Sql("SELECT count(*) FROM oca_config.container"), "0");
  EXPECT_OK(AddContainer("plain"));
}

TEST_F(TapeLibrariesService, HostsAreLetInByAUsersPassword) {
  ASSERT_OK(AddLibrary("lib1"));
  AddUser("backup", "backup-secret");
  mgmt::AddConnectionRequest request = Connect("lib1");
  request.set_target_user("tape");
  request.set_target_password("target-secret");
  ASSERT_OK(AddConnection(request));
  vtl::v1::HostAccess hosts = Told().hosts();
  EXPECT_THAT(hosts.initiators(), ElementsAre(kHost));
  EXPECT_EQ(hosts.user(), "backup");
  EXPECT_EQ(hosts.password(), "backup-secret");
  EXPECT_EQ(hosts.target_user(), "tape");
  EXPECT_EQ(hosts.target_password(), "target-secret");
  EXPECT_THAT(AddConnection(request), StatusIs(StatusCode::kAlreadyExists));
  // Nothing of it is readable in the database.
  EXPECT_THAT(Sql("SELECT string_agg(c::text, '') FROM oca_config.iscsi_connection c"),
              Not(HasSubstr("target-secret")));
  EXPECT_THAT(Sql("SELECT string_agg(a::text, '') FROM oca_config.audit a"),
              AllOf(HasSubstr("AddConnection"), Not(HasSubstr("target-secret"))));

  mgmt::UpdateConnectionRequest off;
  off.set_name("lib1");
  off.set_enabled(false);
  mgmt::Connection changed;
  ASSERT_OK(Ask(&TapeLibraries::Stub::UpdateConnection, off, &changed));
  EXPECT_FALSE(changed.enabled());
  EXPECT_FALSE(Told().has_hosts());
  off.set_enabled(true);
  ASSERT_OK(Ask(&TapeLibraries::Stub::UpdateConnection, off, &changed));
  EXPECT_TRUE(Told().has_hosts());
  mgmt::DeleteConnectionRequest gone;
  gone.set_name("lib1");
  mgmt::DeleteConnectionResponse answer;
  ASSERT_OK(Ask(&TapeLibraries::Stub::DeleteConnection, gone, &answer));
  EXPECT_FALSE(Told().has_hosts());
}

TEST_F(TapeLibrariesService, AUserWhoMayNoLongerLetsNobodyIn) {
  ASSERT_OK(AddLibrary("lib1"));
  AddUser("backup", "backup-secret");
  ASSERT_OK(AddConnection(Connect("lib1")));
  mgmt::UpdateUserRequest disable;
  disable.set_name("backup");
  disable.set_enabled(false);
  mgmt::User user;
  grpc::ClientContext context;
  ASSERT_OK(rpc::FromGrpc(users_->UpdateUser(&context, disable, &user)));
  const absl::Time deadline = absl::Now() + absl::Seconds(60);
  while (Told().has_hosts()) ASSERT_LT(absl::Now(), deadline);
  mgmt::ListConnectionsRequest request;
  request.set_name("lib1");
  mgmt::ListConnectionsResponse list;
  ASSERT_OK(Ask(&TapeLibraries::Stub::ListConnections, request, &list));
  EXPECT_THAT(list.connections(0).problem(), HasSubstr("disabled"));
}

TEST_F(TapeLibrariesService, ConnectionsThatCannotWorkAreRefused) {
  ASSERT_OK(AddLibrary("lib1"));
  ASSERT_OK(AddContainer("plain"));
  EXPECT_THAT(AddConnection(Connect("lib1")), StatusIs(StatusCode::kFailedPrecondition));
  AddUser("backup", "backup-secret");
  AddUser("long", "a-password-that-is-too-long");
  AddUser("share", "share-secret", mgmt::ROLE_CIFS);
  for (const char* name : {"long", "share"}) {
    mgmt::AddConnectionRequest request = Connect("lib1");
    request.set_chap_user(name);
    EXPECT_THAT(AddConnection(request), StatusIs(StatusCode::kFailedPrecondition)) << name;
  }
  mgmt::AddConnectionRequest mixed = Connect("lib1");
  mixed.add_initiators("10.0.0.0/8");
  EXPECT_THAT(AddConnection(mixed), StatusIs(StatusCode::kInvalidArgument));
  mgmt::AddConnectionRequest nobody = Connect("lib1");
  nobody.clear_initiators();
  EXPECT_THAT(AddConnection(nobody), StatusIs(StatusCode::kInvalidArgument));
  mgmt::AddConnectionRequest same = Connect("lib1");
  same.set_target_user("tape");
  same.set_target_password("backup-secret");
  EXPECT_THAT(AddConnection(same), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Text(AddConnection(Connect("plain"))), HasSubstr("no tape library"));
  EXPECT_THAT(AddConnection(Connect("nothing")), StatusIs(StatusCode::kNotFound));
  EXPECT_EQ(Sql("SELECT count(*) FROM oca_config.iscsi_connection"), "0");
}

TEST_F(TapeLibrariesService, AnEmptyIdleLibraryAloneIsDeleted) {
  ASSERT_OK(AddLibrary("lib1"));
  {
    absl::MutexLock lock(&vtl_.mu);
    vtl_.sessions.emplace_back().set_initiator(kHost);
    vtl_.cartridges.emplace_back().set_barcode("ABCDEF000");
  }
  absl::Status used = DeleteContainer("lib1", /*delete_files=*/true);
  EXPECT_THAT(used, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Text(used), HasSubstr(kHost));
  {
    absl::MutexLock lock(&vtl_.mu);
    vtl_.sessions.clear();
  }
  absl::Status full = DeleteContainer("lib1");
  EXPECT_THAT(full, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Text(full), AllOf(HasSubstr("1 cartridge"), HasSubstr("--delete_files")));
  EXPECT_EQ(Told().name(), "lib1");
  EXPECT_OK(DeleteContainer("lib1", /*delete_files=*/true));
  EXPECT_EQ(Told().name(), "");
  EXPECT_EQ(Sql("SELECT count(*) FROM oca_config.tape_library"), "0");
}

TEST_F(TapeLibrariesService, TapesAreOfTheLibrarysSizeUnlessTold) {
  ASSERT_OK(AddLibrary("lib1"));
  mgmt::AddTapesRequest request;
  request.set_name("lib1");
  mgmt::AddTapesResponse made;
  ASSERT_OK(Ask(&TapeLibraries::Stub::AddTapes, request, &made));
  EXPECT_THAT(made.barcodes(), ElementsAre("ABCDEF000"));
  {
    absl::MutexLock lock(&vtl_.mu);
    EXPECT_EQ(vtl_.added.count(), 1u);
    EXPECT_EQ(vtl_.added.capacity_bytes(), 10'000'000'000u);
    EXPECT_EQ(vtl_.added.generation(), 4u);
  }
  request.set_generation(3);
  EXPECT_THAT(Ask(&TapeLibraries::Stub::AddTapes, request, &made),
              StatusIs(StatusCode::kInvalidArgument));
  request.set_name("lib2");
  EXPECT_THAT(Ask(&TapeLibraries::Stub::AddTapes, request, &made), StatusIs(StatusCode::kNotFound));
}

}  // namespace
}  // namespace oca::config
