// ocavtl (with its tgtd) and ocandmpd as they are shipped, with one tape in the first drive, and
// two hosts that are logged in.
#ifndef OCA_T_INTEGRATION_60_VTL_CONTENTION_H_
#define OCA_T_INTEGRATION_60_VTL_CONTENTION_H_

#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/api/gateways.grpc.pb.h"
#include "lib/api/home.h"
#include "lib/rpc/unix_socket.h"
#include "t/integration/60_vtl/iscsi_host.h"
#include "t/integration/60_vtl/units.h"
#include "t/support/free_port.h"
#include "t/support/process.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"
#include "t/unit/gateways/ndmp/client.h"

namespace oca::scsi {

namespace mgmt = management::v1;
using ndmp::Error;

constexpr char kOne[] = "iqn.2026-11.local.test:one";
constexpr char kTwo[] = "iqn.2026-11.local.test:two";
constexpr char kGateway[] = "iqn.2026-11.local.oca:ndmp";
constexpr char kDrive[] = "/oca/lib1/drive0";
constexpr uint32_t kLoopback = 0x7f000001;
constexpr uint32_t kBlockBytes = 4096;
inline const std::string kRewind = Raw({0x01, 0, 0, 0, 0, 0});
inline const std::string kReserve = Raw({0x16, 0, 0, 0, 0, 0});
inline const std::string kRelease = Raw({0x17, 0, 0, 0, 0, 0});

// ocaconfigsvc as ocandmpd sees it: everybody may sign in, and nothing is set.
class FakeGateways final : public mgmt::Gateways::Service {
 public:
  std::atomic<bool> listens = false;

