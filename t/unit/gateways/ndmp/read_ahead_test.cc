// A drive that reads ahead is told from none that does not.
#include "gateways/ndmp/device/read_ahead_drive.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "gateways/ndmp/device/tape.h"
#include "gateways/ndmp/device/tape_cdb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/unit/gateways/ndmp/memory_library.h"

namespace oca::ndmp {
namespace {

using testing::ElementsAre;

// Answers as it is told, and remembers what it was asked.
class ScriptedUnit final : public ScsiUnit {
 public:
  using Answers = std::deque<absl::StatusOr<ScsiAnswer>>;

  ScriptedUnit(Answers answers, std::vector<int>* opcodes)
      : answers_(std::move(answers)), opcodes_(*opcodes) {}
  void Start(const ScsiCommand& command) override {
    opcodes_.push_back(static_cast<uint8_t>(command.cdb[0]));
  }
  absl::StatusOr<ScsiAnswer> Finish() override {
    if (answers_.empty()) return ScsiAnswer();
    absl::StatusOr<ScsiAnswer> answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }
  void SelectLun(uint32_t) override {}

 private:
  Answers answers_;
  std::vector<int>& opcodes_;
};

// CHECK CONDITION with sense data of the fixed format.
ScsiAnswer Check(int key, int code = 0) {
  ScsiAnswer answer;
  answer.status = kScsiCheckCondition;
  answer.sense = std::string(18, '\0');
  answer.sense[0] = '\x70';
  answer.sense[2] = static_cast<char>(key);
  answer.sense[12] = static_cast<char>(code >> 8);
  answer.sense[13] = static_cast<char>(code);
  return answer;
}

constexpr int kMediumError = 0x3;
constexpr int kFilemarkBit = 0x80;
constexpr int kEndOfMediumBit = 0x40;
constexpr int kShorterBit = 0x20;
constexpr int kReset = 0x2900;

class Scripted : public testing::Test {
 protected:
  void Answer(ScriptedUnit::Answers answers) {
    drive_ = std::make_unique<ReadAheadDrive>(
        std::make_unique<ScriptedUnit>(std::move(answers), &opcodes_));
    drive_->ReadAhead(1000);
  }
  absl::StatusOr<ScsiAnswer> Do(int opcode) {
    return drive_->Execute({.cdb = Cdb6(opcode), .in_bytes = 18});
  }

