#include "services/watcher/process.h"

#include <signal.h>

#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/daemon/notify.h"
#include "lib/daemon/pid_file.h"
#include "services/watcher/notify_socket.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::watcher {
namespace {

std::string TextOf(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(Process, RunsWithItsEnvironmentAloneAndSaysHowItEnded) {
  support::TempDir dir;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start({"/bin/sh", "-c", "echo $A-$HOME; exit 3"},
                                                       {"A=b"}, dir.Path("log")));
  ASSERT_TRUE(process.Ended(absl::Seconds(30)));
  EXPECT_EQ(process.Reap(), "exit code 3");
  EXPECT_EQ(TextOf(dir.Path("log")), "b-\n");
}

TEST(Process, KilledOneSaysSo) {
  support::TempDir dir;
  ASSERT_OK_AND_ASSIGN(Process process,
                       Process::Start({"/bin/sleep", "1000"}, {}, dir.Path("log")));
  EXPECT_FALSE(process.Ended(absl::ZeroDuration()));
  process.Signal(SIGKILL);
  ASSERT_TRUE(process.Ended(absl::Seconds(30)));
  EXPECT_EQ(process.Reap(), "signal 9 (Killed)");
}

TEST(Process, WhatCannotBeStartedIsAnError) {
  support::TempDir dir;
  EXPECT_ERRNO(Process::Start({"/nonexistent"}, {}, dir.Path("log")), ENOENT);
}

TEST(HolderOf, IsTheProcessThatHoldsTheLock) {
  support::TempDir dir;
  const std::string path = dir.Path("x.pid");
  EXPECT_EQ(daemon::HolderOf(path), std::nullopt);
  {
    ASSERT_OK_AND_ASSIGN(auto lock, daemon::PidFile::Acquire(path));
    EXPECT_EQ(daemon::HolderOf(path), ::getpid());
  }
  std::ofstream(path) << ::getpid() << "\n";  // what a crash leaves
  EXPECT_EQ(daemon::HolderOf(path), std::nullopt);
}

TEST(NotifySocket, TakesWhatIsSentWithItsSender) {
  support::TempDir dir;
  ASSERT_OK_AND_ASSIGN(auto socket, NotifySocket::Open(dir.Path("n")));
  EXPECT_FALSE(socket->Next().has_value());
  ASSERT_OK(daemon::SendState(dir.Path("n"), "READY=1\nX=2"));
  std::optional<Notice> notice = socket->Next();
  ASSERT_TRUE(notice.has_value());
  EXPECT_EQ(notice->text, "READY=1\nX=2");
  EXPECT_EQ(notice->pid, ::getpid());
  // One that is in the way is replaced.
  ASSERT_OK(NotifySocket::Open(dir.Path("n")));
}

TEST(NotifySocket, SenderNeverWaits) {
  support::TempDir dir;
  ASSERT_OK_AND_ASSIGN(auto socket, NotifySocket::Open(dir.Path("n")));
  bool refused = false;
  for (int i = 0; i < 100'000 && !refused; ++i) {
    refused = !daemon::SendState(dir.Path("n"), "WATCHDOG=1").ok();
  }
  EXPECT_TRUE(refused);
}

}  // namespace
}  // namespace oca::watcher