  grpc::Status CheckNdmpUser(grpc::ServerContext*, const mgmt::CheckNdmpUserRequest*,
                             mgmt::CheckNdmpUserResponse*) override {
    return grpc::Status::OK;
  }
  grpc::Status ReportNdmp(grpc::ServerContext*, const mgmt::ReportNdmpRequest* in,
                          mgmt::ReportNdmpResponse* out) override {
    if (in->listen_port() != 0) listens = true;
    *out->mutable_settings() = in->defaults();
    return grpc::Status::OK;
  }
};

// A block that says whose it is.
inline std::string Block(const std::string& owner, int run, int number) {
  std::string block = fmt::format("{} run {} block {} ", owner, run, number);
  block.resize(kBlockBytes, owner[0]);
  return block;
}

// PERSISTENT RESERVE OUT, exclusive access.
inline Answer PersistentOut(IscsiHost& host, int action, uint64_t key, uint64_t action_key = 0) {
  std::string list;
  PutBe(&list, key, 8);
  PutBe(&list, action_key, 8);
  return host.Send(kTape, Raw({0x5f, action, 3, 0, 0, 0, 0, 0, 24, 0}),
                   list + std::string(8, '\0'));
}

class Contention : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* folder : {"h", "h/run", "h/gateways", "h/log"}) {
      ASSERT_EQ(::mkdir(dir_.Path(folder).c_str(), 0700), 0);
    }
    ServeLibrary();
    ASSERT_OK_AND_ASSIGN(gateways_server_,
                         rpc::UnixServer::Start(api::GatewaysSocket(home_), {&gateways_}));
    ServeNdmp();
    one_ = NewHost(kOne);
    two_ = NewHost(kTwo);
    ASSERT_EQ(one_->error() + two_->error(), "");
    EXPECT_SENSE(one_->Send(kChanger, kReady), 6, 0x2900);
    EXPECT_GOOD(one_->Send(kChanger, Raw({0xa5, 0, 0, 0, 3, 0xe8, 1, 0xf4, 0, 0, 0, 0})));
    for (IscsiHost* host : {one_.get(), two_.get()}) Hear(*host);
  }
  void TearDown() override {
    one_.reset();
    two_.reset();
    for (support::Process* each : {ocandmpd_.get(), ocavtl_.get()}) {
      if (each == nullptr) continue;
      each->Signal(SIGTERM);
      EXPECT_TRUE(each->WaitForEnd(kPatience));
      EXPECT_EQ(each->exit_code(), 0);
    }
    if (HasFailure()) fprintf(stderr, "%s", Log().c_str());
  }

  std::string Log() const { return support::ReadText(dir_.Path("log")); }
  void ServeLibrary() {
    auto command = [&](std::vector<std::string> words) {
      words.insert(words.begin(), OCA_VTL_PROGRAM);
      return words;
    };
    const std::string library = dir_.Path("lib1");
    ASSERT_EQ(support::RunCommand(command({"create", "--library", library, "--serial", "LIB001",
                                           "--barcode_prefix", "AFNGC6", "--no_of_drives", "2"}),
                                  dir_.Path("log")),
              0);
    ASSERT_EQ(
        support::RunCommand(command({"add_carts", "--library", library, "--tape_size", "1GB"}),
                            dir_.Path("log")),
        0);
    ocavtl_ = std::make_unique<support::Process>(
        command({"serve", "--library", library, "--target", kTarget, "--portal", portal_,
                 "--initiator", kOne, "--initiator", kTwo, "--initiator", kGateway}),
        dir_.Path("log"));
    AwaitLog(*ocavtl_, " serving ");
  }
  void ServeNdmp() {
    std::ofstream(home_ + "/ndmp.toml") << fmt::format(
        "address = \"127.0.0.1\"\nport = {}\nmount = \"{}\"\n[[library]]\nname = "
        "\"lib1\"\nportal = \"{}\"\ntarget = \"{}\"\ninitiator = \"{}\"\n",
        ndmp_port_, dir_.path(), portal_, kTarget, kGateway);
    ocandmpd_ = std::make_unique<support::Process>(
        std::vector<std::string>{OCA_NDMP_PROGRAM, "--home", home_}, dir_.Path("log"));
    const absl::Time deadline = absl::Now() + kPatience;
    while (!gateways_.listens) {
      ASSERT_FALSE(ocandmpd_->WaitForEnd(absl::Milliseconds(20))) << Log();
      ASSERT_LT(absl::Now(), deadline) << Log();
    }
  }
  void AwaitLog(support::Process& process, const std::string& words) {
    const absl::Time deadline = absl::Now() + kPatience;
    while (Log().find(words) == std::string::npos) {
      ASSERT_FALSE(process.WaitForEnd(absl::Milliseconds(20))) << Log();
      ASSERT_LT(absl::Now(), deadline) << Log();
    }
  }
  std::unique_ptr<IscsiHost> NewHost(const std::string& name) {
    return std::make_unique<IscsiHost>(Login{.portal = portal_,
                                             .target = kTarget,
                                             .initiator = name,
                                             .user = "",
                                             .password = "",
                                             .target_user = "",
                                             .target_password = ""});
  }
  // The news that a host has not heard yet: a new session, a cartridge.
  static void Hear(IscsiHost& host) {
    for (int i = 0; i < 4 && host.Send(kTape, kReady).status != Status::kGood; ++i) {
    }
    EXPECT_GOOD(host.Send(kTape, kReady));
  }
  std::unique_ptr<ndmp::Client> NewSession() {
    auto client = std::make_unique<ndmp::Client>(ndmp::Endpoint{kLoopback, ndmp_port_});
    EXPECT_EQ(client->SignIn("backup_user", "secret"), Error::kNone);
    return client;
  }
  static Error WriteByNdmp(ndmp::Client& client, const std::string& block) {
    return client.Ask<ndmp::TapeWriteReply>(ndmp::Code::kTapeWrite, ndmp::TapeWriteRequest{block})
        .error;
  }
  // The tape from its beginning: the blocks between marks, run by run.
  std::vector<std::vector<std::string>> Runs() {
    std::vector<std::vector<std::string>> runs(1);
    EXPECT_GOOD(one_->Send(kTape, kRewind));
    while (true) {
      Answer answer = ReadBlock(*one_, kTape, kBlockBytes);
      if (answer.status == Status::kGood) {
        runs.back().push_back(answer.data);
      } else if (answer.filemark()) {
        runs.emplace_back();
      } else {
        EXPECT_EQ(answer.key(), 8) << "not the end of data";
        break;
      }
    }
    runs.pop_back();
    return runs;
  }

  support::TempDir dir_;
  const std::string home_ = dir_.Path("h");
  const std::string portal_ = "127.0.0.1:" + std::to_string(support::FreePort());
  const uint16_t ndmp_port_ = static_cast<uint16_t>(support::FreePort());
  FakeGateways gateways_;
  std::unique_ptr<rpc::UnixServer> gateways_server_;
  std::unique_ptr<support::Process> ocavtl_, ocandmpd_;
  std::unique_ptr<IscsiHost> one_, two_;
};

}  // namespace oca::scsi

#endif  // OCA_T_INTEGRATION_60_VTL_CONTENTION_H_
