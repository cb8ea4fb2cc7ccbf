// The supervisor over small shell scripts.
#include "services/watcher/supervisor.h"

#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <sstream>
#include <thread>

#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/base/bell.h"
#include "t/support/event_list.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::watcher {
namespace {

class SupervisorTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_OK(Supervisor::BlockSignals()); }

  void SetUp() override {
    for (const char* folder : {"run", "log"}) {
      ASSERT_EQ(::mkdir(dir_.Path(folder).c_str(), 0700), 0);
    }
  }
  void TearDown() override {
    if (runner_.joinable()) Stop();
  }

  // A script that appends its name to the file "started" and the line `then`.
  Spec Script(const std::string& name, const std::string& then) {
    Spec spec;
    spec.name = name;
    spec.command = {"/bin/bash", "-c",
                    fmt::format("echo {0} >>{1}/started; echo $$ >{1}/{0}.number; {2}", name,
                                dir_.path(), then)};
    spec.find = [] { return std::nullopt; };
    spec.probe = [this, name] { return Exists(name + ".number"); };
    spec.tells_ready = false;
    spec.stop_signal = SIGTERM;
    return spec;
  }
  static std::string UntilStopped(const std::string& last_words = ":") {
    return fmt::format("trap '{}; exit 0' TERM; while :; do read -rt 0.05 <> <(:) || :; done",
                       last_words);
  }
  bool Exists(const std::string& name) {
    struct stat info {};
    return ::stat(dir_.Path(name).c_str(), &info) == 0;
  }
  std::string Text(const std::string& name) {
    std::stringstream text;
    text << std::ifstream(dir_.Path(name)).rdbuf();
    return text.str();
  }
  // The lines of run/test.status: "name state pid ends".
  std::vector<std::string> Status(const std::string& name) {
    for (absl::string_view line : absl::StrSplit(Text("run/test.status"), '\n')) {
      std::vector<std::string> words = absl::StrSplit(line, ' ');
      if (words[0] == name) return words;
    }
    return {"", "", "", ""};
  }
  template <typename Condition>
  ::testing::AssertionResult Eventually(Condition condition) {
    const absl::Time deadline = absl::Now() + absl::Seconds(60);
    while (!condition()) {
      if (absl::Now() > deadline) {
        return ::testing::AssertionFailure() << "status:\n" << Text("run/test.status");
      }
      Bell().WaitFor(absl::Milliseconds(1));
    }
    return ::testing::AssertionSuccess();
  }
  // Waits for them: an event is sent without waiting for whoever reads it.
  void ExpectEvents(const std::vector<std::string>& expected) {
    std::vector<std::string> events;
    EXPECT_TRUE(Eventually([&] {
      for (std::string& text : events_.Take()) events.push_back(std::move(text));
      return events.size() >= expected.size();
    }));
    EXPECT_EQ(events, expected);
  }
  ::testing::AssertionResult BecomesUp(const std::string& name) {
    return Eventually([&] { return Status(name)[1] == "up"; });
  }

  void Run(std::vector<Spec> specs, int give_up_after = 10) {
    Options options;
    options.name = "test";
    options.home = dir_.path();
    options.give_up_after = give_up_after;
    options.environment = {"PATH=/usr/bin:/bin"};
    options.events = &events_;
    ASSERT_OK_AND_ASSIGN(supervisor_, Supervisor::Create(std::move(options), std::move(specs)));
    runner_ = std::thread([this] { supervisor_->Run(); });
  }
  void Stop() {
    ::kill(::getpid(), SIGTERM);
    runner_.join();
    supervisor_.reset();
  }

  support::TempDir dir_;
  support::EventList events_;
  std::unique_ptr<Supervisor> supervisor_;
  std::thread runner_;
};

TEST_F(SupervisorTest, StartsInOrderAndStopsInReverse) {
  Run({Script("a", UntilStopped("echo -a >>" + dir_.Path("started"))),
       Script("b", UntilStopped("echo -b >>" + dir_.Path("started"))),
       Script("c", UntilStopped("echo -c >>" + dir_.Path("started")))});
  ASSERT_TRUE(BecomesUp("c"));
  Stop();
  EXPECT_EQ(Text("started"), "a\nb\nc\n-c\n-b\n-a\n");
  EXPECT_EQ(Status("a")[1], "waits");
}

