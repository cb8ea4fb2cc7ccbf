// Framed logs: what is synced comes back, a torn tail ends the log, damage is told.
#include "fs/names/framed_log.h"

#include <algorithm>
#include <cerrno>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/base/coding.h"
#include "lib/io/testing/fault_file_system.h"
#include "t/support/fake_clock.h"
#include "t/support/random.h"
#include "t/support/status_matchers.h"

namespace oca::names {
namespace {

using support::StatusIs;
constexpr uint64_t kNumber = 7;
constexpr uint64_t kSalt = 0x5a175a175a175a17;

class FramedLogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(fs_.CreateDir("/d"));
    ASSERT_OK(fs_.SyncDir("/"));
  }
  static absl::Status NoBarrier() { return absl::OkStatus(); }

  // All that a reader finds, in reads of `step` bytes.
  absl::StatusOr<std::string> ReadAll(size_t step = 1000, uint64_t number = kNumber) {
    OCA_ASSIGN_OR_RETURN(auto file, fs_.Open("/d/log", io::OpenMode::kRead));
    FramedLogReader reader(std::move(file), number);
    std::string all;
    for (;;) {
      std::string part(step, '\0');
      OCA_ASSIGN_OR_RETURN(const size_t n, reader.Read(part));
      all.append(part, 0, n);
      if (n < step) return all;
    }
  }
  std::string Raw() {
    auto bytes = io::ReadFile(fs_, "/d/log");
    EXPECT_OK(bytes);
    return bytes.ok() ? *bytes : "";
  }
  void SetRaw(std::string_view bytes) {
    ASSERT_OK_AND_ASSIGN(const auto file, fs_.Open("/d/log", io::OpenMode::kTruncate));
    ASSERT_OK(file->WriteAt(0, bytes));
  }
  // A log of three frames; where each starts in the file.
  std::vector<size_t> WriteThreeFrames() {
    FramedLogWriter writer(&fs_, "/d/log", kNumber, kSalt);
    std::vector<size_t> starts;
    size_t at = kLogHeaderBytes;
    for (const char* payload : {"first", "second!", "the third"}) {
      starts.push_back(at);
      writer.Append(payload);
      EXPECT_OK(writer.Sync(NoBarrier));
      at += kFrameHeaderBytes + std::string_view(payload).size();
    }
    return starts;
  }

  support::FakeClock clock_;
  io::FaultFileSystem fs_{clock_};
};

TEST_F(FramedLogTest, BytesAreAsDocumented) {
  FramedLogWriter writer(&fs_, "/d/log", kNumber, kSalt);
  writer.Append("pay");
  writer.Append("load");
  ASSERT_OK(writer.Sync(NoBarrier));
  const std::string raw = Raw();
  ASSERT_EQ(raw.size(), 32u + 32 + 7);
  EXPECT_EQ(raw.substr(0, 8), "OcaNmLog");
  EXPECT_EQ(GetLe<uint32_t>(raw.data() + 8), 1u);
  EXPECT_EQ(GetLe<uint64_t>(raw.data() + 12), kNumber);
  EXPECT_EQ(GetLe<uint64_t>(raw.data() + 20), kSalt);
  EXPECT_EQ(raw.substr(32, 4), "OcFM");
  EXPECT_EQ(GetLe<uint32_t>(raw.data() + 36), 7u);
  EXPECT_EQ(GetLe<uint64_t>(raw.data() + 40), 0u);
  EXPECT_EQ(GetLe<uint64_t>(raw.data() + 48), kSalt);
  EXPECT_EQ(raw.substr(64), "payload");
}

