#include "lib/log/log.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "lib/base/status.h"
#include "lib/log/request.h"

namespace oca::log {
namespace {

class Log : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "oca-log-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override {
    ASSERT_TRUE(InitLog("log_test", "", "info").ok());
    std::filesystem::remove_all(dir_);
  }
  std::string Contents(const std::string& path) {
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  std::string dir_;
};

TEST_F(Log, WritesToStderrBeforeInit) {
  testing::internal::CaptureStderr();
  Info("early", "n", 1);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("early n=1\n"), std::string::npos);
}

TEST_F(Log, WritesFieldsToTheFileAndMakesItsFolder) {
  std::string path = dir_ + "/log/x.log";
  ASSERT_TRUE(InitLog("prog", path, "info").ok());
  Info("mounted", "dir", "/oca", "threads", 10);
  std::string text = Contents(path);
  EXPECT_NE(text.find(" I prog["), std::string::npos) << text;
  EXPECT_NE(text.find("] mounted dir=/oca threads=10\n"), std::string::npos) << text;
}

TEST_F(Log, AppendsToAnOldFile) {
  std::string path = dir_ + "/x.log";
  ASSERT_TRUE(InitLog("prog", path, "info").ok());
  Info("first");
  ASSERT_TRUE(InitLog("prog", path, "info").ok());
  Info("second");
  std::string text = Contents(path);
  EXPECT_NE(text.find("first"), std::string::npos);
  EXPECT_NE(text.find("second"), std::string::npos);
}

TEST_F(Log, LinesOfSeveralThreadsStayWhole) {
  std::string path = dir_ + "/x.log";
  ASSERT_TRUE(InitLog("prog", path, "info").ok());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 100; ++i) Info("event", "thread", t, "end", "here");
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::istringstream text(Contents(path));
  int lines = 0;
  for (std::string line; std::getline(text, line); ++lines)
    EXPECT_TRUE(line.ends_with(" end=here")) << line;
  EXPECT_EQ(lines, 400);
}

TEST_F(Log, HidesLinesBelowTheLevel) {
  std::string path = dir_ + "/x.log";
  ASSERT_TRUE(InitLog("prog", path, "warning").ok());
  Debug("d");
  Info("hidden");
  Warning("seen_warning");
  Error("seen_error");
  std::string text = Contents(path);
  EXPECT_EQ(text.find("hidden"), std::string::npos);
  EXPECT_NE(text.find(" W prog["), std::string::npos);
  EXPECT_NE(text.find("seen_error"), std::string::npos);
}

TEST_F(Log, QuotesValuesThatNeedIt) {
  std::string line = "e";
  AppendField(&line, "a", "plain/path-1.2");
  AppendField(&line, "b", "two words");
  AppendField(&line, "c", "");
  AppendField(&line, "d", "say \"x\"\n\x01\\");
  EXPECT_EQ(line, "e a=plain/path-1.2 b=\"two words\" c=\"\" d=\"say \\\"x\\\"\\n\\x01\\\\\"");
}

TEST_F(Log, BracesInValuesAreNotFormats) {
  std::string path = dir_ + "/x.log";
  ASSERT_TRUE(InitLog("prog", path, "info").ok());
  Info("braces", "v", "{}{0}%v");
  EXPECT_NE(Contents(path).find("braces v={}{0}%v\n"), std::string::npos);
}

TEST_F(Log, LinesOfARequestEndWithItsId) {
  std::string path = dir_ + "/x.log";
  ASSERT_TRUE(InitLog("prog", path, "info").ok());
  Info("before");
  {
    RequestScope outer("id-1");
    Info("outer", "n", 1);
    {
      RequestScope inner("id-2");
      Info("inner");
    }
    Info("outer_again");
    std::thread([] { Info("elsewhere"); }).join();
  }
  Info("after");
  std::string text = Contents(path);
  for (const char* line : {"] before\n", "] outer n=1 request=id-1\n", "] inner request=id-2\n",
                           "] outer_again request=id-1\n", "] elsewhere\n", "] after\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST_F(Log, IdsOfRequestsAreShortAndPlain) {
  for (const char* good : {"a", "0123456789abcdef", "A-b_c.9"}) EXPECT_TRUE(IsRequestId(good));
  EXPECT_TRUE(IsRequestId(std::string(kMostRequestIdBytes, 'x')));
  for (const char* bad :
       {"", "a b", "a\nI forged[1] line", "a=b", "\"", "\xc3\xbc", "a;b", "a/b"}) {
    EXPECT_FALSE(IsRequestId(bad)) << bad;
  }
  EXPECT_FALSE(IsRequestId(std::string(kMostRequestIdBytes + 1, 'x')));
  EXPECT_FALSE(IsRequestId(std::string_view("a\0", 2)));
}

TEST_F(Log, RefusesAnUnknownLevel) {
  absl::Status status = InitLog("prog", "", "loud");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(MessageOf(status).find("loud"), std::string_view::npos);
}

TEST_F(Log, FailsWhenTheFileCannotBeOpened) { EXPECT_FALSE(InitLog("prog", dir_, "info").ok()); }

}  // namespace
}  // namespace oca::log
