// ocaconfigsvc in-process between a real PostgreSQL and ocafsd's real service on a filesystem
// without files.
#ifndef OCA_T_INTEGRATION_50_RPC_SERVICES_CONFIG_SERVICE_H_
#define OCA_T_INTEGRATION_50_RPC_SERVICES_CONFIG_SERVICE_H_

#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "fmt/format.h"
#include "fs/rpc/server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/api/home.h"
#include "lib/api/management.grpc.pb.h"
#include "lib/api/users.grpc.pb.h"
#include "lib/api/vtl.grpc.pb.h"
#include "lib/db/connection.h"
#include "lib/rpc/status.h"
#include "lib/rpc/unix_socket.h"
#include "services/config/run.h"
#include "t/support/pg_instance.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"
#include "t/unit/fs/rpc/fake_filesystem.h"

namespace oca::config {

namespace mgmt = management::v1;
using mgmt::Management;

// ocavtl, without tapes: it is told, remembers, and answers as the test says.
class FakeVtl final : public vtl::v1::Vtl::Service {
 public:
  absl::Mutex mu;
  vtl::v1::ApplyRequest told ABSL_GUARDED_BY(mu);
  std::string error ABSL_GUARDED_BY(mu);  // of each library from now on; it is not served
  // What is in each library.
  std::vector<vtl::v1::Cartridge> cartridges ABSL_GUARDED_BY(mu);
  std::vector<vtl::v1::Session> sessions ABSL_GUARDED_BY(mu);
  vtl::v1::AddCartridgesRequest added ABSL_GUARDED_BY(mu);

  grpc::Status GetInfo(grpc::ServerContext*, const vtl::v1::GetInfoRequest*,
                       vtl::v1::Info* out) override {
    out->set_version("1.0");
    out->set_pid(7);
    out->mutable_started()->set_seconds(1);
    return grpc::Status::OK;
  }
  grpc::Status Apply(grpc::ServerContext*, const vtl::v1::ApplyRequest* in,
                     vtl::v1::ApplyResponse* out) override {
    absl::MutexLock lock(&mu);
    told = *in;
    for (const vtl::v1::Library& library : in->libraries()) {
      *out->add_libraries() = StateOf(library);
    }
    return grpc::Status::OK;
  }
  grpc::Status ListLibraries(grpc::ServerContext*, const vtl::v1::ListLibrariesRequest* in,
                             vtl::v1::ListLibrariesResponse* out) override {
    absl::MutexLock lock(&mu);
    for (const vtl::v1::Library& library : told.libraries()) {
      if (!in->name().empty() && in->name() != library.name()) continue;
      vtl::v1::LibraryState* state = out->add_libraries();
      *state = StateOf(library);
      state->add_elements()->set_address(500);
      for (const auto& each : cartridges) *state->add_cartridges() = each;
      for (const auto& each : sessions) *state->add_sessions() = each;
    }
    return grpc::Status::OK;
  }
  grpc::Status AddCartridges(grpc::ServerContext*, const vtl::v1::AddCartridgesRequest* in,
                             vtl::v1::AddCartridgesResponse* out) override {
    absl::MutexLock lock(&mu);
    added = *in;
    out->add_barcodes("ABCDEF000");
    return grpc::Status::OK;
  }

 private:
  vtl::v1::LibraryState StateOf(const vtl::v1::Library& library) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    vtl::v1::LibraryState state;
    state.set_name(library.name());
    state.set_target(library.target());
    state.set_portal(library.portal());
    state.set_state(error.empty() ? vtl::v1::SERVICE_STATE_SERVING : vtl::v1::SERVICE_STATE_FAILED);
    state.set_error(error);
    return state;
  }
};

class ConfigService : public testing::Test {
 protected:
  static void SetUpTestSuite() { database_server_ = new support::PgInstance; }
  static void TearDownTestSuite() {
    delete database_server_;
    database_server_ = nullptr;
  }

  void SetUp() override {
    ASSERT_EQ(::mkdir(home_.Path("run").c_str(), 0700), 0);
    dsn_ = database_server_->NewDatabase();
    std::ofstream(home_.Path("oca.toml")) << "[database]\ndsn = \"" << dsn_ << "\"\n";
    StartFilesystem();
    ASSERT_OK_AND_ASSIGN(vtl_server_,
                         rpc::UnixServer::Start(api::VtlSocket(home_.path()), {&vtl_}));
    StartService();
    WaitReady();
  }
  void TearDown() override { StopService(); }

  void StartFilesystem() {
    ASSERT_OK_AND_ASSIGN(fs_server_,
                         fs_rpc::Server::Start(*filesystem_, api::FsSocket(home_.path()), {},
                                               {"1.0", "/repo", "/mnt"}));
  }
  void StopFilesystem() { fs_server_.reset(); }

