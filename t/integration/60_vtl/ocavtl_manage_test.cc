// ocavtl as a process of the appliance: what it is told over its socket, and what hosts then find.
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/api/home.h"
#include "lib/api/vtl.grpc.pb.h"
#include "lib/rpc/status.h"
#include "lib/rpc/unix_socket.h"
#include "t/integration/60_vtl/iscsi_host.h"
#include "t/integration/60_vtl/units.h"
#include "t/support/free_port.h"
#include "t/support/process.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::scsi {
namespace {

namespace v1 = vtl::v1;
using support::StatusIs;
using testing::HasSubstr;
using testing::SizeIs;

constexpr char kManagedTarget[] = "iqn.2026-11.local.oca:lib1.abcdef";
constexpr char kOther[] = "iqn.2026-11.local.test:other";

class OcavtlManage : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::mkdir(home_.Path("run").c_str(), 0700), 0);
    ASSERT_EQ(::mkdir(Container().c_str(), 0700), 0);
    wanted_.set_id(7);
    wanted_.set_name("lib1");
    wanted_.set_folder(Container() + "/library");
    wanted_.set_serial("ABCDEF");
    wanted_.mutable_spec()->set_drives(2);
    wanted_.mutable_spec()->set_slots(4);
    wanted_.mutable_spec()->set_tapes(3);
    wanted_.mutable_spec()->set_tape_size_bytes(1'000'000'000);
    wanted_.mutable_spec()->set_generation(4);
    wanted_.set_make(true);
    wanted_.set_target(kManagedTarget);
    wanted_.set_portal("127.0.0.1:" + std::to_string(support::FreePort()));
    wanted_.mutable_hosts()->add_initiators(kHost);
    wanted_.mutable_hosts()->set_user("backup");
    wanted_.mutable_hosts()->set_password("host-password");
    StartServer();
  }
  void TearDown() override {
    if (server_ != nullptr) {
      EXPECT_EQ(StopServer(), 0);
    }
    // No tgtd, and nothing of it.
    EXPECT_FALSE(std::filesystem::exists(home_.Path("run/vtl")));
    if (HasFailure()) fprintf(stderr, "%s%s", Output().c_str(), Log().c_str());
  }

  std::string Container() const { return home_.Path("container"); }
  std::string Output() const { return support::ReadText(home_.Path("output")); }
  std::string Log() const { return support::ReadText(home_.Path("log/ocavtl.log")); }

  void StartServer() {
    server_ = std::make_unique<support::Process>(
        std::vector<std::string>{OCA_VTL_PROGRAM, "manage", "--home", home_.path()},
        home_.Path("output"));
    auto channel = rpc::UnixChannel(api::VtlSocket(home_.path()));
    ASSERT_OK(channel.status());
    stub_ = v1::Vtl::NewStub(*channel);
  }
  int StopServer() {
    stub_.reset();  // a connection would hold up the stop
    server_->Signal(SIGTERM);
    EXPECT_TRUE(server_->WaitForEnd(kPatience));
    int code = server_->exit_code();
    server_.reset();
    return code;
  }
  void KillServer() {
    server_->Signal(SIGKILL);
    ASSERT_TRUE(server_->WaitForEnd(kPatience));
    server_.reset();
  }

  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (v1::Vtl::Stub::*method)(grpc::ClientContext*, const Request&,
                                                          Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    rpc::SetTimeout(&context, kPatience);
    context.set_wait_for_ready(true);
    return rpc::FromGrpc((stub_.get()->*method)(&context, request, response));
  }
  // Says what shall be served; how the library stands then.
  v1::LibraryState Apply(const std::vector<v1::Library>& libraries) {
    v1::ApplyRequest request;
    for (const v1::Library& each : libraries) *request.add_libraries() = each;
    v1::ApplyResponse response;
    EXPECT_OK(Call(&v1::Vtl::Stub::Apply, request, &response));
    return response.libraries().empty() ? v1::LibraryState() : response.libraries(0);
  }
  void Serve() {
    v1::LibraryState state = Apply({wanted_});
    ASSERT_EQ(state.state(), v1::SERVICE_STATE_SERVING) << state.DebugString();
    wanted_.set_make(false);
  }
  v1::LibraryState State() {
    v1::ListLibrariesResponse list;
    EXPECT_OK(Call(&v1::Vtl::Stub::ListLibraries, v1::ListLibrariesRequest(), &list));
    return list.libraries().empty() ? v1::LibraryState() : list.libraries(0);
  }
  // Until it is served, or not, by a tgtd that is not `old`.
  void AwaitState(v1::ServiceState wanted, uint32_t old = 0) {
    const absl::Time deadline = absl::Now() + kPatience;
    v1::LibraryState state = State();
    while (state.state() != wanted || (old != 0 && state.pid() == old)) {
      ASSERT_LT(absl::Now(), deadline) << state.DebugString();
      state = State();
    }
  }
  Login LoginAs(const std::string& initiator, const std::string& password = "host-password") {
    return {.portal = wanted_.portal(),
            .target = kManagedTarget,
            .initiator = initiator,
            .user = "backup",
            .password = password,
            .target_user = "",
            .target_password = ""};
  }
  // Past the unit attentions.
  static void Settle(IscsiHost& host, int lun) {
    Answer answer = host.Send(lun, std::string(6, '\0'));
    for (int i = 0; i < 8 && answer.status != Status::kGood; ++i) {
      answer = host.Send(lun, std::string(6, '\0'));
    }
  }
  static void LoadFirst(IscsiHost& host) {
    Settle(host, kChanger);
    EXPECT_GOOD(host.Send(kChanger, Raw({0xa5, 0, 0, 0, 3, 0xe8, 1, 0xf4, 0, 0, 0, 0})));
    Settle(host, kTape);
  }

  support::TempDir home_;
  v1::Library wanted_;
  std::unique_ptr<support::Process> server_;
  std::unique_ptr<v1::Vtl::Stub> stub_;
};

