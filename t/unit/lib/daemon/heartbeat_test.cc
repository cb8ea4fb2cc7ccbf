#include "lib/daemon/heartbeat.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "gtest/gtest.h"
#include "lib/base/bell.h"
#include "lib/daemon/pid_file.h"
#include "t/support/process.h"
#include "t/support/temp_dir.h"

namespace oca::daemon {
namespace {

class HeartbeatOfOne : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::mkdir(home_.Path("run").c_str(), 0700), 0);
    std::ofstream(home_.Path("keeper")) << "#!/bin/sh\ntouch \"$2/started\"\n";
    ASSERT_EQ(::chmod(home_.Path("keeper").c_str(), 0755), 0);
    ::setenv("OCA_HOME", home_.path().c_str(), 1);
    ::setenv("OCA_KEEPER", home_.Path("keeper").c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("OCA_HOME");
    ::unsetenv("OCA_KEEPER");
  }
  static bool Eventually(const std::function<bool()>& condition) {
    const absl::Time end = MonotonicNow() + absl::Seconds(60);
    Bell nobody;
    while (!condition()) {
      if (MonotonicNow() > end) return false;
      nobody.WaitFor(absl::Milliseconds(10));
    }
    return true;
  }
  bool IsStarted() const { return std::filesystem::exists(home_.Path("started")); }

  support::TempDir home_;
  const std::string lock_ = home_.Path("run/watcher_spawn.pid");
};

TEST_F(HeartbeatOfOne, StartsTheKeeperAfterItHasEndedAndNotBefore) {
  support::Process keeper(
      {"sh", "-c", "echo $$ >'" + lock_ + "'; exec flock --no-fork '" + lock_ + "' sleep 1000"},
      home_.Path("log"));
  ASSERT_TRUE(Eventually([&] { return HolderOf(lock_) == keeper.pid(); }));
  const std::unique_ptr<Heartbeat> heartbeat = Heartbeat::Start();
  EXPECT_FALSE(IsStarted());
  keeper.Signal(SIGKILL);
  EXPECT_TRUE(Eventually([&] { return IsStarted(); }));
}

TEST_F(HeartbeatOfOne, StartsTheKeeperWhenThereNeverWasOne) {
  const std::unique_ptr<Heartbeat> heartbeat = Heartbeat::Start();
  EXPECT_TRUE(Eventually([&] { return IsStarted(); }));
}

TEST_F(HeartbeatOfOne, EndsAtOnce) {
  const auto keeper = PidFile::Acquire(lock_);
  ASSERT_TRUE(keeper.ok()) << keeper.status();
  const absl::Time begun = MonotonicNow();
  Heartbeat::Start().reset();
  EXPECT_LT(MonotonicNow() - begun, absl::Seconds(4));
}

}  // namespace
}  // namespace oca::daemon
