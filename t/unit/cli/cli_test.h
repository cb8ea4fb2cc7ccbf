// The CLI in-process, against a management service that answers what the test says.
#ifndef OCA_T_UNIT_CLI_CLI_TEST_H_
#define OCA_T_UNIT_CLI_CLI_TEST_H_

#include <sys/stat.h>

#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "cli/run.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/api/home.h"
#include "lib/rpc/status.h"
#include "lib/rpc/unix_socket.h"
#include "nlohmann/json.hpp"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"
#include "t/unit/cli/fake_management.h"
#include "t/unit/cli/fake_ndmp.h"
#include "t/unit/cli/fake_replication.h"
#include "t/unit/cli/fake_services.h"
#include "t/unit/cli/fake_statistics.h"
#include "t/unit/cli/fake_user_services.h"

namespace oca::cli {

namespace mgmt = management::v1;
using grpc::ServerContext;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Cli : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::mkdir(home_.Path("run").c_str(), 0700), 0);
    ASSERT_OK_AND_ASSIGN(
        server_,
        rpc::UnixServer::Start(api::ManagementSocket(home_.path()),
                               {&management_, &recycle_bin_, &users_, &tokens_, &second_factor_,
                                &access_, &audit_limits_, &alerts_, &libraries_, &storage_,
                                &statistics_, &ndmp_, &replication_}));
  }

  // Runs the words of `line`; answers to questions come from `in_`.
  int Oca(const std::string& line) {
    std::istringstream words(line);
    std::vector<std::string> args;
    for (std::string word; words >> word;) args.push_back(word == "''" ? "" : word);
    return OcaWords(args);
  }
  int OcaWords(const std::vector<std::string>& args) {
    out_.str("");
    err_.str("");
    in_.clear();
    Context context{in_,
                    out_,
                    err_,
                    terminal_,
                    terminal_,
                    home_.path(),
                    [](absl::Duration) {},
                    [this](bool on) { echoes_ += on ? '+' : '-'; }};
    return cli::Run(args, context);
  }
  nlohmann::json Json() { return nlohmann::json::parse(out_.str()); }
  void Fail(absl::Status status) {
    absl::MutexLock lock(&management_.mu);
    management_.result = std::move(status);
  }
  std::string LastCall() {
    absl::MutexLock lock(&management_.mu);
    return management_.calls.empty() ? "" : management_.calls.back();
  }

  std::string LastBinCall() {
    absl::MutexLock lock(&recycle_bin_.mu);
    return recycle_bin_.calls.empty() ? "" : recycle_bin_.calls.back();
  }
  std::vector<std::string> UserCalls() {
    absl::MutexLock lock(&users_.mu);
    return users_.calls;
  }

  std::vector<std::string> TokenCalls() {
    absl::MutexLock lock(&tokens_.mu);
    return tokens_.calls;
  }
  std::vector<std::string> SecondFactorCalls() {
    absl::MutexLock lock(&second_factor_.mu);
    return second_factor_.calls;
  }
  std::vector<std::string> AccessCalls() {
    absl::MutexLock lock(&access_.mu);
    return access_.calls;
  }
  std::vector<std::string> LimitCalls() {
    absl::MutexLock lock(&audit_limits_.mu);
    return audit_limits_.calls;
  }
  // Since the last time.
  std::vector<std::string> AlertCalls() {
    absl::MutexLock lock(&alerts_.mu);
    return std::exchange(alerts_.calls, {});
  }
  std::string LastStatisticsCall() {
    absl::MutexLock lock(&statistics_.mu);
    return statistics_.calls.empty() ? "" : statistics_.calls.back();
  }
  // Since the last time.
  std::vector<std::string> NdmpCalls() {
    absl::MutexLock lock(&ndmp_.mu);
    return std::exchange(ndmp_.calls, {});
  }
  // Since the last time.
  std::vector<std::string> ReplicationCalls() {
    absl::MutexLock lock(&replication_.mu);
    return std::exchange(replication_.calls, {});
  }
  std::string LastTapeCall() {
    absl::MutexLock lock(&libraries_.mu);
    return libraries_.calls.empty() ? "" : libraries_.calls.back();
  }

  support::TempDir home_;
  FakeManagement management_;
  FakeRecycleBin recycle_bin_;
  FakeUsers users_;
  FakeTokens tokens_;
  FakeSecondFactor second_factor_;
  FakeAccess access_;
  FakeAuditLimits audit_limits_;
  FakeAlerts alerts_;
  FakeTapeLibraries libraries_;
  FakeStorage storage_;
  FakeStatistics statistics_;
  FakeNdmp ndmp_;
  FakeReplication replication_;
  std::unique_ptr<rpc::UnixServer> server_;
  bool terminal_ = false;
  std::string echoes_;  // '-': what is typed is hidden from here; '+': shown again
  std::istringstream in_;
  std::ostringstream out_, err_;
};

}  // namespace oca::cli

#endif  // OCA_T_UNIT_CLI_CLI_TEST_H_