TEST_F(SupervisorTest, KilledProcessIsBackAndOthersGoOn) {
  Run({Script("a", UntilStopped()), Script("b", UntilStopped())});
  ASSERT_TRUE(BecomesUp("b"));
  const std::string other = Status("a")[2];
  const std::string killed = Status("b")[2];
  ::kill(std::stoi(killed), SIGKILL);
  ASSERT_TRUE(Eventually([&] {
    const std::vector<std::string> status = Status("b");
    return status[1] == "up" && status[2] != killed;
  }));
  EXPECT_EQ(Status("a")[2], other);
  EXPECT_TRUE(Eventually([&] { return Text("started") == "a\nb\nb\n"; }));
  ExpectEvents({"b ended (signal 9 (Killed)) and is started again", "b serves again"});
}

TEST_F(SupervisorTest, CrashLoopIsGivenUpUntilSomebodyAsks) {
  Run({Script("bad", "exit 7"), Script("good", UntilStopped())}, 3);
  ASSERT_TRUE(Eventually([&] { return Status("bad")[1] == "given_up"; }));
  EXPECT_TRUE(BecomesUp("good"));
  EXPECT_THAT(
      events_.Take(),
      testing::AllOf(
          testing::Contains("bad ended (exit code 7) and is started again").Times(2),
          testing::Contains("bad ended 3 times in a row, last with exit code 7, and is not started "
                            "any more")));
  EXPECT_EQ(Status("bad")[3], "3");
  ::kill(::getpid(), SIGHUP);
  ASSERT_TRUE(Eventually([&] {
    const std::string started = Text("started");
    return std::count(started.begin(), started.end(), 'b') >= 6;
  }));
  EXPECT_TRUE(Eventually([&] { return Status("bad")[1] == "given_up"; }));
}

TEST_F(SupervisorTest, WhatDoesNotAnswerIsKilledAndStartedAgain) {
  std::atomic<bool> answers = true;
  Spec spec = Script("a", UntilStopped());
  spec.probe = [&] { return answers.load(); };
  spec.silence = absl::Milliseconds(200);
  Run({spec});
  ASSERT_TRUE(BecomesUp("a"));
  const std::string first = Status("a")[2];
  answers = false;
  ASSERT_TRUE(Eventually([&] { return Status("a")[2] != first; }));
  answers = true;
  EXPECT_TRUE(BecomesUp("a"));
  Stop();
}

TEST_F(SupervisorTest, WhatDoesNotStopIsKilled) {
  Spec spec = Script("a", "trap '' TERM; while :; do read -rt 0.05 <> <(:) || :; done");
  spec.stop_timeout = absl::Milliseconds(100);
  Run({spec});
  ASSERT_TRUE(BecomesUp("a"));
  const int pid = std::stoi(Status("a")[2]);
  Stop();
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST_F(SupervisorTest, RunningProcessIsTakenOverNotDoubled) {
  ASSERT_OK_AND_ASSIGN(Process before,
                       Process::Start({"/bin/sleep", "1000"}, {}, dir_.Path("log/x")));
  Spec spec = Script("a", UntilStopped());
  spec.find = [&]() -> std::optional<pid_t> {
    if (before.Ended(absl::ZeroDuration())) return std::nullopt;
    return before.pid();
  };
  spec.probe = [] { return true; };
  Run({spec});
  ASSERT_TRUE(BecomesUp("a"));
  EXPECT_EQ(Status("a")[2], std::to_string(before.pid()));
  EXPECT_FALSE(Exists("started"));
  before.Signal(SIGKILL);
  ASSERT_TRUE(Eventually([&] { return Text("started") == "a\n"; }));
  EXPECT_TRUE(BecomesUp("a"));
  Stop();
}

TEST_F(SupervisorTest, WhoSaysSoStaysDownUntilSomebodyAsks) {
  Spec spec = Script("a", "");
  spec.command[2] +=
      "exec python3 -c 'import os, socket, signal\n"
      "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
      "s.connect(os.environ[\"NOTIFY_SOCKET\"])\n"
      "s.send(b\"READY=1\")\n"
      "s.send(b\"X_STAY_DOWN=1\")'";
  Run({spec});
  ASSERT_TRUE(Eventually([&] { return Status("a")[1] == "asked_down"; }));
  EXPECT_EQ(Text("started"), "a\n");
  ::kill(::getpid(), SIGHUP);
  ASSERT_TRUE(Eventually([&] { return Text("started") == "a\na\n"; }));
}

TEST_F(SupervisorTest, ProcessesKnowTheirHome) {
  Spec spec = Script("a", UntilStopped());
  spec.command[2] = fmt::format("echo $OCA_HOME >{}/home; ", dir_.path()) + spec.command[2];
  Run({spec});
  ASSERT_TRUE(BecomesUp("a"));
  EXPECT_EQ(Text("home"), dir_.path() + "\n");
}

}  // namespace
}  // namespace oca::watcher