TEST_F(FramedLogTest, AppendsComeBackAcrossFramesInReadsOfAnySize) {
  FramedLogWriter writer(&fs_, "/d/log", kNumber, kSalt);
  support::Random random(5);
  std::string expected;
  for (int i = 0; i < 50; ++i) {
    const std::string data = random.Bytes(random.Below(3000));
    writer.Append(data);
    expected += data;
    if (random.OneIn(3)) {
      ASSERT_OK(writer.Sync(NoBarrier));
    }
  }
  ASSERT_OK(writer.Sync(NoBarrier));
  EXPECT_EQ(writer.appended_bytes(), expected.size());
  EXPECT_EQ(writer.unsynced_bytes(), 0u);
  for (size_t step : {1u, 7u, 4096u, 1u << 20}) {
    ASSERT_OK_AND_ASSIGN(const std::string all, ReadAll(step));
    EXPECT_EQ(all, expected) << step;
  }
}

TEST_F(FramedLogTest, NothingIsWrittenBeforeSync) {
  FramedLogWriter writer(&fs_, "/d/log", kNumber, kSalt);
  const uint64_t calls = fs_.MutatingCalls();
  ASSERT_OK(writer.Sync(NoBarrier));  // nothing to write: no file either
  writer.Append("data");
  EXPECT_EQ(writer.unsynced_bytes(), 4u);
  EXPECT_EQ(fs_.MutatingCalls(), calls);
  EXPECT_ERRNO(fs_.Open("/d/log", io::OpenMode::kRead), ENOENT);
  ASSERT_OK(writer.Sync(NoBarrier));
  EXPECT_EQ(*ReadAll(), "data");
}

TEST_F(FramedLogTest, BarrierComesBeforeEachFrameAndItsErrorStopsIt) {
  FramedLogWriter writer(&fs_, "/d/log", kNumber, kSalt);
  writer.Append("data");
  EXPECT_ERRNO(writer.Sync([] { return PosixError(EDQUOT, "barrier"); }), EDQUOT);
  EXPECT_ERRNO(fs_.Open("/d/log", io::OpenMode::kRead), ENOENT);
  EXPECT_EQ(writer.unsynced_bytes(), 4u);
  writer.Append(" and more");  // waits for the next frame, the first is settled
  int barriers = 0;
  ASSERT_OK(writer.Sync([&] {
    ++barriers;
    return absl::OkStatus();
  }));
  EXPECT_EQ(barriers, 2);
  EXPECT_EQ(*ReadAll(), "data and more");
  ASSERT_OK(writer.Sync([] { return PosixError(EDQUOT, "barrier"); }));  // not asked in vain
}

TEST_F(FramedLogTest, FailedWriteIsRepeatedWholeAtItsPlace) {
  FramedLogWriter writer(&fs_, "/d/log", kNumber, kSalt);
  writer.Append("first");
  ASSERT_OK(writer.Sync(NoBarrier));
  writer.Append("second");
  fs_.FailMatching(io::Op::kWrite, "/d/log", ENOSPC, io::FaultFileSystem::Duration::kTransient);
  EXPECT_ERRNO(writer.Sync(NoBarrier), ENOSPC);
  EXPECT_EQ(*ReadAll(), "first");  // half a frame is a torn tail
  writer.Append("third");
  ASSERT_OK(writer.Sync(NoBarrier));
  EXPECT_EQ(*ReadAll(), "firstsecondthird");
}

TEST_F(FramedLogTest, EveryFailureOfTheFirstSyncCanBeRepeated) {
  for (io::Op op : {io::Op::kCreate, io::Op::kWrite, io::Op::kSyncDir}) {
    FramedLogWriter writer(&fs_, "/d/log", kNumber, kSalt);
    writer.Append("data");
    fs_.FailMatching(op, "/d", EIO, io::FaultFileSystem::Duration::kTransient);
    EXPECT_ERRNO(writer.Sync(NoBarrier), EIO);
    EXPECT_EQ(writer.unsynced_bytes(), 4u);
    ASSERT_OK(writer.Sync(NoBarrier));
    EXPECT_EQ(*ReadAll(), "data");
    ASSERT_OK(fs_.RemoveFile("/d/log"));
  }
}