  std::vector<int> opcodes_;  // that the unit was sent
  std::unique_ptr<ReadAheadDrive> drive_;
};

TEST_F(Scripted, WhatIsWantedIsTakenAndAskedForOnce) {
  ScsiAnswer block;
  block.in_bytes = 700;
  Answer({block});
  Block got;
  auto read = drive_->Read(1000, &got);
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(read->good());
  EXPECT_EQ(got.size(), 700u);
  EXPECT_THAT(opcodes_, ElementsAre(kRead6));
}

TEST_F(Scripted, AReadOfAnotherLengthIsAnotherRead) {
  Answer({});
  Block got;
  EXPECT_TRUE(drive_->Read(999, &got).ok());
  EXPECT_THAT(opcodes_, ElementsAre(kRead6, kSpace16, kRead6));
}

TEST_F(Scripted, BlocksAndMarksAreTakenBackAndNothingElse) {
  const std::vector<std::pair<ScsiAnswer, bool>> cases = {
      {ScsiAnswer(), true},           {Check(kShorterBit), true},    {Check(kFilemarkBit), true},
      {Check(kEndOfMediumBit), true}, {Check(kBlankCheck), false},   {Check(kNotReady), false},
      {Check(kMediumError), false},   {Check(kUnitAttention), false}};
  for (const auto& [read, moved] : cases) {
    opcodes_.clear();
    Answer({read});
    EXPECT_TRUE(Do(kInquiry).ok());
    if (moved) {
      EXPECT_THAT(opcodes_, ElementsAre(kRead6, kSpace16, kInquiry));
    } else {
      EXPECT_THAT(opcodes_, ElementsAre(kRead6, kInquiry));
    }
  }
}

TEST_F(Scripted, AnErrorIsForWhoWantsTheBlock) {
  Answer({Check(kMediumError), ScsiAnswer(), Check(kMediumError)});
  EXPECT_TRUE(Do(kTestUnitReady)->good());
  drive_->ReadAhead(1000);
  Block got;
  EXPECT_EQ(ParseSense(drive_->Read(1000, &got)->sense).key, kMediumError);
  EXPECT_THAT(opcodes_, ElementsAre(kRead6, kTestUnitReady, kRead6));
}

// One in the answer of the READ, two more while it is taken back.
TEST_F(Scripted, UnitAttentionsAreKeptForTheCommandsThatCome) {
  Answer({Check(kUnitAttention, kReset), ScsiAnswer(), Check(kUnitAttention, 0x2800),
          Check(kUnitAttention, 0x2a01)});
  EXPECT_TRUE(Do(kInquiry)->good());
  // Nothing is read ahead of news.
  drive_->ReadAhead(1000);
  EXPECT_EQ(ParseSense(Do(kRewind)->sense).code, kReset);
  EXPECT_THAT(opcodes_, ElementsAre(kRead6, kInquiry));
  opcodes_.clear();
  Answer({ScsiAnswer(), Check(kUnitAttention, 0x2800), Check(kUnitAttention, 0x2a01)});
  EXPECT_EQ(ParseSense(Do(kWrite6)->sense).code, 0x2800);
  EXPECT_THAT(opcodes_, ElementsAre(kRead6, kSpace16, kSpace16, kSpace16));
  Block got;
  EXPECT_EQ(ParseSense(drive_->Read(1000, &got)->sense).code, 0x2a01);
  EXPECT_TRUE(Do(kWrite6)->good());
  EXPECT_THAT(opcodes_, ElementsAre(kRead6, kSpace16, kSpace16, kSpace16, kWrite6));
}

TEST_F(Scripted, RequestSenseTellsAUnitAttentionAsData) {
  Answer({Check(kUnitAttention, kReset)});
  auto answer = Do(kRequestSense);
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->good());
  EXPECT_EQ(ParseSense(answer->in).code, kReset);
  EXPECT_TRUE(Do(kRewind)->good());
  EXPECT_THAT(opcodes_, ElementsAre(kRead6, kRewind));
}

TEST_F(Scripted, ACartridgeThatIsGoneLeavesNothingToTakeBack) {
  for (const ScsiAnswer& space : {Check(kNotReady, 0x3a00), Check(kEndOfMediumBit)}) {
    opcodes_.clear();
    Answer({ScsiAnswer(), space});
    EXPECT_TRUE(Do(kRelease6)->good());
    EXPECT_THAT(opcodes_, ElementsAre(kRead6, kSpace16, kRelease6));
  }
}

TEST_F(Scripted, NothingIsDoneWhereNobodyKnowsWhere) {
  Answer({ScsiAnswer(), Check(kMediumError)});
  EXPECT_TRUE(absl::IsAborted(Do(kWrite6).status()));
  EXPECT_THAT(opcodes_, ElementsAre(kRead6, kSpace16));
}

TEST_F(Scripted, ALostUnitIsToldToTheNextCommand) {
  Answer({absl::UnavailableError("gone")});
  EXPECT_TRUE(absl::IsUnavailable(Do(kWrite6).status()));
  EXPECT_THAT(opcodes_, ElementsAre(kRead6));
}

// A tape, and every answer that somebody got of it.
class WatchedTape {
 public:
  explicit WatchedTape(bool stays_before_marks) : stays_(stays_before_marks) {
    EXPECT_TRUE(library_.Move(here_, 500));
    Open();
  }

