// Random operations on a cartridge and on a list in memory, which must agree.
#include <cstdio>
#include <memory>
#include <optional>

#include "gtest/gtest.h"
#include "lib/io/testing/memory_file_system.h"
#include "lib/vtape/cartridge.h"
#include "t/support/random.h"
#include "t/support/vtape_storage.h"
#include "t/unit/lib/vtape/tapes.h"

namespace oca::vtape {
namespace {

using Stop = Cartridge::Stop;

// The simple tape: an empty string is a filemark.
struct Model {
  Objects objects;
  uint64_t position = 0;

  void Write(std::string object) {
    objects.resize(position);
    objects.push_back(std::move(object));
    ++position;
  }
  Cartridge::SpaceOutcome SpaceBlocks(int64_t count) {
    Cartridge::SpaceOutcome outcome;
    for (; count > 0; --count, ++outcome.spaced) {
      if (position == objects.size()) return outcome.stop = Stop::kEndOfData, outcome;
      if (objects[position++].empty()) return outcome.stop = Stop::kFilemark, outcome;
    }
    for (; count < 0; ++count, ++outcome.spaced) {
      if (position == 0) return outcome.stop = Stop::kBeginning, outcome;
      if (objects[--position].empty()) return outcome.stop = Stop::kFilemark, outcome;
    }
    return outcome;
  }
  Cartridge::SpaceOutcome SpaceFilemarks(int64_t count) {
    Cartridge::SpaceOutcome outcome;
    while (count > 0) {
      if (position == objects.size()) return outcome.stop = Stop::kEndOfData, outcome;
      if (objects[position++].empty()) --count, ++outcome.spaced;
    }
    while (count < 0) {
      if (position == 0) return outcome.stop = Stop::kBeginning, outcome;
      if (objects[--position].empty()) ++count, ++outcome.spaced;
    }
    return outcome;
  }
};

class TapeRun {
 public:
  explicit TapeRun(uint64_t seed) : random_(seed) {}

  void Do(int steps) {
    ASSERT_TRUE(Cartridge::Create(storage_, kTape, TapeAttributes()).ok());
    Load();
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
      Step();
      ASSERT_EQ(tape_->position(), model_.position) << "step " << i;
      ASSERT_EQ(tape_->objects(), model_.objects.size()) << "step " << i;
    }
    Status status;
    EXPECT_EQ(ReadAll(*tape_, &status), model_.objects);
    EXPECT_TRUE(status.ok()) << status.message();
  }

 private:
  void Load() {
    auto tape = Cartridge::Load(
        storage_, kTape,
        {.sync_every_bytes = 100000, .write_behind_bytes = 2000, .read_ahead_bytes = 3000});
    ASSERT_TRUE(tape.ok()) << tape.status().message();
    tape_ = *std::move(tape);
    model_.position = 0;
  }

  void Compare(Result<Cartridge::SpaceOutcome> found, Cartridge::SpaceOutcome expected) {
    ASSERT_TRUE(found.ok()) << found.status().message();
    ASSERT_EQ(found->spaced, expected.spaced);
    ASSERT_EQ(found->stop, expected.stop);
  }

  int64_t Distance() { return static_cast<int64_t>(random_.Below(80)) - 40; }

  void Step() {
    switch (random_.Below(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
        Write(random_.Between(1, 60));
        break;
      case 4:
        WriteFilemarks();
        break;
      case 5:
      case 6:
        Read();
        break;
      case 7: {
        int64_t count = Distance();
        Compare(tape_->SpaceBlocks(count), model_.SpaceBlocks(count));
        break;
      }
      case 8: {
        int64_t count = Distance() / 8;
        Compare(tape_->SpaceFilemarks(count), model_.SpaceFilemarks(count));
        break;
      }
      case 9: {
        uint64_t object = random_.Below(model_.objects.size() + 3);
        model_.position = std::min<uint64_t>(object, model_.objects.size());
        ASSERT_EQ(tape_->Locate(object), object <= model_.objects.size());
        break;
      }
      case 10:  // mostly at the end, so that the tape grows
        tape_->SpaceToEnd();
        model_.position = model_.objects.size();
        break;
      case 11:
        if (!random_.OneIn(10)) break;
        ASSERT_TRUE(tape_->Unload().ok());
        tape_.reset();
        Load();
        break;
    }
  }

  void Write(uint64_t blocks) {
    if (!random_.OneIn(4)) {  // overwriting all the time leaves nothing
      tape_->SpaceToEnd();
      model_.position = model_.objects.size();
    }
    for (uint64_t i = 0; i < blocks; ++i) {
      std::string block = random_.Bytes(random_.Between(1, 2000));
      ASSERT_TRUE(tape_->Write(block).ok());
      model_.Write(block);
    }
  }

  void WriteFilemarks() {
    uint32_t count = static_cast<uint32_t>(random_.Below(3));
    ASSERT_TRUE(tape_->WriteFilemarks(count, random_.OneIn(2)).ok());
    for (uint32_t i = 0; i < count; ++i) model_.Write("");
  }

  void Read() {
    std::string buffer(random_.Between(1, 2500), '\0');
    auto read = tape_->Read(buffer);
    ASSERT_TRUE(read.ok()) << read.status().message();
    using Outcome = Cartridge::ReadOutcome;
    if (model_.position == model_.objects.size()) {
      ASSERT_EQ(read->kind, Outcome::kEndOfData);
      return;
    }
    const std::string& expected = model_.objects[model_.position++];
    ASSERT_EQ(read->kind, expected.empty() ? Outcome::kFilemark : Outcome::kBlock);
    ASSERT_EQ(read->block_bytes, expected.size());
    ASSERT_EQ(buffer.substr(0, read->copied), expected.substr(0, buffer.size()));
  }

  support::Random random_;
  io::MemoryFileSystem fs_;
  support::VtapeStorage storage_{fs_};
  std::unique_ptr<Cartridge> tape_;
  Model model_;
};

TEST(CartridgeModel, TapeAndListAgree) {
  for (uint64_t seed = 1; seed <= 20 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    TapeRun(seed).Do(1500);
  }
}

}  // namespace
}  // namespace oca::vtape
