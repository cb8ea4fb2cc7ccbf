// The shipped program: a library from nothing to a host that reads and writes.
#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/integration/60_vtl/iscsi_host.h"
#include "t/integration/60_vtl/units.h"
#include "t/support/free_port.h"
#include "t/support/process.h"
#include "t/support/temp_dir.h"

namespace oca::scsi {
namespace {

class Ocavtl : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(Command({"create", "--library", dir_.Path("lib1"), "--serial", "LIB001",
                       "--barcode_prefix", "AFNGC6", "--no_of_drives", "2"}),
              0);
    ASSERT_EQ(Command({"add_carts", "--library", dir_.Path("lib1"), "--tape_size", "1GB"}), 0);
  }
  void TearDown() override {
    if (server_ != nullptr) StopServing();
    if (HasFailure()) fprintf(stderr, "%s", Log().c_str());
  }
  int Command(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), OCA_VTL_PROGRAM);
    return support::RunCommand(arguments, dir_.Path("log"));
  }
  std::string Log() const { return support::ReadText(dir_.Path("log")); }
  // Starts serving to those whom `access` names, and waits until it says so.
  void Serve(const std::vector<std::string>& access = {"--initiator", kHost}) {
    size_t before = Log().size();
    std::vector<std::string> command = {OCA_VTL_PROGRAM, "serve", "--library", dir_.Path("lib1"),
                                        "--target",      kTarget, "--portal",  portal_};
    command.insert(command.end(), access.begin(), access.end());
    server_ = std::make_unique<support::Process>(command, dir_.Path("log"));
    absl::Time deadline = absl::Now() + kPatience;
    while (Log().find(" serving ", before) == std::string::npos) {
      ASSERT_FALSE(server_->WaitForEnd(absl::Milliseconds(20))) << Log();
      ASSERT_LT(absl::Now(), deadline) << Log();
    }
  }
  // A file with a password, as ocavtl reads it.
  void Secret(const std::string& name, const std::string& password) {
    std::ofstream(dir_.Path(name)) << password << "\n";
    ASSERT_EQ(chmod(dir_.Path(name).c_str(), 0600), 0);
  }
  // Orderly; its exit code.
  int StopServing() {
    server_->Signal(SIGTERM);
    EXPECT_TRUE(server_->WaitForEnd(kPatience));
    int code = server_->exit_code();
    server_.reset();
    return code;
  }
  Login LoginAs(const std::string& initiator) const {
    return {.portal = portal_,
            .target = kTarget,
            .initiator = initiator,
            .user = "",
            .password = "",
            .target_user = "",
            .target_password = ""};
  }

  support::TempDir dir_;
  std::string portal_ = "127.0.0.1:" + std::to_string(support::FreePort());
  std::unique_ptr<support::Process> server_;
};

TEST_F(Ocavtl, ServesALibraryToThoseWhoMay) {
  Serve();
  EXPECT_NE(IscsiHost(LoginAs("iqn.2026-11.local.test:stranger")).error(), "");
  {
    IscsiHost host(LoginAs(kHost));
    ASSERT_EQ(host.error(), "");
    for (int lun : {kChanger, kTape}) EXPECT_SENSE(host.Send(lun, std::string(6, '\0')), 6, 0x2900);
    EXPECT_GOOD(host.Send(kChanger, Raw({0xa5, 0, 0, 0, 3, 0xe8, 1, 0xf4, 0, 0, 0, 0})));
    // Larger than tgt's own bursts and segments.
    const std::string block(1 << 20, 'b');
    EXPECT_GOOD(WriteBlock(host, kTape, block));
    EXPECT_GOOD(host.Send(kTape, Raw({0x01, 0, 0, 0, 0, 0})));
    EXPECT_EQ(ReadBlock(host, kTape, 1 << 20).data, block);
  }
  EXPECT_EQ(StopServing(), 0) << Log();
  EXPECT_EQ(Command({"show", "--library", dir_.Path("lib1")}), 0);
  EXPECT_THAT(Log(), testing::HasSubstr("drive         500  AFNGC6000"));
  // Everything is where it was.
  Serve();
  IscsiHost host(LoginAs(kHost));
  EXPECT_SENSE(host.Send(kTape, std::string(6, '\0')), 6, 0x2900);
  EXPECT_GOOD(ReadBlock(host, kTape, 1 << 20));
}

TEST_F(Ocavtl, LetsInByAddress) {
  Serve({"--address", "127.0.0.0/8"});
  EXPECT_EQ(IscsiHost(LoginAs(kHost)).error(), "");
  EXPECT_EQ(StopServing(), 0);
  Serve({"--address", "192.0.2.1"});
  EXPECT_NE(IscsiHost(LoginAs(kHost)).error(), "");
}

TEST_F(Ocavtl, AsksForPasswordsAndGivesItsOwn) {
  Secret("host", "host-password");
  Secret("target", "target-password");
  Serve({"--initiator", kHost, "--chap_user", "backup", "--chap_password_file", dir_.Path("host"),
         "--mutual_user", "tape", "--mutual_password_file", dir_.Path("target")});
  Login login = LoginAs(kHost);
  EXPECT_NE(IscsiHost(login).error(), "");
  login.user = "backup";
  login.password = "wrong-password";
  EXPECT_NE(IscsiHost(login).error(), "");
  login.password = "host-password";
  EXPECT_EQ(IscsiHost(login).error(), "");
  login.target_user = "tape";
  login.target_password = "target-password";
  EXPECT_EQ(IscsiHost(login).error(), "");
  login.target_password = "other-password";
  EXPECT_NE(IscsiHost(login).error(), "");
  // A right password opens no door for a stranger; nothing of it is seen from outside.
  login.target_password = "target-password";
  login.initiator = "iqn.2026-11.local.test:stranger";
  EXPECT_NE(IscsiHost(login).error(), "");
  EXPECT_EQ(Log().find("password"), std::string::npos);
}

TEST_F(Ocavtl, EndsWhenTgtdDies) {
  Serve();
  // The only child that it has.
  std::string children = support::ReadText("/proc/" + std::to_string(server_->pid()) + "/task/" +
                                           std::to_string(server_->pid()) + "/children");
  pid_t tgtd = static_cast<pid_t>(std::stoi(children));
  ASSERT_GT(tgtd, 1);
  ASSERT_EQ(kill(tgtd, SIGKILL), 0);
  ASSERT_TRUE(server_->WaitForEnd(kPatience));
  EXPECT_EQ(server_->exit_code(), 1);
  EXPECT_THAT(Log(), testing::HasSubstr("tgtd has ended (137)"));
}

TEST_F(Ocavtl, WhatCannotBeServedSaysWhy) {
  EXPECT_EQ(Command({"serve", "--library", dir_.Path("none"), "--target", kTarget, "--portal",
                     portal_, "--initiator", kHost}),
            1);
  EXPECT_THAT(Log(), testing::HasSubstr(dir_.Path("none")));
  EXPECT_EQ(Command({"serve", "--library", dir_.Path("lib1"), "--target", kTarget, "--portal",
                     portal_, "--initiator", kHost, "--module", "/nowhere.so"}),
            1);
  EXPECT_THAT(Log(), testing::HasSubstr("bstype"));
}

}  // namespace
}  // namespace oca::scsi
