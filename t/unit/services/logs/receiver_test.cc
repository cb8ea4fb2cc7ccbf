#include "services/logs/receiver.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/log/log.h"
#include "lib/log/writer_sink.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::logs {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

class Writer : public testing::Test {
 protected:
  void Listen() { ASSERT_OK_AND_ASSIGN(receiver_, Receiver::Open(log::WriterSocket(path_))); }
  // What has come, each line with its sender's name before it.
  std::vector<std::string> Lines(size_t at_least) {
    std::vector<std::string> lines;
    auto take = [&](std::string_view name, std::string_view line) {
      lines.push_back(std::string(name) + ": " + std::string(line.substr(line.find("] ") + 2)));
    };
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    while (lines.size() < at_least && absl::Now() < deadline) {
      receiver_->TakeSome(absl::Milliseconds(100), take);
    }
    return lines;
  }
  std::string InFile() {
    std::ifstream in(path_);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  void TearDown() override { ASSERT_OK(log::InitLog("log_writer_test", "", "info")); }

  // A connection by hand, which sends `packets`.
  int Connect(const std::vector<std::string>& packets) {
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    log::WriterSocket(path_).copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    for (const std::string& packet : packets) {
      EXPECT_EQ(send(fd, packet.data(), packet.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(packet.size()));
    }
    return fd;
  }

  support::TempDir dir_;
  std::string path_ = dir_.Path("prog.log");
  std::unique_ptr<Receiver> receiver_;
};

TEST_F(Writer, TakesTheLinesOfAProcess) {
  Listen();
  struct stat info {};
  ASSERT_EQ(stat(log::WriterSocket(path_).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_OK(log::InitLog("prog", path_, "info"));
  log::Info("first", "n", 1);
  log::Warning("second");
  EXPECT_THAT(Lines(2), ElementsAre("prog: first n=1", "prog: second"));
  EXPECT_EQ(InFile(), "");
}

TEST_F(Writer, WhileItIsAwayTheProcessWritesItself) {
  Listen();
  ASSERT_OK(log::InitLog("prog", path_, "info"));
  log::Info("first");
  EXPECT_THAT(Lines(1), ElementsAre("prog: first"));
  receiver_.reset();
  log::Info("second");
  EXPECT_THAT(InFile(), EndsWith("] second\n"));
  Listen();
  // The process looks for the writer once a second.
  std::vector<std::string> lines;
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (lines.empty() && absl::Now() < deadline) {
    log::Info("third");
    receiver_->TakeSome(absl::Milliseconds(50),
                        [&](std::string_view, std::string_view line) { lines.emplace_back(line); });
  }
  ASSERT_FALSE(lines.empty());
  EXPECT_THAT(lines[0], EndsWith("] third"));
}

TEST_F(Writer, AProcessNeverWaitsAndWhatWasDroppedIsCounted) {
  Listen();
  ASSERT_OK(log::InitLog("prog", path_, "info"));
  constexpr size_t kLines = 20'000;
  for (size_t i = 0; i < kLines; ++i) log::Info("event", "text", std::string(1000, 'x'));
  std::vector<std::string> lines = Lines(1);
  for (std::vector<std::string> more = lines; !more.empty();) {
    more.clear();
    receiver_->TakeSome(absl::ZeroDuration(),
                        [&](std::string_view, std::string_view line) { more.emplace_back(line); });
    lines.insert(lines.end(), more.begin(), more.end());
  }
  ASSERT_LT(lines.size(), kLines);
  log::Info("last");
  EXPECT_THAT(Lines(2),
              ElementsAre("prog: log_lines_dropped lines=" + std::to_string(kLines - lines.size()),
                          "prog: last"));
}

TEST_F(Writer, ProcessesAtOnceLoseNothing) {
  Listen();
  std::vector<int> connections;
  for (int i = 0; i < 20; ++i) {
    const std::string name = "p" + std::to_string(i);
    connections.push_back(Connect({log::WriterGreeting(name), "x] 1", "x] 2"}));
  }
  EXPECT_EQ(Lines(40).size(), 40u);
  for (int fd : connections) close(fd);
}

TEST_F(Writer, WhoDoesNotGreetIsNotHeard) {
  Listen();
  for (const std::string& greeting :
       {std::string("hello"), log::WriterGreeting(""), log::WriterGreeting("../x"),
        log::WriterGreeting("a b"), std::string(100'000, 'x')}) {
    const int fd = Connect({greeting});
    send(fd, "x] line", 7, MSG_NOSIGNAL);
    receiver_->TakeSome(absl::Seconds(10), [](auto...) {});  // the connection
    receiver_->TakeSome(absl::Seconds(10),
                        [](std::string_view, std::string_view line) { FAIL() << line; });
    char byte;
    EXPECT_LE(recv(fd, &byte, 1, 0), 0) << greeting.substr(0, 20);
    close(fd);
  }
}

TEST_F(Writer, AStopTakesWhatWasSentBefore) {
  Listen();
  close(Connect({log::WriterGreeting("prog"), "x] 1", "x] 2"}));
  std::vector<std::string> lines;
  receiver_->Drain([&](std::string_view, std::string_view line) { lines.emplace_back(line); });
  EXPECT_THAT(lines, ElementsAre("x] 1", "x] 2"));
  EXPECT_NE(access(log::WriterSocket(path_).c_str(), F_OK), 0);
}

}  // namespace
}  // namespace oca::logs
