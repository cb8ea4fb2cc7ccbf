// How NDMP is served, and its sessions, through ocaconfigsvc's sockets; ocandmpd is the test.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/api/gateways.grpc.pb.h"
#include "lib/api/ndmp.grpc.pb.h"
#include "t/integration/50_rpc_services/users_fixture.h"
#include "t/support/free_port.h"

namespace oca::config {
namespace {

using absl::StatusCode;
using support::StatusIs;
using testing::ElementsAre;
using testing::HasSubstr;
using Stub = mgmt::Ndmp::Stub;

constexpr char kLoopback[] = "127.0.0.1";

// Somebody else who listens.
class OtherService {
 public:
  OtherService() : port_(support::FreePort()), fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port_));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd_, 1), 0);
  }
  ~OtherService() { ::close(fd_); }
  OtherService(const OtherService&) = delete;
  OtherService& operator=(const OtherService&) = delete;

  uint32_t port() const { return static_cast<uint32_t>(port_); }

 private:
  const int port_;
  const int fd_;
};

class NdmpService : public UsersService {
 protected:
  void SetUp() override {
    UsersService::SetUp();
    if (!HasFatalFailure()) Connect();
  }
  void Connect() {
    ASSERT_OK_AND_ASSIGN(auto channel, rpc::UnixChannel(api::ManagementSocket(home_.path())));
    ndmp_ = mgmt::Ndmp::NewStub(channel);
    ASSERT_OK_AND_ASSIGN(channel, rpc::UnixChannel(api::GatewaysSocket(home_.path())));
    gateways_ = mgmt::Gateways::NewStub(channel);
  }
  void StartAgain() {
    StopService();
    StartService();
    Connect();
  }

