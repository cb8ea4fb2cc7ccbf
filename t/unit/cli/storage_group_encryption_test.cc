// oca storage_group --encryption, --setpassphrase, --unlock, against a service that only remembers.
#include <sys/stat.h>

#include <sstream>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "cli/run.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/api/home.h"
#include "lib/api/management.grpc.pb.h"
#include "lib/rpc/status.h"
#include "lib/rpc/unix_socket.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::cli {
namespace {

namespace mgmt = management::v1;
using grpc::ServerContext;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class FakeManagement final : public mgmt::Management::Service {
 public:
  absl::Mutex mu;
  absl::Status result ABSL_GUARDED_BY(mu);    // of changes
  std::string last_call ABSL_GUARDED_BY(mu);  // "Name: fields"
  bool encrypted ABSL_GUARDED_BY(mu) = false;

  grpc::Status ListStorageGroups(ServerContext*, const mgmt::ListStorageGroupsRequest*,
                                 mgmt::ListStorageGroupsResponse* out) override {
    absl::MutexLock lock(&mu);
    auto* group = out->add_groups();
    group->set_name("DefaultGroup");
    group->mutable_encryption()->set_on(encrypted);
    group->mutable_encryption()->set_keys(fs::v1::KEY_STATE_UNLOCKED);
    return grpc::Status::OK;
  }
  grpc::Status SetStorageGroupPassphrase(ServerContext*,
                                         const mgmt::SetStorageGroupPassphraseRequest* in,
                                         mgmt::StorageGroup*) override {
    return Called("SetPassphrase", *in);
  }
  grpc::Status UnlockStorageGroup(ServerContext*, const mgmt::UnlockStorageGroupRequest* in,
                                  mgmt::StorageGroup*) override {
    return Called("Unlock", *in);
  }
  grpc::Status EncryptStorageGroup(ServerContext*, const mgmt::EncryptStorageGroupRequest* in,
                                   mgmt::StorageGroup*) override {
    return Called("Encrypt", *in);
  }

 private:
  template <typename Request>
  grpc::Status Called(const std::string& name, const Request& request) {
    absl::MutexLock lock(&mu);
    last_call = name + ": " + request.ShortDebugString();
    return rpc::ToGrpc(result);
  }
};

class EncryptionCli : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::mkdir(home_.Path("run").c_str(), 0700), 0);
    ASSERT_OK_AND_ASSIGN(
        server_, rpc::UnixServer::Start(api::ManagementSocket(home_.path()), {&management_}));
  }
  int Oca(const std::string& line) {
    std::istringstream words(line);
    std::vector<std::string> args;
    for (std::string word; words >> word;) args.push_back(word);
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
  void Fail(absl::Status status) {
    absl::MutexLock lock(&management_.mu);
    management_.result = std::move(status);
  }
  std::string LastCall() {
    absl::MutexLock lock(&management_.mu);
    return management_.last_call;
  }

  support::TempDir home_;
  FakeManagement management_;
  std::unique_ptr<rpc::UnixServer> server_;
  bool terminal_ = false;
  std::string echoes_;  // '-': what is typed is hidden from here; '+': shown again
  std::istringstream in_;
  std::ostringstream out_, err_;
};

TEST_F(EncryptionCli, PassphraseIsTheFirstLineOfStandardInput) {
  in_.str("open sesame\nand more\n");
  ASSERT_EQ(Oca("storage_group --setpassphrase --name g"), 0);
  EXPECT_EQ(LastCall(), "SetPassphrase: name: \"g\" passphrase: \"open sesame\"");
  in_.str("open sesame");
  ASSERT_EQ(Oca("storage_group --unlock --name g --json"), 0);
  EXPECT_EQ(LastCall(), "Unlock: name: \"g\" passphrase: \"open sesame\"");
  in_.str("\n");
  EXPECT_EQ(Oca("storage_group --unlock --name g"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("no passphrase"));
  in_.str("a wrong one\n");
  Fail(absl::PermissionDeniedError("the passphrase is wrong"));
  EXPECT_EQ(Oca("storage_group --unlock --name g"), kFailed);
  EXPECT_THAT(err_.str(), AllOf(HasSubstr("is wrong"), Not(HasSubstr("a wrong one"))));
}

TEST_F(EncryptionCli, PassphraseIsAskedForTwiceOnATerminalAndNotShown) {
  terminal_ = true;
  in_.str("open sesame\nopen sesame\n");
  ASSERT_EQ(Oca("storage_group --setpassphrase --name g"), 0);
  EXPECT_EQ(LastCall(), "SetPassphrase: name: \"g\" passphrase: \"open sesame\"");
  EXPECT_EQ(echoes_, "-+-+");
  EXPECT_THAT(out_.str(), Not(HasSubstr("sesame")));
  in_.str("open sesame\nopen says me\n");
  EXPECT_EQ(Oca("storage_group --setpassphrase --name g"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("different"));
  in_.str("open sesame\n");
  EXPECT_EQ(Oca("storage_group --unlock --name g"), 0);
}

TEST_F(EncryptionCli, EncryptionIsShownTurnedOnAndNeverOff) {
  ASSERT_EQ(Oca("storage_group --encryption --name DefaultGroup"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Encryption        : off\n"));
  EXPECT_EQ(LastCall(), "");
  EXPECT_EQ(Oca("storage_group --encryption --name DefaultGroup --set ON"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("--yes"));
  EXPECT_EQ(Oca("storage_group --encryption --name DefaultGroup --mode static"), kUsage);
  ASSERT_EQ(Oca("storage_group --encryption --name DefaultGroup --set ON --yes"), 0);
  EXPECT_EQ(LastCall(), "Encrypt: name: \"DefaultGroup\" mode: ENCRYPTION_MODE_STATIC");
  ASSERT_EQ(Oca("storage_group --encryption --name DefaultGroup --set ON --mode internal "
                "--interval 90days --yes"),
            0);
  EXPECT_EQ(LastCall(),
            "Encrypt: name: \"DefaultGroup\" mode: ENCRYPTION_MODE_INTERNAL rotation_seconds: "
            "7776000");
  for (const char* bad :
       {"--set ON --mode internal", "--set ON --interval 90days",
        "--set ON --mode internal --interval 6days", "--set maybe", "--set ON --mode rotating"}) {
    EXPECT_EQ(Oca(std::string("storage_group --encryption --yes --name DefaultGroup ") + bad),
              kUsage)
        << bad;
  }
  {
    absl::MutexLock lock(&management_.mu);
    management_.encrypted = true;
  }
  EXPECT_EQ(Oca("storage_group --encryption --name DefaultGroup --set OFF --yes"), kConflict);
  // It asks only before it is turned on.
  ASSERT_EQ(Oca("storage_group --encryption --name DefaultGroup --mode internal --interval 1year"),
            0);
  EXPECT_THAT(LastCall(), HasSubstr("rotation_seconds: 31536000"));
}

}  // namespace
}  // namespace oca::cli
