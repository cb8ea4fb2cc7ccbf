#include "cli/pager.h"

#include <deque>
#include <ostream>
#include <sstream>
#include <string>

#include "gtest/gtest.h"

namespace oca::cli {
namespace {

// A screen of 4 rows and 10 columns; each question is answered by the next of `answers`.
class Pages : public testing::Test {
 protected:
  Pager::Answer Ask() {
    shown_ << '?';
    EXPECT_FALSE(answers_.empty()) << "asked once too often";
    if (answers_.empty()) return Pager::Answer::kStop;
    const Pager::Answer answer = answers_.front();
    answers_.pop_front();
    return answer;
  }
  std::string Shown() { return shown_.str(); }

  std::ostringstream shown_;
  std::deque<Pager::Answer> answers_;
  Pager pager_{shown_.rdbuf(), [] { return ScreenSize{4, 10}; }, [this] { return Ask(); }};
  std::ostream out_{&pager_};
};

TEST_F(Pages, WhatFitsIsNotAskedFor) {
  out_ << "1\n2\n3\n";
  EXPECT_EQ(Shown(), "1\n2\n3\n");
}

TEST_F(Pages, AsksBeforeEachFurtherPageOrLine) {
  answers_ = {Pager::Answer::kLine, Pager::Answer::kPage};
  out_ << "1\n2\n3\n4\n5\n6\n7\n";
  EXPECT_EQ(Shown(), "1\n2\n3\n?4\n?5\n6\n7\n");
  EXPECT_TRUE(answers_.empty());
}

TEST_F(Pages, AllShowsTheRestAndStopNothingOfIt) {
  answers_ = {Pager::Answer::kAll};
  out_ << "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
  EXPECT_EQ(Shown(), "1\n2\n3\n?4\n5\n6\n7\n8\n9\n");
  shown_.str("");
  pager_.NewPage();
  answers_ = {Pager::Answer::kStop};
  out_ << "1\n2\n3\n4\n5\n";
  EXPECT_EQ(Shown(), "1\n2\n3\n?");
  EXPECT_TRUE(out_.good());
  pager_.NewPage();
  out_ << "again\n";
  EXPECT_EQ(Shown(), "1\n2\n3\n?again\n");
}

TEST_F(Pages, LongLinesTakeSeveralRowsAndCharactersOfSeveralBytesOneColumn) {
  answers_ = {Pager::Answer::kPage};
  out_ << std::string(25, 'x') << "\n4\n";  // three rows
  EXPECT_EQ(Shown(), std::string(25, 'x') + "\n?4\n");
  shown_.str("");
  pager_.NewPage();
  out_ << "üüüüüüüüüü\n2\n3\n";  // ten columns, twenty bytes
  EXPECT_EQ(Shown(), "üüüüüüüüüü\n2\n3\n");
}

TEST_F(Pages, ARowDrawnAgainIsOneRow) {
  for (int i = 0; i < 20; ++i) out_ << "\rwork " << i << std::flush;
  EXPECT_EQ(Shown().find('?'), std::string::npos);
}

}  // namespace
}  // namespace oca::cli