  void StartService() {
    stop_.emplace();
    service_ = std::thread([this] {
      std::vector<std::string> args = {"--home", home_.path()};
      Context context{out_, err_, [this] { stop_->WaitForNotification(); }};
      exit_code_ = config::Run(args, context);
    });
    ASSERT_OK_AND_ASSIGN(auto channel, rpc::UnixChannel(api::ManagementSocket(home_.path())));
    stub_ = Management::NewStub(channel);
    users_ = mgmt::Users::NewStub(channel);
  }
  void StopService() {
    stop_->Notify();
    service_.join();
    EXPECT_EQ(exit_code_, 0) << err_.str();
  }
  // Until configuration and ocafsd agree.
  void WaitReady() {
    absl::Time deadline = absl::Now() + absl::Seconds(60);
    while (!System().ready()) {
      ASSERT_LT(absl::Now(), deadline) << System().DebugString() << err_.str();
    }
  }

  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (Management::Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    rpc::SetTimeout(&context, absl::Seconds(60));
    context.set_wait_for_ready(true);
    return rpc::FromGrpc((stub_.get()->*method)(&context, request, response));
  }

  mgmt::System System() {
    mgmt::System system;
    EXPECT_OK(Call(&Management::Stub::GetSystem, mgmt::GetSystemRequest(), &system));
    return system;
  }
  absl::StatusOr<mgmt::Container> AddContainer(const std::string& name,
                                               const std::string& group = "") {
    mgmt::AddContainerRequest request;
    request.set_name(name);
    request.set_group(group);
    mgmt::Container made;
    absl::Status status = Call(&Management::Stub::AddContainer, request, &made);
    if (!status.ok()) return status;
    return made;
  }
  absl::Status DeleteContainer(const std::string& name, bool delete_files = false) {
    mgmt::DeleteContainerRequest request;
    request.set_name(name);
    request.set_delete_files(delete_files);
    mgmt::DeleteContainerResponse response;
    return Call(&Management::Stub::DeleteContainer, request, &response);
  }
  absl::StatusOr<mgmt::StorageGroup> AddGroup(const std::string& name, uint64_t quota = 0) {
    mgmt::AddStorageGroupRequest request;
    request.set_name(name);
    request.set_quota_bytes(quota);
    mgmt::StorageGroup made;
    absl::Status status = Call(&Management::Stub::AddStorageGroup, request, &made);
    if (!status.ok()) return status;
    return made;
  }
  absl::Status DeleteGroup(const std::string& name) {
    mgmt::DeleteStorageGroupRequest request;
    request.set_name(name);
    mgmt::DeleteStorageGroupResponse response;
    return Call(&Management::Stub::DeleteStorageGroup, request, &response);
  }
  absl::StatusOr<mgmt::StorageGroup> UpdateGroup(const std::string& name, uint64_t quota) {
    mgmt::UpdateStorageGroupRequest request;
    request.set_name(name);
    request.set_quota_bytes(quota);
    mgmt::StorageGroup changed;
    absl::Status status = Call(&Management::Stub::UpdateStorageGroup, request, &changed);
    if (!status.ok()) return status;
    return changed;
  }
  absl::StatusOr<mgmt::ListContainersResponse> Containers(const std::string& name = "") {
    mgmt::ListContainersRequest request;
    request.set_name(name);
    mgmt::ListContainersResponse list;
    absl::Status status = Call(&Management::Stub::ListContainers, request, &list);
    if (!status.ok()) return status;
    return list;
  }
  // Names of the containers shown.
  std::vector<std::string> Names() {
    auto list = Containers();
    EXPECT_OK(list);
    std::vector<std::string> names;
    if (list.ok()) {
      for (const auto& container : list->containers()) names.push_back(container.name());
    }
    return names;
  }
  // One value from the database.
  std::string Sql(const std::string& query) {
    auto db = db::Connection::Open(dsn_);
    if (!db.ok()) return db.status().ToString();
    auto result = (*db)->Query(query);
    if (!result.ok()) return result.status().ToString();
    return result->rows() == 0 || result->columns() == 0 ? "" : std::string(result->Text(0, 0));
  }
  static std::string Text(const absl::Status& status) { return std::string(MessageOf(status)); }

  inline static support::PgInstance* database_server_ = nullptr;
  support::TempDir home_;
  std::string dsn_;
  std::unique_ptr<engine::FakeFilesystem> filesystem_ = std::make_unique<engine::FakeFilesystem>();
  std::unique_ptr<fs_rpc::Server> fs_server_;
  FakeVtl vtl_;
  std::unique_ptr<rpc::UnixServer> vtl_server_;
  std::optional<absl::Notification> stop_;
  std::thread service_;
  std::ostringstream out_, err_;
  int exit_code_ = -1;
  std::unique_ptr<Management::Stub> stub_;
  std::unique_ptr<mgmt::Users::Stub> users_;
};

}  // namespace oca::config

#endif  // OCA_T_INTEGRATION_50_RPC_SERVICES_CONFIG_SERVICE_H_