TEST_F(OcavtlManage, MakesAndServesALibraryToThoseWhoMay) {
  Serve();
  EXPECT_NE(IscsiHost(LoginAs(kHost, "wrong-password")).error(), "");
  EXPECT_NE(IscsiHost(LoginAs(kOther)).error(), "");
  Login anonymous = LoginAs(kHost);
  anonymous.user.clear();
  EXPECT_NE(IscsiHost(anonymous).error(), "");
  IscsiHost host(LoginAs(kHost));
  ASSERT_EQ(host.error(), "");
  LoadFirst(host);
  v1::LibraryState state = State();
  EXPECT_EQ(state.serial(), "ABCDEF");
  EXPECT_THAT(state.cartridges(), SizeIs(3));
  EXPECT_EQ(state.cartridges(0).barcode(), "ABCDEF000");
  EXPECT_EQ(state.cartridges(0).address(), 500u);
  EXPECT_EQ(state.cartridges(0).capacity_bytes(), 1'000'000'000u);
  ASSERT_THAT(state.sessions(), SizeIs(1));
  EXPECT_EQ(state.sessions(0).initiator(), kHost);
  EXPECT_EQ(state.sessions(0).address(), "127.0.0.1");
  EXPECT_EQ((Log() + Output()).find("password"), std::string::npos);
  struct stat kept {};
  ASSERT_EQ(::stat(home_.Path("vtl").c_str(), &kept), 0);
  EXPECT_EQ(kept.st_mode & 077, 0u);
}

TEST_F(OcavtlManage, TheTargetProvesItself) {
  wanted_.mutable_hosts()->set_target_user("tape");
  wanted_.mutable_hosts()->set_target_password("target-secret");
  Serve();
  Login login = LoginAs(kHost);
  login.target_user = "tape";
  login.target_password = "target-secret";
  EXPECT_EQ(IscsiHost(login).error(), "");
  login.target_password = "other-secret1";
  EXPECT_NE(IscsiHost(login).error(), "");
}

TEST_F(OcavtlManage, GatewaysLogInWithWhatTheyAreTold) {
  wanted_.clear_hosts();
  Serve();
  EXPECT_NE(IscsiHost(LoginAs(kHost)).error(), "");
  for (const char* hosts : {"", "192.0.2.0/24"}) {
    SCOPED_TRACE(hosts);
    if (*hosts != '\0') {
      wanted_.mutable_hosts()->add_initiators(hosts);
      wanted_.mutable_hosts()->set_user("backup");
      wanted_.mutable_hosts()->set_password("host-password");
      Serve();
    }
    v1::ListServedResponse served;
    ASSERT_OK(Call(&v1::Vtl::Stub::ListServed, v1::ListServedRequest(), &served));
    ASSERT_THAT(served.libraries(), SizeIs(1));
    const v1::ServedLibrary& library = served.libraries(0);
    EXPECT_THAT(library.drive_luns(), SizeIs(2));
    IscsiHost gateway({.portal = library.portal(),
                       .target = library.target(),
                       .initiator = library.initiator(),
                       .user = library.user(),
                       .password = library.password(),
                       .target_user = "",
                       .target_password = ""});
    ASSERT_EQ(gateway.error(), "");
    for (uint32_t lun : {library.changer_lun(), library.drive_luns(0), library.drive_luns(1)}) {
      EXPECT_SENSE(gateway.Send(static_cast<int>(lun), std::string(6, '\0')), 6, 0x2900);
    }
  }
}

TEST_F(OcavtlManage, ServesFromItsCopyAfterAKill) {
  Serve();
  const std::string block(1 << 16, 'b');
  {
    IscsiHost host(LoginAs(kHost));
    ASSERT_EQ(host.error(), "");
    LoadFirst(host);
    EXPECT_GOOD(WriteBlock(host, kTape, block));
    EXPECT_GOOD(WriteMarks(host, kTape, 1));
    EXPECT_GOOD(WriteBlock(host, kTape, block));
    KillServer();
    EXPECT_EQ(WriteBlock(host, kTape, block).status, static_cast<Status>(0xff));
  }
  StartServer();
  AwaitState(v1::SERVICE_STATE_SERVING);
  IscsiHost host(LoginAs(kHost));
  ASSERT_EQ(host.error(), "");
  Settle(host, kTape);
  EXPECT_EQ(ReadBlock(host, kTape, 1 << 16).data, block);
  EXPECT_SENSE(ReadBlock(host, kTape, 1 << 16), 0, 0x0001);
}

TEST_F(OcavtlManage, AKilledTgtdComesBackWithTheInventory) {
  Serve();
  const uint32_t pid = State().pid();
  ASSERT_GT(pid, 1u);
  {
    IscsiHost host(LoginAs(kHost));
    ASSERT_EQ(host.error(), "");
    LoadFirst(host);
    ASSERT_EQ(::kill(static_cast<pid_t>(pid), SIGKILL), 0);
  }
  AwaitState(v1::SERVICE_STATE_SERVING, pid);
  EXPECT_THAT(Log(), HasSubstr(" tgtd_ended "));
  EXPECT_EQ(State().cartridges(0).address(), 500u);
  EXPECT_EQ(IscsiHost(LoginAs(kHost)).error(), "");
}

TEST_F(OcavtlManage, DrivesSlotsAndTapesComeAndGoWhileAHostWorks) {
  Serve();
  IscsiHost host(LoginAs(kHost));
  ASSERT_EQ(host.error(), "");
  LoadFirst(host);
  wanted_.mutable_spec()->set_drives(3);
  wanted_.mutable_spec()->set_slots(9);
  v1::LibraryState state = Apply({wanted_});
  EXPECT_EQ(state.error(), "");
  v1::AddCartridgesRequest add;
  add.set_name("lib1");
  add.set_count(2);
  add.set_capacity_bytes(2'000'000'000);
  add.set_generation(4);
  v1::AddCartridgesResponse added;
  ASSERT_OK(Call(&v1::Vtl::Stub::AddCartridges, add, &added));
  EXPECT_THAT(added.barcodes(), testing::ElementsAre("ABCDEF003", "ABCDEF004"));
  // The same session, which is told: nothing was lost, and the new drive takes a tape.
  Settle(host, kTape);
  EXPECT_GOOD(WriteBlock(host, kTape, "still here"));
  Settle(host, kChanger);
  EXPECT_GOOD(host.Send(kChanger, Raw({0xa5, 0, 0, 0, 3, 0xe9, 1, 0xf6, 0, 0, 0, 0})));
  Settle(host, kTape + 2);
  EXPECT_GOOD(WriteBlock(host, kTape + 2, "new drive"));
  // A drive that holds a tape stays.
  wanted_.mutable_spec()->set_drives(2);
  state = Apply({wanted_});
  EXPECT_THAT(state.error(), HasSubstr("holds ABCDEF001"));
  EXPECT_EQ(state.state(), v1::SERVICE_STATE_SERVING);
  EXPECT_GOOD(host.Send(kChanger, Raw({0xa5, 0, 0, 0, 1, 0xf6, 3, 0xe9, 0, 0, 0, 0})));
  wanted_.mutable_spec()->set_slots(10);  // asks again
  EXPECT_EQ(Apply({wanted_}).error(), "");
  Settle(host, kTape);
  EXPECT_GOOD(WriteBlock(host, kTape, "still here"));
  state = State();
  size_t drives = 0;
  for (const v1::Element& each : state.elements()) drives += each.type() == v1::ELEMENT_TYPE_DRIVE;
  EXPECT_EQ(drives, 2u);
}

TEST_F(OcavtlManage, MoreInitiatorsLeaveSessionsAlone) {
  Serve();
  IscsiHost host(LoginAs(kHost));
  ASSERT_EQ(host.error(), "");
  Settle(host, kChanger);
  wanted_.mutable_hosts()->add_initiators(kOther);
  Apply({wanted_});
  EXPECT_EQ(IscsiHost(LoginAs(kOther)).error(), "");
  EXPECT_GOOD(host.Send(kChanger, std::string(6, '\0')));
  // One less ends them, and another password does.
  wanted_.mutable_hosts()->clear_initiators();
  wanted_.mutable_hosts()->add_initiators(kOther);
  Apply({wanted_});
  EXPECT_EQ(host.Send(kChanger, std::string(6, '\0')).status, static_cast<Status>(0xff));
  EXPECT_NE(IscsiHost(LoginAs(kHost)).error(), "");
  wanted_.mutable_hosts()->set_password("next-password");
  Apply({wanted_});
  EXPECT_NE(IscsiHost(LoginAs(kOther)).error(), "");
  EXPECT_EQ(IscsiHost(LoginAs(kOther, "next-password")).error(), "");
}

TEST_F(OcavtlManage, ALibraryWhoseFolderGoesAwayIsServedWhenItIsBack) {
  Serve();
  std::filesystem::rename(Container(), home_.Path("away"));
  AwaitState(v1::SERVICE_STATE_FAILED);
  EXPECT_NE(IscsiHost(LoginAs(kHost)).error(), "");
  std::filesystem::rename(home_.Path("away"), Container());
  AwaitState(v1::SERVICE_STATE_SERVING);
  EXPECT_EQ(IscsiHost(LoginAs(kHost)).error(), "");
}

TEST_F(OcavtlManage, ALibraryThatIsLostIsNotMadeAnew) {
  wanted_.set_make(false);
  v1::LibraryState state = Apply({wanted_});
  EXPECT_EQ(state.state(), v1::SERVICE_STATE_FAILED);
  EXPECT_THAT(state.error(), HasSubstr("inventory"));
  EXPECT_FALSE(std::filesystem::exists(wanted_.folder()));
}

TEST_F(OcavtlManage, TwoLibrariesStandSideBySideAndOneGoes) {
  v1::Library second = wanted_;
  second.set_id(8);
  second.set_name("lib2");
  second.set_folder(home_.Path("second/library"));
  second.set_serial("UVWXYZ");
  second.set_target("iqn.2026-11.local.oca:lib2.uvwxyz");
  second.set_portal("127.0.0.1:" + std::to_string(support::FreePort()));
  ASSERT_EQ(::mkdir(home_.Path("second").c_str(), 0700), 0);
  EXPECT_EQ(Apply({wanted_, second}).error(), "");
  Login other = LoginAs(kHost);
  other.portal = second.portal();
  other.target = second.target();
  EXPECT_EQ(IscsiHost(LoginAs(kHost)).error(), "");
  EXPECT_EQ(IscsiHost(other).error(), "");
  Apply({second});
  EXPECT_NE(IscsiHost(LoginAs(kHost)).error(), "");
  EXPECT_EQ(IscsiHost(other).error(), "");
  // The folder of one that is not served belongs to nobody any more.
  EXPECT_GT(std::filesystem::remove_all(Container()), 0u);
}

TEST_F(OcavtlManage, WhatIsWrongWithOneLibraryIsNothingToOthers) {
  v1::Library second = wanted_;
  second.set_id(8);
  second.set_name("lib2");
  second.set_folder(home_.Path("second/library"));
  ASSERT_EQ(::mkdir(home_.Path("second").c_str(), 0700), 0);
  v1::ApplyRequest request;
  *request.add_libraries() = wanted_;
  *request.add_libraries() = second;
  v1::ApplyResponse response;
  EXPECT_THAT(Call(&v1::Vtl::Stub::Apply, request, &response),
              StatusIs(absl::StatusCode::kInvalidArgument));
  Serve();
  // The same port by another name.
  second.set_portal("0.0.0.0" + wanted_.portal().substr(wanted_.portal().find(':')));
  *request.mutable_libraries(0) = wanted_;
  *request.mutable_libraries(1) = second;
  ASSERT_OK(Call(&v1::Vtl::Stub::Apply, request, &response));
  EXPECT_EQ(response.libraries(0).state(), v1::SERVICE_STATE_SERVING);
  EXPECT_EQ(response.libraries(1).state(), v1::SERVICE_STATE_FAILED);
  EXPECT_THAT(response.libraries(1).error(), HasSubstr("cannot listen"));
  EXPECT_EQ(IscsiHost(LoginAs(kHost)).error(), "");
}

}  // namespace
}  // namespace oca::scsi
