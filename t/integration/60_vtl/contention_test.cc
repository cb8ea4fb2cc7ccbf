// One drive, three who want it: two iSCSI initiators and an NDMP session. What each is told, and
// that no byte of one gets among those of another.
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "t/integration/60_vtl/contention.h"

namespace oca::scsi {
namespace {

TEST_F(Contention, WhoReservesKeepsTheOthersOutUntilItReleases) {
  auto session = NewSession();
  auto other_session = NewSession();
  EXPECT_GOOD(one_->Send(kTape, kReserve));
  EXPECT_EQ(WriteBlock(*two_, kTape, "x").status, Status::kReservationConflict);
  EXPECT_EQ(ReadBlock(*two_, kTape, 1).status, Status::kReservationConflict);
  EXPECT_EQ(two_->Send(kTape, kReserve).status, Status::kReservationConflict);
  EXPECT_EQ(two_->Send(kTape, kReady).status, Status::kReservationConflict);
  // What it does not have it cannot give away.
  EXPECT_GOOD(two_->Send(kTape, kRelease));
  EXPECT_EQ(session->OpenTape(kDrive), Error::kDeviceBusy);
  EXPECT_EQ(session->OpenTape(kDrive, ndmp::TapeMode::kRead), Error::kDeviceBusy);
  EXPECT_GOOD(WriteBlock(*one_, kTape, Block("one", 0, 0)));
  EXPECT_GOOD(WriteMarks(*one_, kTape, 1));
  EXPECT_GOOD(one_->Send(kTape, kRelease));

  EXPECT_EQ(session->OpenTape(kDrive), Error::kNone);
  EXPECT_EQ(other_session->OpenTape(kDrive), Error::kDeviceBusy);
  for (IscsiHost* host : {one_.get(), two_.get()}) {
    EXPECT_EQ(WriteBlock(*host, kTape, "x").status, Status::kReservationConflict);
    EXPECT_EQ(host->Send(kTape, kRewind).status, Status::kReservationConflict);
    EXPECT_EQ(host->Send(kTape, kReserve).status, Status::kReservationConflict);
    EXPECT_EQ(PersistentOut(*host, 0, 0, 7).status, Status::kReservationConflict);
  }
  EXPECT_EQ(WriteByNdmp(*session, Block("ndmp", 0, 0)), Error::kNone);
  EXPECT_EQ(session->Do(ndmp::Code::kTapeClose), Error::kNone);

  EXPECT_GOOD(two_->Send(kTape, kReserve));
  EXPECT_EQ(other_session->OpenTape(kDrive), Error::kDeviceBusy);
  EXPECT_GOOD(WriteBlock(*two_, kTape, Block("two", 0, 0)));
  EXPECT_GOOD(WriteMarks(*two_, kTape, 1));
  // A host that goes away gives back what it has.
  two_.reset();
  EXPECT_EQ(other_session->OpenTape(kDrive), Error::kNone);
  EXPECT_EQ(other_session->Do(ndmp::Code::kTapeClose), Error::kNone);
  EXPECT_THAT(Runs(), testing::ElementsAre(testing::ElementsAre(Block("one", 0, 0)),
                                           testing::ElementsAre(Block("ndmp", 0, 0)),
                                           testing::ElementsAre(Block("two", 0, 0))));
}

TEST_F(Contention, APersistentReservationCountsForNdmpToo) {
  auto session = NewSession();
  EXPECT_GOOD(PersistentOut(*one_, 0, 0, 1));
  EXPECT_GOOD(PersistentOut(*one_, 1, 1));
  EXPECT_GOOD(WriteBlock(*one_, kTape, Block("one", 0, 0)));
  EXPECT_GOOD(WriteMarks(*one_, kTape, 1));
  EXPECT_EQ(WriteBlock(*two_, kTape, "x").status, Status::kReservationConflict);
  EXPECT_EQ(two_->Send(kTape, kReserve).status, Status::kReservationConflict);
  EXPECT_EQ(session->OpenTape(kDrive), Error::kDeviceBusy);
  // It outlives the session that made it.
  one_.reset();
  EXPECT_EQ(session->OpenTape(kDrive), Error::kDeviceBusy);
  // Another host takes it over, and gives it up altogether.
  EXPECT_GOOD(PersistentOut(*two_, 0, 0, 2));
  EXPECT_GOOD(PersistentOut(*two_, 4, 2, 1));
  EXPECT_EQ(session->OpenTape(kDrive), Error::kDeviceBusy);
  EXPECT_GOOD(WriteBlock(*two_, kTape, Block("two", 0, 0)));
  EXPECT_GOOD(WriteMarks(*two_, kTape, 1));
  EXPECT_GOOD(PersistentOut(*two_, 3, 2));
  EXPECT_EQ(session->OpenTape(kDrive), Error::kNone);
  EXPECT_EQ(PersistentOut(*two_, 0, 0, 2).status, Status::kReservationConflict);
  EXPECT_EQ(WriteByNdmp(*session, Block("ndmp", 0, 0)), Error::kNone);
  EXPECT_EQ(session->Do(ndmp::Code::kTapeClose), Error::kNone);
  one_ = NewHost(kOne);
  ASSERT_EQ(one_->error(), "");
  Hear(*one_);
  EXPECT_THAT(Runs(), testing::ElementsAre(testing::ElementsAre(Block("one", 0, 0)),
                                           testing::ElementsAre(Block("two", 0, 0)),
                                           testing::ElementsAre(Block("ndmp", 0, 0))));
}

TEST_F(Contention, ASessionThatIsCutOffGivesTheDriveBack) {
  auto session = NewSession();
  EXPECT_EQ(session->OpenTape(kDrive), Error::kNone);
  EXPECT_EQ(WriteByNdmp(*session, Block("ndmp", 0, 0)), Error::kNone);
  EXPECT_EQ(two_->Send(kTape, kReserve).status, Status::kReservationConflict);
  session.reset();  // without a word
  const absl::Time deadline = absl::Now() + kPatience;
  while (two_->Send(kTape, kReserve).status == Status::kReservationConflict) {
    ASSERT_LT(absl::Now(), deadline);
  }
  EXPECT_GOOD(WriteBlock(*two_, kTape, Block("two", 0, 0)));
  EXPECT_GOOD(WriteMarks(*two_, kTape, 1));
  EXPECT_GOOD(two_->Send(kTape, kRelease));
  EXPECT_THAT(Runs(), testing::ElementsAre(testing::ElementsAre(Block("ndmp", 0, 0)),
                                           testing::ElementsAre(Block("two", 0, 0))));
}

// All three at once, each until it had the drive some times: nothing but whole runs is on the tape.
TEST_F(Contention, NoBlockOfOneStandsAmongThoseOfAnother) {
  constexpr int kRuns = 6, kBlocks = 8;
  const absl::Time deadline = absl::Now() + 2 * kPatience;
  std::atomic<int> refused = 0;
  auto host_runs = [&](IscsiHost& host, const std::string& name) {
    for (int run = 0; run < kRuns && absl::Now() < deadline;) {
      Answer answer = host.Send(kTape, kReserve);
      if (answer.status == Status::kReservationConflict) {
        ++refused;
        continue;
      }
      ASSERT_EQ(answer.status, Status::kGood) << name;
      for (int i = 0; i < kBlocks; ++i) EXPECT_GOOD(WriteBlock(host, kTape, Block(name, run, i)));
      EXPECT_GOOD(WriteMarks(host, kTape, 1));
      EXPECT_GOOD(host.Send(kTape, kRelease));
      ++run;
    }
  };
  std::thread one([&] { host_runs(*one_, "one"); });
  std::thread two([&] { host_runs(*two_, "two"); });
  auto session = NewSession();
  for (int run = 0; run < kRuns && absl::Now() < deadline;) {
    Error error = session->OpenTape(kDrive);
    if (error == Error::kDeviceBusy) {
      ++refused;
      continue;
    }
    EXPECT_EQ(error, Error::kNone);
    if (error != Error::kNone) break;
    for (int i = 0; i < kBlocks; ++i) {
      EXPECT_EQ(WriteByNdmp(*session, Block("ndmp", run, i)), Error::kNone);
    }
    EXPECT_EQ(session->Do(ndmp::Code::kTapeClose), Error::kNone);
    ++run;
  }
  one.join();
  two.join();
  EXPECT_GT(refused.load(), 0);
  std::vector<std::vector<std::string>> wanted;
  for (const char* name : {"one", "two", "ndmp"}) {
    for (int run = 0; run < kRuns; ++run) {
      std::vector<std::string>& blocks = wanted.emplace_back();
      for (int i = 0; i < kBlocks; ++i) blocks.push_back(Block(name, run, i));
    }
  }
  EXPECT_THAT(Runs(), testing::UnorderedElementsAreArray(wanted));
}

}  // namespace
}  // namespace oca::scsi
