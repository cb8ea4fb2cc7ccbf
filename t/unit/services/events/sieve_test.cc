#include "services/events/sieve.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/event/event.h"

namespace oca::events {
namespace {

using event::Kind;
using event::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;
using Verdict = Sieve::Verdict;

class SieveTest : public testing::Test {
 protected:
  Event With(Event event, const std::string& process = "p") {
    event.set_id(std::to_string(++ids_));
    event.set_process(process);
    return event;
  }
  // Judges a new event, and notes it when it passes.
  Verdict Judge(Event event, const std::string& process = "p") {
    event = With(std::move(event), process);
    const Verdict verdict = sieve_.Judge(event, now_);
    if (verdict == Verdict::kPass) sieve_.NotePassed(event);
    return verdict;
  }
  std::vector<std::string> Due() {
    std::vector<std::string> texts;
    for (const Event& event : sieve_.Due(now_)) {
      texts.push_back(event::TextOf(event) + " +" + std::to_string(event.repeats()));
    }
    return texts;
  }
  static Event Raise() { return event::Make<Kind::kScanFoundFaults>(3); }
  static Event Clear() { return event::Make<Kind::kScanFoundNone>(); }
  static Event Login(const std::string& user) {
    return event::Make<Kind::kLoginFailed>(user, "here");
  }

  int ids_ = 0;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  Sieve sieve_{{absl::Minutes(1), 5, 1}};
};

TEST_F(SieveTest, RepeatsComeOnceAtTheEndOfTheWindowWithTheirCount) {
  EXPECT_EQ(Judge(Login("eve")), Verdict::kPass);
  EXPECT_EQ(Judge(Login("adam")), Verdict::kPass);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(Judge(Login("eve")), Verdict::kRepeat);
  EXPECT_THAT(Due(), IsEmpty());
  now_ += absl::Minutes(1);
  EXPECT_THAT(Due(), ElementsAre("Somebody failed to sign in as 'eve' from here +8"));
  // The window begins anew: who goes on is heard once a minute.
  EXPECT_EQ(Judge(Login("eve")), Verdict::kRepeat);
  EXPECT_EQ(Judge(Login("adam")), Verdict::kPass);
  now_ += absl::Minutes(1);
  EXPECT_THAT(Due(), ElementsAre("Somebody failed to sign in as 'eve' from here +0"));
  now_ += absl::Minutes(1);
  EXPECT_THAT(Due(), IsEmpty());
  EXPECT_EQ(Judge(Login("eve")), Verdict::kPass);
}

TEST_F(SieveTest, RaisedAfterClearedIsNoRepeat) {
  EXPECT_EQ(Judge(Raise()), Verdict::kPass);
  EXPECT_EQ(Judge(Raise()), Verdict::kRepeat);
  EXPECT_EQ(Judge(Clear()), Verdict::kPass);
  EXPECT_EQ(Judge(Raise()), Verdict::kPass);
  EXPECT_EQ(Judge(Clear()), Verdict::kPass);
  now_ += absl::Hours(1);
  // The repeat of what is cleared would raise it again.
  EXPECT_THAT(Due(), IsEmpty());
}

TEST_F(SieveTest, SameIdPassesOnce) {
  const Event event = With(Login("eve"));
  EXPECT_EQ(sieve_.Judge(event, now_), Verdict::kPass);
  // It could not be kept: the sender tries again.
  EXPECT_EQ(sieve_.Judge(event, now_), Verdict::kPass);
  sieve_.NotePassed(event);
  EXPECT_EQ(sieve_.Judge(event, now_), Verdict::kDuplicate);
  now_ += absl::Hours(1);
  EXPECT_EQ(sieve_.Judge(event, now_), Verdict::kDuplicate);
}

TEST_F(SieveTest, SenderGoneWildIsHeldBackButNotItsAlertsNorOthers) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Judge(Login(std::to_string(i))), Verdict::kPass);
  EXPECT_EQ(Judge(Login("6")), Verdict::kOverRate);
  EXPECT_EQ(Judge(Login("7")), Verdict::kOverRate);
  EXPECT_EQ(Judge(Raise()), Verdict::kPass);
  EXPECT_EQ(Judge(Login("8"), "another"), Verdict::kPass);
  now_ += absl::Seconds(1);
  EXPECT_EQ(Judge(Login("9")), Verdict::kPass);
  EXPECT_EQ(Judge(Login("10")), Verdict::kOverRate);
  sieve_.NoteLost("p", "its queue was full", 12);
  EXPECT_THAT(Due(), IsEmpty());
  now_ += absl::Minutes(1);
  EXPECT_THAT(Due(), ElementsAre("12 events of p were lost: its queue was full +0",
                                 "3 events of p were lost: more than 1 a second +0"));
  EXPECT_THAT(Due(), IsEmpty());
}

TEST_F(SieveTest, MemoryIsBounded) {
  Sieve sieve({absl::Minutes(1), 1e9, 1e9});
  for (int i = 0; i < 30000; ++i) {
    const Event event = With(Login(std::to_string(i)), std::to_string(i));
    ASSERT_EQ(sieve.Judge(event, now_), Verdict::kPass);
    sieve.NotePassed(event);
  }
  EXPECT_EQ(sieve.Judge(With(Login("0")), now_), Verdict::kRepeat);
  EXPECT_EQ(sieve.Judge(With(Login("29999")), now_), Verdict::kPass);
}

}  // namespace
}  // namespace oca::events
