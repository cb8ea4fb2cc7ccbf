#include "services/events/spool.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/io/testing/fault_file_system.h"
#include "services/events/spool_format.h"
#include "t/support/status_matchers.h"

namespace oca::events {
namespace {

using absl::StatusCode;
using support::StatusIs;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kDir[] = "/spool";
// Of two or three records each, so that there are several files.
constexpr SpoolLimits kSmall = {60, 1000};

class SpoolTest : public testing::Test {
 protected:
  void SetUp() override { Open(); }
  void Open(SpoolLimits limits = kSmall) {
    spool_.reset();
    ASSERT_OK_AND_ASSIGN(spool_, Spool::Open(fs_, kDir, limits));
  }
  absl::Status Append(const std::vector<std::string>& records) { return spool_->Append(records); }
  std::vector<std::string> All() {
    std::vector<std::string> all;
    for (;;) {
      auto some = spool_->Front(100);
      EXPECT_OK(some);
      if (!some.ok() || some->empty()) return all;
      all.insert(all.end(), some->begin(), some->end());
      spool_->Pop(some->size());
    }
  }
  std::vector<std::string> Files() {
    std::vector<std::string> names = *fs_.List(kDir);
    std::sort(names.begin(), names.end());
    return names;
  }

  io::FaultFileSystem fs_;
  std::unique_ptr<Spool> spool_;
};

TEST_F(SpoolTest, KeepsOrderOverFilesAndRestarts) {
  for (int i = 0; i < 20; ++i) ASSERT_OK(Append({fmt::format("record {:03}", i)}));
  EXPECT_EQ(spool_->records(), 20u);
  EXPECT_GT(Files().size(), 3u);
  ASSERT_OK_AND_ASSIGN(auto some, spool_->Front(2));
  EXPECT_THAT(some, ElementsAre("record 000", "record 001"));
  // Nothing is gone before it was popped.
  ASSERT_OK_AND_ASSIGN(some, spool_->Front(1));
  EXPECT_THAT(some, ElementsAre("record 000"));
  Open();
  EXPECT_EQ(spool_->records(), 20u);
  std::vector<std::string> all = All();
  ASSERT_EQ(all.size(), 20u);
  EXPECT_EQ(all[0], "record 000");
  EXPECT_EQ(all[19], "record 019");
  EXPECT_THAT(Files(), IsEmpty());
  EXPECT_EQ(spool_->bytes(), 0u);
  EXPECT_FALSE(spool_->AwaitRecord(absl::ZeroDuration()));
}

TEST_F(SpoolTest, AppendsAndPopsInTurns) {
  std::vector<std::string> got;
  for (int i = 0; i < 50; ++i) {
    ASSERT_OK(Append({fmt::format("a{}", i), fmt::format("b{}", i)}));
    ASSERT_OK_AND_ASSIGN(auto some, spool_->Front(1));
    got.push_back(some[0]);
    spool_->Pop(1);
  }
  for (const std::string& record : All()) got.push_back(record);
  ASSERT_EQ(got.size(), 100u);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(got[2 * i], fmt::format("a{}", i));
    EXPECT_EQ(got[2 * i + 1], fmt::format("b{}", i));
  }
}

TEST_F(SpoolTest, FullOneRefusesAndTakesAgainAfterwards) {
  int taken = 0;
  while (Append({std::string(50, 'x')}).ok()) ASSERT_LT(++taken, 100);
  EXPECT_THAT(Append({std::string(50, 'x')}), StatusIs(StatusCode::kResourceExhausted));
  EXPECT_LE(spool_->bytes(), kSmall.total_bytes + kSegmentMagic.size());
  All();
  EXPECT_OK(Append({std::string(50, 'x')}));
  EXPECT_THAT(Append({std::string(kMaxRecordBytes + 1, 'x')}),
              StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(SpoolTest, FullDiskLosesNothingThatWasTaken) {
  ASSERT_OK(Append({"one"}));
  for (io::Op op : {io::Op::kWrite, io::Op::kSync, io::Op::kCreate, io::Op::kSyncDir}) {
    fs_.FailMatching(op, kDir, ENOSPC);
    // What is not refused at once may still fit; in the end a new file is needed.
    int tries = 0;
    while (Append({"may be there"}).ok()) ASSERT_LT(++tries, 100);
    fs_.ClearFaults();
    ASSERT_OK(Append({fmt::format("after {}", static_cast<int>(op))}));
  }
  std::vector<std::string> all = All();
  std::erase(all, "may be there");
  EXPECT_THAT(all, ElementsAre("one", "after 1", "after 3", "after 0", "after 7"));
}

TEST_F(SpoolTest, RotOfADiskLosesTheRestOfOneFile) {
  for (int i = 0; i < 9; ++i) ASSERT_OK(Append({fmt::format("record {:03}", i)}));
  const std::vector<std::string> files = Files();
  ASSERT_OK_AND_ASSIGN(auto file,
                       fs_.Open(std::string(kDir) + "/" + files[1], io::OpenMode::kReadWrite));
  ASSERT_OK(file->WriteAt(20, "!"));
  const std::vector<std::string> running = All();
  EXPECT_LT(running.size(), 9u);
  EXPECT_GE(running.size(), 6u);
  EXPECT_EQ(running.back(), "record 008");
  EXPECT_EQ(spool_->records(), 0u);
}

TEST_F(SpoolTest, FilesOfOthersAreLeftAlone) {
  ASSERT_OK(io::WriteFileAtomically(fs_, "/spool/notes", "x"));
  ASSERT_OK(io::WriteFileAtomically(fs_, "/spool/0000000007.events", "nonsense"));
  Open();
  EXPECT_EQ(spool_->records(), 0u);
  ASSERT_OK(Append({"a"}));
  EXPECT_THAT(All(), ElementsAre("a"));
  EXPECT_THAT(Files(), ElementsAre("notes"));
}

// What was acknowledged and not popped is there, in order, wherever the power goes.
TEST(SpoolPowerCut, AcknowledgedRecordsStay) {
  for (uint64_t cut = 1;; ++cut) {
    io::FaultFileSystem fs;
    std::vector<std::string> wanted;
    bool was_cut = false;
    {
      fs.CutPowerAt(cut);
      auto spool = Spool::Open(fs, kDir, kSmall);
      for (int i = 0; spool.ok() && i < 12; ++i) {
        const std::string record = fmt::format("record {:03}", i);
        const std::vector<std::string> records = {record};
        if ((*spool)->Append(records).ok()) wanted.push_back(record);
        if (i % 3 != 2) continue;
        auto front = (*spool)->Front(2);
        if (!front.ok()) break;
        (*spool)->Pop(front->size());
        wanted.erase(wanted.begin(), wanted.begin() + static_cast<int64_t>(front->size()));
      }
      was_cut = fs.PowerIsCut();
    }
    fs.PowerCycle(cut);
    auto spool = Spool::Open(fs, kDir, kSmall);
    ASSERT_OK(spool) << "cut " << cut;
    std::vector<std::string> got;
    while ((*spool)->records() > 0) {
      ASSERT_OK_AND_ASSIGN(auto some, (*spool)->Front(100));
      got.insert(got.end(), some.begin(), some.end());
      (*spool)->Pop(some.size());
    }
    // Popped ones may come back, and what was under way may be there.
    auto at = got.begin();
    for (const std::string& record : wanted) {
      at = std::find(at, got.end(), record);
      ASSERT_NE(at, got.end()) << record << " is lost, cut " << cut;
      ++at;
    }
    if (!was_cut) {
      EXPECT_GT(cut, 20u);
      break;
    }
  }
}

TEST(SpoolFormat, TakesWholeRecordsOnly) {
  std::string bytes(kSegmentMagic);
  AppendRecord("one", &bytes);
  AppendRecord("", &bytes);
  const size_t whole = bytes.size();
  AppendRecord("three", &bytes);
  for (size_t size = whole; size < bytes.size(); ++size) {
    auto segment = ParseSegment(std::string_view(bytes).substr(0, size));
    ASSERT_OK(segment);
    EXPECT_THAT(segment->records, ElementsAre("one", ""));
    EXPECT_EQ(segment->good_bytes, whole);
  }
  for (size_t i = kSegmentMagic.size(); i < bytes.size(); ++i) {
    std::string bad = bytes;
    bad[i] ^= 1;
    auto segment = ParseSegment(bad);
    ASSERT_OK(segment);
    EXPECT_LT(segment->records.size(), 3u) << i;
  }
  EXPECT_THAT(ParseSegment("OCAEVSP2"), StatusIs(StatusCode::kDataLoss));
}

}  // namespace
}  // namespace oca::events
