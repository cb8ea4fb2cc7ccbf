// How long the record of changes is kept, through ocaconfigsvc's socket.
#include "lib/api/audit_limits.grpc.pb.h"
#include "t/integration/50_rpc_services/users_fixture.h"

namespace oca::config {
namespace {

using absl::StatusCode;
using support::StatusIs;
using testing::AllOf;
using testing::HasSubstr;
using LimitsStub = mgmt::AuditLimits::Stub;

class AuditLimitsService : public UsersService {
 protected:
  void SetUp() override {
    UsersService::SetUp();
    if (!HasFatalFailure()) Connect();
  }
  void Connect() {
    ASSERT_OK_AND_ASSIGN(auto channel, rpc::UnixChannel(api::ManagementSocket(home_.path())));
    limits_ = mgmt::AuditLimits::NewStub(channel);
  }

  template <typename Request>
  absl::StatusOr<mgmt::AuditLimitsStatus> Ask(
      const Metadata& metadata,
      grpc::Status (LimitsStub::*method)(grpc::ClientContext*, const Request&,
                                         mgmt::AuditLimitsStatus*),
      const Request& request) {
    mgmt::AuditLimitsStatus answer;
    absl::Status status = CallOn(*limits_, metadata, method, request, &answer);
    if (!status.ok()) return status;
    return answer;
  }
  absl::StatusOr<mgmt::AuditLimitsStatus> Get() {
    return Ask({}, &LimitsStub::GetAuditLimits, mgmt::GetAuditLimitsRequest());
  }
  absl::StatusOr<mgmt::AuditLimitsStatus> Set(std::optional<uint32_t> days,
                                              std::optional<uint64_t> entries,
                                              uint64_t revision = 0,
                                              const Metadata& metadata = {}) {
    mgmt::SetAuditLimitsRequest request;
    if (days) request.set_keep_days(*days);
    if (entries) request.set_keep_entries(*entries);
    request.set_revision(revision);
    return Ask(metadata, &LimitsStub::SetAuditLimits, request);
  }
  // Puts `number` entries on record, one for each minute up to `days` ago.
  void Insert(int number, int days, const std::string& method, const std::string& outcome) {
    EXPECT_EQ(Sql(fmt::format(
                  "INSERT INTO oca_config.audit (id, started, ended, user_name, origin, method, "
                  "target, outcome, message) SELECT gen_random_uuid(), t, t, 'u', 'local', '{}', "
                  "'x', '{}', '' FROM (SELECT now() - interval '{} days' - n * interval '1 minute' "
                  "AS t FROM generate_series(1, {}) n) times",
                  method, outcome, days, number)),
              "");
  }
  int Count(const std::string& condition) {
    return std::stoi(Sql("SELECT count(*) FROM oca_config.audit WHERE " + condition));
  }
  // Waits until `condition` fits so many entries.
  void WaitForCount(const std::string& condition, int number) {
    const absl::Time deadline = absl::Now() + absl::Seconds(120);
    int count = 0;
    while ((count = Count(condition)) != number) {
      ASSERT_LT(absl::Now(), deadline) << count << ", not " << number << ": " << condition;
    }
  }

