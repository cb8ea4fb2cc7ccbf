// The server on loopback, over a library in memory and containers in a folder of the machine.
#ifndef OCA_T_UNIT_GATEWAYS_NDMP_SERVER_FIXTURE_H_
#define OCA_T_UNIT_GATEWAYS_NDMP_SERVER_FIXTURE_H_

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "gateways/ndmp/session/server.h"
#include "gtest/gtest.h"
#include "t/support/temp_dir.h"
#include "t/unit/gateways/ndmp/client.h"
#include "t/unit/gateways/ndmp/memory_library.h"

namespace oca::ndmp {

constexpr uint32_t kLoopback = 0x7f000001;
constexpr char kDrive0[] = "/oca/lib1/drive0";
constexpr char kDrive1[] = "/oca/lib1/drive1";
constexpr char kChanger[] = "/oca/lib1/changer";

// Those that are given.
class FixedLibraries final : public LibraryDirectory {
 public:
  explicit FixedLibraries(std::vector<LibraryAddress> libraries)
      : libraries_(std::move(libraries)) {}
  std::vector<LibraryAddress> Libraries() override { return libraries_; }

 private:
  const std::vector<LibraryAddress> libraries_;
};

// Knows one user, and takes a digest that is the challenge's beginning for right.
class FakeAuthenticator final : public Authenticator {
 public:
  absl::Status Check(const Credentials& credentials) override {
    bool right = credentials.digest.empty()
                     ? credentials.password == "secret"
                     : credentials.digest == credentials.challenge.substr(0, 16);
    return credentials.user == "backup_user" && right ? absl::OkStatus()
                                                      : absl::UnauthenticatedError("no");
  }
};

// Remembers them.
class NotedFailures final : public FailureListener {
 public:
  void OperationFailed(const OperationFailure& failure) override {
    absl::MutexLock lock(&mu_);
    operations_.push_back(failure);
  }
  void TransferFailed(const TransferFailure& failure) override {
    absl::MutexLock lock(&mu_);
    transfers_.push_back(failure);
  }
  void LoginsRefused(const LoginRefusal& refusal) override {
    absl::MutexLock lock(&mu_);
    refusals_.push_back(refusal);
  }
  void DriveRefused(const DriveRefusal& refusal) override {
    absl::MutexLock lock(&mu_);
    drives_.push_back("busy " + refusal.device + " for " + refusal.client);
  }
  void DriveOpened(const std::string& device) override {
    absl::MutexLock lock(&mu_);
    drives_.push_back("open " + device);
  }
  // In the order of what happened.
  std::vector<std::string> drives() const {
    absl::MutexLock lock(&mu_);
    return drives_;
  }
  std::vector<OperationFailure> operations() const {
    absl::MutexLock lock(&mu_);
    return operations_;
  }
  std::vector<TransferFailure> transfers() const {
    absl::MutexLock lock(&mu_);
    return transfers_;
  }
  std::vector<LoginRefusal> refusals() const {
    absl::MutexLock lock(&mu_);
    return refusals_;
  }

 private:
  mutable absl::Mutex mu_;
  std::vector<OperationFailure> operations_ ABSL_GUARDED_BY(mu_);
  std::vector<TransferFailure> transfers_ ABSL_GUARDED_BY(mu_);
  std::vector<LoginRefusal> refusals_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> drives_ ABSL_GUARDED_BY(mu_);
};

class ServerTest : public testing::Test {
 protected:
  explicit ServerTest(uint64_t tape_bytes = 64 << 20) : library_(tape_bytes) {
    for (const char* container : {"c1", "c2"}) {
      EXPECT_TRUE(std::filesystem::create_directory(mount_.Path(container)));
    }
    auto server = Server::Start({{kLoopback, 0}, {}}, shared_);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  std::unique_ptr<Client> NewClient(int version = 4) {
    auto client = std::make_unique<Client>(server_->endpoint(), version);
    EXPECT_EQ(client->SignIn("backup_user", "secret"), Error::kNone);
    return client;
  }

  // What clients know as "/oca/<below>".
  std::string Path(const std::string& below) const { return mount_.Path(below); }

  support::TempDir mount_;
  const Tree tree_{mount_.path()};
  MemoryLibrary library_;
  FixedLibraries libraries_{std::vector<LibraryAddress>{{"lib1", "", "", "", "", {}}}};
  Devices devices_{libraries_, library_.Opener()};
  FakeAuthenticator authenticator_;
  NotedFailures failures_;
  SessionList sessions_;
  Shared shared_{devices_, authenticator_, tree_, "1.0", failures_, sessions_};
  std::unique_ptr<Server> server_;
};

}  // namespace oca::ndmp

#endif  // OCA_T_UNIT_GATEWAYS_NDMP_SERVER_FIXTURE_H_