  template <typename Request, typename Response>
  absl::StatusOr<Response> Ask(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                            Response*),
                               const Request& request, const Metadata& metadata = {}) {
    Response answer;
    absl::Status status = CallOn(*ndmp_, metadata, method, request, &answer);
    if (!status.ok()) return status;
    return answer;
  }
  absl::StatusOr<mgmt::NdmpStatus> Get(const Metadata& metadata = {}) {
    return Ask(&Stub::GetNdmp, mgmt::GetNdmpRequest(), metadata);
  }
  absl::StatusOr<mgmt::NdmpStatus> Set(const mgmt::UpdateNdmpRequest& request,
                                       const Metadata& metadata = {}) {
    return Ask(&Stub::UpdateNdmp, request, metadata);
  }
  std::string WhyNot(const mgmt::UpdateNdmpRequest& request) {
    return std::string(MessageOf(Set(request).status()));
  }
  std::vector<mgmt::CompletedNdmpSession> Completed(uint32_t limit = 0) {
    mgmt::ListCompletedNdmpSessionsRequest request;
    request.set_limit(limit);
    auto list = Ask(&Stub::ListCompletedNdmpSessions, request);
    EXPECT_OK(list.status());
    if (!list.ok()) return {};
    return {list->sessions().begin(), list->sessions().end()};
  }

  // ocandmpd tells what `report_` says; how it shall be reached.
  absl::StatusOr<mgmt::NdmpSettings> Report() {
    mgmt::ReportNdmpResponse response;
    absl::Status status =
        CallOn(*gateways_, {}, &mgmt::Gateways::Stub::ReportNdmp, report_, &response);
    if (!status.ok()) return status;
    return response.settings();
  }
  void BeginReports() {
    report_.set_instance("first");
    report_.mutable_defaults()->set_address("0.0.0.0");
    report_.mutable_defaults()->set_port(static_cast<uint32_t>(port_));
    report_.set_listen_address("0.0.0.0");
    report_.set_listen_port(static_cast<uint32_t>(port_));
    for (uint32_t version : {2, 3, 4}) report_.add_versions(version);
  }
  static mgmt::NdmpSession Open(const std::string& id) {
    mgmt::NdmpSession session;
    session.set_id(id);
    session.set_user("tapes");
    session.set_device("/oca/lib1/drive0");
    session.set_bytes_moved(77);
    session.mutable_started()->set_seconds(1'700'000'000);
    return session;
  }
  static mgmt::CompletedNdmpSession Ended(const std::string& id, int64_t at) {
    mgmt::CompletedNdmpSession session;
    session.set_id(id);
    session.set_client("192.0.2.7:50000");
    session.set_user("tapes");
    session.set_protocol_version(4);
    session.set_bytes_moved(5'000'000'000);
    session.mutable_started()->set_seconds(at - 10);
    session.mutable_ended()->set_seconds(at);
    session.set_result(mgmt::NDMP_SESSION_RESULT_FAILED);
    session.set_error("the tape failed");
    return session;
  }

  const int port_ = support::FreePort();
  std::unique_ptr<Stub> ndmp_;
  std::unique_ptr<mgmt::Gateways::Stub> gateways_;
  mgmt::ReportNdmpRequest report_;
};

TEST_F(NdmpService, WhatOcandmpdTellsIsShown) {
  ASSERT_OK_AND_ASSIGN(mgmt::NdmpStatus status, Get());
  EXPECT_FALSE(status.running());
  EXPECT_EQ(status.settings().port(), 10000u);
  EXPECT_EQ(status.settings().address(), "0.0.0.0");
  EXPECT_THAT(Ask(&Stub::ListNdmpSessions, mgmt::ListNdmpSessionsRequest()),
              StatusIs(StatusCode::kFailedPrecondition));
  ASSERT_OK(AddUser("tapes", {mgmt::ROLE_NDMP}));
  ASSERT_OK(AddUser("shares", {mgmt::ROLE_CIFS}));
  BeginReports();
  *report_.add_sessions() = Open("a");
  ASSERT_OK(Report());
  ASSERT_OK_AND_ASSIGN(status, Get());
  EXPECT_TRUE(status.running());
  EXPECT_EQ(status.settings().port(), static_cast<uint32_t>(port_));
  EXPECT_EQ(status.listen_port(), static_cast<uint32_t>(port_));
  EXPECT_THAT(status.versions(), ElementsAre(2, 3, 4));
  EXPECT_THAT(status.users(), ElementsAre("tapes"));
  EXPECT_EQ(status.sessions(), 1u);
  ASSERT_OK_AND_ASSIGN(auto open, Ask(&Stub::ListNdmpSessions, mgmt::ListNdmpSessionsRequest()));
  ASSERT_EQ(open.sessions_size(), 1);
  EXPECT_EQ(open.sessions(0).bytes_moved(), 77u);
  report_.set_ends(true);
  ASSERT_OK(Report());
  ASSERT_OK_AND_ASSIGN(status, Get());
  EXPECT_FALSE(status.running());
  EXPECT_EQ(status.settings().port(), static_cast<uint32_t>(port_));
}

TEST_F(NdmpService, WhatIsSetIsToldToOcandmpdAndKept) {
  BeginReports();
  ASSERT_OK_AND_ASSIGN(mgmt::NdmpSettings wanted, Report());
  EXPECT_EQ(wanted.port(), static_cast<uint32_t>(port_));
  mgmt::UpdateNdmpRequest request;
  request.set_address(kLoopback);
  request.set_first_data_port(43000);
  request.set_last_data_port(43040);
  request.set_revision(1);
  ASSERT_OK_AND_ASSIGN(mgmt::NdmpStatus status, Set(request));
  EXPECT_EQ(status.revision(), 2u);
  EXPECT_EQ(status.settings().address(), kLoopback);
  EXPECT_THAT(Set(request), StatusIs(StatusCode::kAborted));
  ASSERT_EQ(Audit("UpdateNdmp").size(), 2u);
  StartAgain();
  ASSERT_OK_AND_ASSIGN(wanted, Report());
  EXPECT_EQ(wanted.address(), kLoopback);
  EXPECT_EQ(wanted.port(), static_cast<uint32_t>(port_));
  EXPECT_EQ(wanted.last_data_port(), 43040u);
}

TEST_F(NdmpService, WhatCannotBeIsRefusedWithTheReason) {
  BeginReports();
  ASSERT_OK(Report());
  mgmt::AddContainerRequest library;
  library.set_name("lib1");
  library.set_type(mgmt::CONTAINER_TYPE_VTL);
  library.mutable_library()->set_drives(1);
  library.mutable_library()->set_tape_size_bytes(10'000'000'000);
  mgmt::Container made;
  ASSERT_OK(Call(&Management::Stub::AddContainer, library, &made));
  const std::string portal = Sql("SELECT portal FROM oca_config.tape_library");
  const int portal_port = std::stoi(portal.substr(portal.rfind(':') + 1));

  mgmt::UpdateNdmpRequest request;
  request.set_port(static_cast<uint32_t>(portal_port));
  EXPECT_THAT(WhyNot(request), HasSubstr("that of tape library 'lib1'"));
  request.set_port(5233);
  EXPECT_THAT(WhyNot(request), HasSubstr("that of the REST service"));
  request.set_port(70000);
  EXPECT_THAT(WhyNot(request), HasSubstr("from 1 to 65535"));
  request.Clear();
  request.set_first_data_port(static_cast<uint32_t>(port_ - 5));
  request.set_last_data_port(static_cast<uint32_t>(port_ + 5));
  EXPECT_THAT(WhyNot(request), HasSubstr("one of the data ports"));
  request.Clear();
  request.set_address("192.0.2.1");
  EXPECT_THAT(WhyNot(request), HasSubstr("192.0.2.1 is no address of this machine"));
  {
    request.Clear();
    const OtherService busy;
    request.set_port(busy.port());
    EXPECT_THAT(WhyNot(request), HasSubstr("is in use by another service"));
    EXPECT_THAT(Set(request), StatusIs(StatusCode::kFailedPrecondition));
  }
  EXPECT_OK(Set(request));
  // Its own port is no other service's.
  request.set_port(static_cast<uint32_t>(port_));
  EXPECT_OK(Set(request));
}

TEST_F(NdmpService, MonitorsMayLookAndAdministratorsSet) {
  ASSERT_OK(AddUser("eve", {mgmt::ROLE_MONITOR}));
  ASSERT_OK(AddUser("tapes", {mgmt::ROLE_NDMP}));
  const Metadata monitor = {{"oca-user", "eve"}}, nobody = {{"oca-user", "tapes"}};
  EXPECT_OK(Get(monitor));
  EXPECT_OK(
      Ask(&Stub::ListCompletedNdmpSessions, mgmt::ListCompletedNdmpSessionsRequest(), monitor));
  mgmt::UpdateNdmpRequest request;
  request.set_first_data_port(43000);
  request.set_last_data_port(43040);
  EXPECT_THAT(Set(request, monitor), StatusIs(StatusCode::kPermissionDenied));
  EXPECT_THAT(Get(nobody), StatusIs(StatusCode::kPermissionDenied));
  mgmt::ReportNdmpResponse response;
  EXPECT_THAT(CallOn(*gateways_, nobody, &mgmt::Gateways::Stub::ReportNdmp, report_, &response),
              StatusIs(StatusCode::kPermissionDenied));
}

TEST_F(NdmpService, CompletedSessionsAreOnRecordOnce) {
  BeginReports();
  *report_.add_completed() = Ended("a", 1'700'000'000);
  *report_.add_completed() = Ended("b", 1'700'000'100);
  ASSERT_OK(Report());
  ASSERT_OK(Report());
  StartAgain();
  std::vector<mgmt::CompletedNdmpSession> sessions = Completed();
  ASSERT_EQ(sessions.size(), 2u);
  EXPECT_EQ(sessions[0].SerializeAsString(), report_.completed(1).SerializeAsString());
  EXPECT_EQ(sessions[1].id(), "a");
  EXPECT_EQ(Completed(1).size(), 1u);
  // Of more than a thousand the oldest go.
  report_.clear_completed();
  for (int i = 0; i < 999; ++i) {
    *report_.add_completed() = Ended("n" + std::to_string(i), 1'700'000'200 + i);
  }
  ASSERT_OK(Report());
  sessions = Completed();
  ASSERT_EQ(sessions.size(), 1000u);
  EXPECT_EQ(sessions[0].id(), "n998");
  EXPECT_EQ(sessions[999].id(), "b");
}

TEST_F(NdmpService, SessionsOfAnOcandmpdThatDiedAreInterrupted) {
  BeginReports();
  *report_.add_sessions() = Open("a");
  *report_.add_sessions() = Open("stranger");
  report_.mutable_sessions(1)->clear_user();
  ASSERT_OK(Report());
  EXPECT_TRUE(Completed().empty());
  report_.set_instance("second");
  report_.clear_sessions();
  ASSERT_OK(Report());
  std::vector<mgmt::CompletedNdmpSession> sessions = Completed();
  ASSERT_EQ(sessions.size(), 1u);
  EXPECT_EQ(sessions[0].id(), "a");
  EXPECT_EQ(sessions[0].bytes_moved(), 77u);
  EXPECT_EQ(sessions[0].result(), mgmt::NDMP_SESSION_RESULT_INTERRUPTED);
  // It was not so.
  *report_.add_completed() = Ended("a", 1'700'000'000);
  ASSERT_OK(Report());
  sessions = Completed();
  ASSERT_EQ(sessions.size(), 1u);
  EXPECT_EQ(sessions[0].result(), mgmt::NDMP_SESSION_RESULT_FAILED);
}

}  // namespace
}  // namespace oca::config