  std::unique_ptr<LimitsStub> limits_;
};

TEST_F(AuditLimitsService, AreShownAndSet) {
  ASSERT_OK_AND_ASSIGN(mgmt::AuditLimitsStatus limits, Get());
  EXPECT_EQ(limits.keep_days(), 1095u);
  EXPECT_EQ(limits.keep_entries(), 1000000u);
  EXPECT_EQ(limits.revision(), 1u);
  ASSERT_OK(AddUser("mon", {mgmt::ROLE_MONITOR}));
  ASSERT_OK_AND_ASSIGN(limits, Set(40, std::nullopt));
  EXPECT_EQ(limits.keep_days(), 40u);
  EXPECT_EQ(limits.keep_entries(), 1000000u);
  EXPECT_EQ(limits.revision(), 2u);
  ASSERT_OK_AND_ASSIGN(limits, Set(std::nullopt, 20000, 2));
  EXPECT_THAT(Set(50, std::nullopt, 2).status(), StatusIs(StatusCode::kAborted));
  EXPECT_THAT(Set(50, std::nullopt, 0, As("mon")).status(),
              StatusIs(StatusCode::kPermissionDenied));
  ASSERT_OK_AND_ASSIGN(limits, Get());
  EXPECT_EQ(limits.keep_days(), 40u);
  EXPECT_EQ(limits.keep_entries(), 20000u);
  EXPECT_EQ(limits.revision(), 3u);
  EXPECT_GE(limits.entries(), 4u);
  EXPECT_TRUE(limits.has_oldest());
  std::vector<mgmt::AuditEntry> audit = Audit("SetAuditLimits");
  ASSERT_GE(audit.size(), 2u);
  EXPECT_THAT(audit.back().before(), HasSubstr("\"keep_days\":1095"));
  EXPECT_THAT(audit.back().after(), HasSubstr("\"keep_days\":40"));
  EXPECT_TRUE(Audit("PruneAudit").empty());
}

TEST_F(AuditLimitsService, HaveLimitsThemselves) {
  for (uint32_t days : {0u, 29u, 36501u}) {
    EXPECT_THAT(Set(days, std::nullopt).status(), StatusIs(StatusCode::kInvalidArgument)) << days;
  }
  for (uint64_t entries : {uint64_t{0}, uint64_t{9999}, uint64_t{100000001}}) {
    EXPECT_THAT(Set(std::nullopt, entries).status(), StatusIs(StatusCode::kInvalidArgument));
  }
  ASSERT_OK_AND_ASSIGN(mgmt::AuditLimitsStatus limits, Get());
  EXPECT_EQ(limits.revision(), 1u);
}

TEST_F(AuditLimitsService, WhatIsTooOldGoesAndThatIsOnRecord) {
  ASSERT_OK(AddUser("eve", {}));
  Insert(12000, 31, "AddContainer", "done");
  Insert(5, 29, "AddContainer", "done");
  ASSERT_OK(Set(30, std::nullopt));
  WaitForCount("method = 'AddContainer'", 5);
  EXPECT_EQ(Count("method = 'AddUser' AND outcome = 'done'"), 1);
  WaitForCount("method = 'PruneAudit' AND outcome = 'done'", 2);
  std::vector<mgmt::AuditEntry> audit = Audit("PruneAudit");
  ASSERT_EQ(audit.size(), 2u);
  EXPECT_THAT(audit[1].message(),
              AllOf(HasSubstr("deleted 10000 entries"), HasSubstr("older than 30 days")));
  EXPECT_THAT(audit[0].message(), HasSubstr("deleted 2000 entries"));
  EXPECT_THAT(audit[0].request(), HasSubstr("\"keep_days\":30"));
  EXPECT_EQ(audit[0].origin(), "local");
  EXPECT_FALSE(audit[0].user().empty());
}

TEST_F(AuditLimitsService, OfTooManyFailedLoginsGoFirst) {
  Insert(50, 5, "AddContainer", "done");
  Insert(3, 6, "Login", "done");
  Insert(10500, 1, "Login", "failed");
  ASSERT_OK(Set(std::nullopt, 10000));
  WaitForCount("true", 10000);
  EXPECT_EQ(Count("method = 'AddContainer'"), 50);
  EXPECT_EQ(Count("method = 'Login' AND outcome = 'done'"), 3);
  ASSERT_EQ(Audit("PruneAudit").size(), 1u);
  EXPECT_THAT(Audit("PruneAudit")[0].message(), HasSubstr("more than 10000 entries"));
}

TEST_F(AuditLimitsService, OfTooManyTheOldestGo) {
  Insert(200, 20, "AddContainer", "done");
  Insert(10000, 1, "DeleteContainer", "done");
  Insert(10, 2, "Login", "failed");
  ASSERT_OK(Set(std::nullopt, 10000));
  WaitForCount("true", 10000);
  EXPECT_EQ(Count("method = 'Login'"), 0);
  EXPECT_EQ(Count("method = 'AddContainer'"), 0);
  EXPECT_EQ(Count("method = 'SetAuditLimits'"), 1);
  EXPECT_EQ(Audit("PruneAudit").size(), 2u);
}

TEST_F(AuditLimitsService, AStartPrunes) {
  Insert(7, 1100, "AddContainer", "done");
  StopService();
  StartService();
  WaitForCount("method = 'AddContainer'", 0);
  WaitForCount("method = 'PruneAudit'", 1);
}

}  // namespace
}  // namespace oca::config