// The name of the file is durable too, and so is each frame before the next is written.
TEST_F(FramedLogTest, SyncedBytesSurviveAnyPowerCut) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    support::FakeClock clock;
    io::FaultFileSystem fs(clock);
    ASSERT_OK(io::CreateDirs(fs, "/d"));
    FramedLogWriter writer(&fs, "/d/log", kNumber, kSalt);
    support::Random random(seed);
    fs.CutPowerAt(1 + random.Below(30));
    std::string appended;
    size_t durable = 0;
    for (bool alive = true; alive;) {
      const std::string data = random.Bytes(1 + random.Below(2000));
      writer.Append(data);
      appended += data;
      alive = writer.Sync(NoBarrier).ok();
      if (alive) durable = appended.size();
    }
    fs.PowerCycle(seed);
    auto file = fs.Open("/d/log", io::OpenMode::kRead);
    if (ErrnoOf(file.status()) == ENOENT) {
      EXPECT_EQ(durable, 0u);
      continue;
    }
    ASSERT_OK(file);
    FramedLogReader reader(*std::move(file), kNumber);
    std::string all(appended.size() + 1, '\0');
    ASSERT_OK_AND_ASSIGN(const size_t n, reader.Read(all));
    EXPECT_GE(n, durable) << seed;
    EXPECT_EQ(all.substr(0, n), appended.substr(0, n)) << seed;
  }
}

TEST_F(FramedLogTest, TornTailEndsTheLog) {
  const std::vector<size_t> starts = WriteThreeFrames();
  const std::string whole = Raw();
  for (size_t length = 0; length < whole.size(); ++length) {
    SetRaw(whole.substr(0, length));
    ASSERT_OK_AND_ASSIGN(const std::string all, ReadAll());
    std::string expected;
    if (length >= starts[1]) expected += "first";
    if (length >= starts[2]) expected += "second!";
    EXPECT_EQ(all, expected) << length;
  }
}

TEST_F(FramedLogTest, ChangedByteInTheLastFrameEndsTheLogBeforeIt) {
  const std::vector<size_t> starts = WriteThreeFrames();
  const std::string whole = Raw();
  for (size_t at = starts[2]; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    SetRaw(damaged);
    ASSERT_OK_AND_ASSIGN(const std::string all, ReadAll());
    EXPECT_EQ(all, "firstsecond!") << at;
  }
}

TEST_F(FramedLogTest, ChangedByteBeforeASoundFrameIsDamage) {
  const std::vector<size_t> starts = WriteThreeFrames();
  const std::string whole = Raw();
  for (size_t at = 0; at < starts[2]; ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    SetRaw(damaged);
    EXPECT_THAT(ReadAll(), StatusIs(absl::StatusCode::kDataLoss)) << at;
  }
}

TEST_F(FramedLogTest, DamageFarBeforeTheSoundFrameIsFound) {
  FramedLogWriter writer(&fs_, "/d/log", kNumber, kSalt);
  // Second frames that start at all places around the end of the window of a search.
  for (size_t length : {(1u << 20) - 100, (1u << 20) - 64, (1u << 20) - 33, 1u << 20, 3u << 20}) {
    FramedLogWriter big(&fs_, "/d/log", kNumber, kSalt);
    big.Append(std::string(length, 'x'));
    ASSERT_OK(big.Sync(NoBarrier));
    big.Append("second");
    ASSERT_OK(big.Sync(NoBarrier));
    std::string damaged = Raw();
    damaged[40 + kLogHeaderBytes + 5] ^= 1;
    SetRaw(damaged);
    EXPECT_THAT(ReadAll(), StatusIs(absl::StatusCode::kDataLoss)) << length;
  }
}

// A file that was there before, with frames of its own, is no part of this log.
TEST_F(FramedLogTest, FramesOfAnotherSaltAreNotOurs) {
  WriteThreeFrames();
  const std::string old = Raw();
  FramedLogWriter writer(&fs_, "/d/log", kNumber, kSalt + 1);
  writer.Append("first");  // as long as the old one: the old second frame would fit behind it
  ASSERT_OK(writer.Sync(NoBarrier));
  const std::string now = Raw();
  SetRaw(now + old.substr(now.size()));
  ASSERT_OK_AND_ASSIGN(const std::string all, ReadAll());
  EXPECT_EQ(all, "first");
}