  void Prepare(uint32_t bytes, bool ahead) {
    if (ahead) tape_->ReadAhead(bytes);
  }
  std::string Read(uint32_t bytes) {
    Block block;
    bool cut = false;
    Error error = tape_->Read(bytes, &block, &cut);
    return fmt::format("read {} {} {} {}", static_cast<uint32_t>(error), block.size(),
                       block.empty() ? ' ' : *block.data(), cut) +
           State();
  }
  std::string Write(uint32_t bytes, char fill) {
    return fmt::format("write {}", static_cast<uint32_t>(tape_->Write(std::string(bytes, fill)))) +
           State();
  }
  std::string Move(MtioOp op, uint32_t count) {
    uint32_t resid = 0;
    Error error = tape_->Mtio(op, count, &resid);
    return fmt::format("mtio {} {}", static_cast<uint32_t>(error), resid) + State();
  }
  std::string Raw(const std::string& cdb) {
    ScsiAnswer answer;
    Error error = tape_->ExecuteRaw({.cdb = cdb, .in_bytes = 32}, &answer);
    return fmt::format("raw {} {} {} {}", static_cast<uint32_t>(error), answer.status,
                       testing::PrintToString(answer.in), testing::PrintToString(answer.sense)) +
           State();
  }
  // Another one into the drive; which is which is the slot.
  void ChangeCartridge() {
    std::swap(here_, other_);
    EXPECT_TRUE(library_.Move(500, other_));
    EXPECT_TRUE(library_.Move(here_, 500));
  }
  std::string Reopen() {
    std::string closed = fmt::format("close {}", static_cast<uint32_t>(tape_->Close()));
    Open();
    return closed + State();
  }

 private:
  void Open() {
    tape_.reset();  // and with it what its session has
    tape_ = std::make_unique<Tape>(library_.Connect(2), stays_);
    EXPECT_EQ(tape_->Open(TapeMode::kReadWrite), Error::kNone);
  }
  std::string State() {
    TapeState state = tape_->state();
    return fmt::format(" at {} {} flags {}", state.file_num, state.blockno, state.flags);
  }

  const bool stays_;
  uint16_t here_ = 1000, other_ = 1001;
  MemoryLibrary library_;
  std::unique_ptr<Tape> tape_;
};

// What one client might do next.
std::string DoSomething(WatchedTape& tape, std::mt19937 random, bool ahead) {
  constexpr uint32_t kSizes[] = {100, 1000, 3000};
  auto below = [&](uint32_t n) { return static_cast<uint32_t>(random() % n); };
  const uint32_t size = kSizes[below(3)];
  // Before the READ or behind it: the news of two changes may come as one to who did not ask.
  const uint32_t change = below(40);
  if (change == 0) tape.ChangeCartridge();
  tape.Prepare(size, ahead);
  const uint32_t what = below(20);
  if (what < 8) return tape.Read(size);
  if (change == 1) tape.ChangeCartridge();
  if (what < 10) return tape.Read(size + 1);
  if (what < 13) return tape.Write(kSizes[below(3)], static_cast<char>('a' + below(26)));
  if (what < 17) {
    constexpr MtioOp kOps[] = {MtioOp::kForwardFiles, MtioOp::kBackFiles, MtioOp::kForwardRecords,
                               MtioOp::kBackRecords,  MtioOp::kRewind,    MtioOp::kWriteMarks,
                               MtioOp::kTestReady};
    const MtioOp op = kOps[below(7)];
    return tape.Move(op, 1 + below(3));
  }
  if (what < 18) return tape.Reopen();
  constexpr int kOpcodes[] = {kReadPosition, kTestUnitReady, kRequestSense, kInquiry};
  std::string cdb = Cdb6(kOpcodes[below(4)], 32);
  if (cdb[0] == kReadPosition) cdb = std::string("\x34\0\0\0\0\0\0\0\0\0", 10);
  return tape.Raw(cdb);
}

class EveryMotion : public testing::TestWithParam<bool> {};

// The same is done with two tapes, of which one always reads ahead.
TEST_P(EveryMotion, NobodyCanTellWhetherBlocksAreReadAhead) {
  for (uint32_t seed = 0; seed < 40; ++seed) {
    WatchedTape plain(GetParam()), ahead(GetParam());
    std::mt19937 random(seed);
    for (int step = 0; step < 200; ++step) {
      const std::mt19937 choice(static_cast<uint32_t>(random()));
      const std::string wanted = DoSomething(plain, choice, false);
      ASSERT_EQ(DoSomething(ahead, choice, true), wanted) << "seed " << seed << ", step " << step;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, EveryMotion, testing::Bool());

}  // namespace
}  // namespace oca::ndmp
