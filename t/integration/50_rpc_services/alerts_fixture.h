// oca_idm_eda and nhm as their parts, with a real PostgreSQL and real servers to tell.
#ifndef OCA_T_INTEGRATION_50_RPC_SERVICES_ALERTS_FIXTURE_H_
#define OCA_T_INTEGRATION_50_RPC_SERVICES_ALERTS_FIXTURE_H_

#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/api/alerts.grpc.pb.h"
#include "lib/crypto/uuid.h"
#include "lib/event/client.h"
#include "lib/rpc/unix_socket.h"
#include "services/events/collector.h"
#include "services/events/courier.h"
#include "services/events/service.h"
#include "services/events/spool.h"
#include "services/health/channels.h"
#include "services/health/database.h"
#include "services/health/lists.h"
#include "services/health/notifier.h"
#include "services/health/recorder.h"
#include "services/health/service.h"
#include "t/support/event_list.h"
#include "t/support/fake_clock.h"
#include "t/support/pg_instance.h"
#include "t/support/process.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::health {

namespace mgmt = management::v1;

// oca_idm_eda.
struct Collecting {
  Collecting(const std::string& folder, const std::string& socket, const std::string& to) {
    spool = *events::Spool::Open(io::PosixFileSystem(), folder);
    collector = std::make_unique<events::Collector>(*spool, SystemClock(), "host1");
    service = events::NewCollectorService(*collector);
    server = *rpc::UnixServer::Start(socket, {service.get()});
    courier = std::make_unique<events::Courier>(
        *spool, *collector, event::v1::Recorder::NewStub(*rpc::UnixChannel(to)));
  }
  std::unique_ptr<events::Spool> spool;
  std::unique_ptr<events::Collector> collector;
  std::unique_ptr<grpc::Service> service;
  std::unique_ptr<rpc::UnixServer> server;
  std::unique_ptr<events::Courier> courier;
};

// nhm without its looks at the node.
struct Recording {
  Recording(Database& database, const std::string& socket)
      : recorder(database, [] {}), service(NewRecorderService(recorder)) {
    server = *rpc::UnixServer::Start(socket, {service.get()});
  }
  Recorder recorder;
  std::unique_ptr<grpc::Service> service;
  std::unique_ptr<rpc::UnixServer> server;
};

class Alerts : public testing::Test {
 protected:
  static void SetUpTestSuite() { database_server_ = new support::PgInstance; }
  static void TearDownTestSuite() {
    delete database_server_;
    database_server_ = nullptr;
  }
  void SetUp() override {
    ASSERT_EQ(::chmod(dir_.path().c_str(), 0700), 0);
    dsn_ = database_server_->NewDatabase();
    database_ = std::make_unique<Database>(dsn_, "start it");
    lists_ = std::make_unique<Lists>(*database_);
    channels_ = std::make_unique<Channels>(*database_, seal_);
    recorder_ = std::make_unique<Recorder>(*database_, [] {});
  }

  // As a sender would have made it, an hour ago.
  static event::v1::Event Sent(event::v1::Event event,
                               absl::Time when = absl::Now() - absl::Hours(1)) {
    event.set_id(*crypto::RandomUuid());
    event.set_process("tester");
    event.set_host("host1");
    event.mutable_happened()->set_seconds(absl::ToUnixSeconds(when));
    return event;
  }
  absl::Status Record(event::v1::Event event) {
    return recorder_->Record({Sent(std::move(event))});
  }
  std::vector<mgmt::Alert> ListAlerts(bool cleared = false) {
    mgmt::ListAlertsRequest request;
    request.set_cleared(cleared);
    auto list = lists_->Alerts(request);
    EXPECT_OK(list);
    if (!list.ok()) return {};
    return {list->alerts().begin(), list->alerts().end()};
  }
  // "severity text", the oldest first.
  std::vector<std::string> Events(int64_t first = 1, uint32_t count = 10000) {
    mgmt::ListEventsRequest request;
    request.set_first(first);
    request.set_count(count);
    auto list = lists_->Events(request);
    std::vector<std::string> texts;
    if (!list.ok()) return texts;
    for (const auto& event : list->events()) texts.push_back(event.text());
    return texts;
  }
  static bool Eventually(const std::function<bool()>& condition) {
    const absl::Time deadline = absl::Now() + absl::Seconds(60);
    while (!condition()) {
      if (absl::Now() > deadline) return false;
    }
    return true;
  }

  inline static support::PgInstance* database_server_ = nullptr;
  support::TempDir dir_;
  const std::string eda_socket_ = dir_.Path("eda");
  const std::string nhm_socket_ = dir_.Path("nhm");
  std::string dsn_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Lists> lists_;
  daemon::SecretSeal seal_{dir_.Path("keys/mail.key"), "channel"};
  std::unique_ptr<Channels> channels_;
  std::unique_ptr<Recorder> recorder_;
};

}  // namespace oca::health

#endif  // OCA_T_INTEGRATION_50_RPC_SERVICES_ALERTS_FIXTURE_H_