TEST_F(FramedLogTest, PayloadThatLooksLikeAFrameIsOnlyData) {
  WriteThreeFrames();
  const std::string log = Raw();
  FramedLogWriter writer(&fs_, "/d/copy", kNumber, kSalt + 1);
  writer.Append(log);
  ASSERT_OK(writer.Sync(NoBarrier));
  ASSERT_OK_AND_ASSIGN(const std::string copy, io::ReadFile(fs_, "/d/copy"));
  SetRaw(copy.substr(0, copy.size() - 1));  // torn, with sound frames of another log inside
  ASSERT_OK_AND_ASSIGN(const std::string all, ReadAll());
  EXPECT_EQ(all, "");
}

TEST_F(FramedLogTest, OtherNumberOrVersionIsRefused) {
  WriteThreeFrames();
  EXPECT_THAT(ReadAll(1000, kNumber + 1), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(FramedLogTest, EmptyFileIsAnEmptyLog) {
  SetRaw("");
  EXPECT_EQ(*ReadAll(), "");
  SetRaw(std::string(5000, '\0'));
  EXPECT_EQ(*ReadAll(), "");
}

TEST_F(FramedLogTest, SkipToEndCountsWhatIsLeft) {
  WriteThreeFrames();
  for (size_t before : {0u, 3u, 5u, 8u, 21u}) {
    ASSERT_OK_AND_ASSIGN(auto file, fs_.Open("/d/log", io::OpenMode::kRead));
    FramedLogReader reader(std::move(file), kNumber);
    std::string part(before, '\0');
    ASSERT_OK(reader.Read(part));
    ASSERT_OK_AND_ASSIGN(const uint64_t rest, reader.SkipToEnd());
    EXPECT_EQ(rest, 21 - before);
    ASSERT_OK_AND_ASSIGN(const size_t more, reader.Read(part));
    EXPECT_EQ(more, 0u);
  }
}

TEST_F(FramedLogTest, MoreThanAFrameHoldsBecomesSeveral) {
  const std::string data = support::RandomBytes(kMaxFramePayloadBytes + 12345, 9);
  FramedLogWriter writer(&fs_, "/d/log", kNumber, kSalt);
  writer.Append(data);
  int barriers = 0;
  ASSERT_OK(writer.Sync([&] {
    ++barriers;
    return absl::OkStatus();
  }));
  EXPECT_EQ(barriers, 2);
  ASSERT_OK_AND_ASSIGN(const std::string all, ReadAll(1u << 20));
  EXPECT_TRUE(all == data);
}

TEST_F(FramedLogTest, AppendsAndSyncsOfManyThreadsKeepEachThreadsOrder) {
  FramedLogWriter writer(&fs_, "/d/log", kNumber, kSalt);
  constexpr int kThreads = 4, kAppends = 500;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (uint32_t i = 0; i < kAppends; ++i) {
        std::string record;
        PutLe<uint32_t>(&record, t);
        PutLe<uint32_t>(&record, i);
        writer.Append(record);
        if (i % 16 == 0) {
          EXPECT_OK(writer.Sync(NoBarrier));
        }
      }
      EXPECT_OK(writer.Sync(NoBarrier));
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_OK_AND_ASSIGN(const std::string all, ReadAll());
  ASSERT_EQ(all.size(), size_t{8} * kThreads * kAppends);
  std::vector<uint32_t> next(kThreads);
  for (size_t at = 0; at < all.size(); at += 8) {
    const uint32_t thread = GetLe<uint32_t>(all.data() + at);
    ASSERT_LT(thread, next.size());
    EXPECT_EQ(GetLe<uint32_t>(all.data() + at + 4), next[thread]++);
  }
}

}  // namespace
}  // namespace oca::names
