#include <cerrno>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/io/testing/fault_file_system.h"
#include "lib/io/testing/memory_file_system.h"
#include "t/support/random.h"
#include "t/support/status_matchers.h"
#include "t/unit/fs/index/index_test_util.h"

namespace oca::index {
namespace {

using support::Random;
using support::StatusIs;

constexpr char kPath[] = "/index";
constexpr uint64_t kFewStripes = 0x07ff'ffff'ff00'0000;  // eight, so a snapshot of ten parts

struct Entry {
  Fingerprint fp;
  Location at;
};

std::vector<Entry> RandomEntries(uint64_t seed, size_t count, uint64_t mask = ~uint64_t{0}) {
  Random random(seed);
  std::vector<Entry> entries;
  for (size_t i = 0; i < count; ++i) {
    entries.push_back({FingerprintOf(random.Next() & mask),
                       At(random.Between(1, 1000), static_cast<uint32_t>(random.Below(1024)))});
  }
  return entries;
}

void InsertAll(FingerprintIndex& index, const std::vector<Entry>& entries) {
  for (const Entry& e : entries) index.Insert(e.fp, e.at);
}

void ExpectHoldsExactly(const FingerprintIndex& index, const std::vector<Entry>& entries) {
  FingerprintIndex expected;
  InsertAll(expected, entries);
  ASSERT_EQ(index.size(), expected.size());
  for (const Entry& e : entries) ASSERT_EQ(index.LookupAll(e.fp), expected.LookupAll(e.fp));
}

// The bytes of a snapshot of `entries`.
std::string SnapshotOf(const std::vector<Entry>& entries, std::string_view meta) {
  io::MemoryFileSystem fs;
  FingerprintIndex index;
  InsertAll(index, entries);
  EXPECT_OK(index.Save(fs, kPath, meta));
  return *io::ReadFile(fs, kPath);
}

// Load of a file with these bytes into an index that held something before.
absl::StatusOr<std::string> LoadBytes(FingerprintIndex& index, std::string_view bytes) {
  io::MemoryFileSystem fs;
  EXPECT_OK(io::WriteFileAtomically(fs, kPath, bytes));
  return index.Load(fs, kPath);
}

TEST(IndexSnapshot, LoadGivesBackEntriesAndMeta) {
  for (size_t count : {0, 1, 50, 20'000}) {
    // All shards, and two shards with full runs.
    for (uint64_t mask : {~uint64_t{0}, uint64_t{0x0001'ffff'0000'0000}}) {
      std::vector<Entry> entries = RandomEntries(count, count, mask);
      FingerprintIndex index;
      InsertAll(index, RandomEntries(99, 500));
      ASSERT_OK_AND_ASSIGN(std::string meta, LoadBytes(index, SnapshotOf(entries, "packs to 17")));
      EXPECT_EQ(meta, "packs to 17");
      ExpectHoldsExactly(index, entries);
      // It works on.
      std::vector<Entry> more = RandomEntries(count + 1, 2000);
      InsertAll(index, more);
      entries.insert(entries.end(), more.begin(), more.end());
      ExpectHoldsExactly(index, entries);
    }
  }
}

TEST(IndexSnapshot, SameEntriesGiveSameBytes) {
  std::vector<Entry> entries = RandomEntries(3, 5000);
  std::string bytes = SnapshotOf(entries, "m");
  std::reverse(entries.begin(), entries.end());
  EXPECT_EQ(SnapshotOf(entries, "m"), bytes);
}

TEST(IndexSnapshot, LoadFailsOnDamageOfAnyByte) {
  const std::string good = SnapshotOf(RandomEntries(1, 12), "meta");
  FingerprintIndex index;
  ASSERT_OK(LoadBytes(index, good));
  auto expect_refused = [&](const std::string& bytes) {
    index.Insert(FingerprintOf(5), At(1, 1));
    ASSERT_THAT(LoadBytes(index, bytes), StatusIs(absl::StatusCode::kDataLoss));
    ASSERT_EQ(index.size(), 0u);
  };
  for (size_t at = 0; at < good.size(); ++at) {
    SCOPED_TRACE(at);
    expect_refused(good.substr(0, at));
    for (uint8_t flip : {0x01, 0x10, 0x80, 0xff}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ flip);
      expect_refused(bad);
    }
  }
  expect_refused(good + '\0');
  expect_refused(good + good);
}

TEST(IndexSnapshot, LoadRefusesPartsOfAnotherSnapshot) {
  // Same places, other packs: every part but the header differs, all lengths are the same.
  std::vector<Entry> entries = RandomEntries(1, 12), others = entries;
  for (Entry& e : others) e.at.pack.value += 1;
  const std::string a = SnapshotOf(entries, "meta"), b = SnapshotOf(others, "meta");
  ASSERT_EQ(a.size(), b.size());
  FingerprintIndex index;
  for (size_t at = 1; at < a.size(); ++at) {
    std::string mixed = a.substr(0, at) + b.substr(at);
    if (mixed == a || mixed == b) continue;
    ASSERT_THAT(LoadBytes(index, mixed), StatusIs(absl::StatusCode::kDataLoss)) << at;
  }
}

TEST(IndexSnapshot, LoadOfAMissingFileIsEnoent) {
  io::MemoryFileSystem fs;
  FingerprintIndex index;
  EXPECT_ERRNO(index.Load(fs, "/none"), ENOENT);
}

TEST(IndexSnapshot, SaveThatFailsLeavesTheOldOne) {
  const std::vector<Entry> old_entries = RandomEntries(1, 300, kFewStripes),
                           new_entries = RandomEntries(2, 400, kFewStripes);
  FingerprintIndex old_index, new_index;
  InsertAll(old_index, old_entries);
  InsertAll(new_index, new_entries);
  for (uint64_t n = 1;; ++n) {
    SCOPED_TRACE(n);
    io::FaultFileSystem fs;
    ASSERT_OK(old_index.Save(fs, kPath, "old"));
    fs.FailAt(n, ENOSPC);
    absl::Status saved = new_index.Save(fs, kPath, "new");
    fs.ClearFaults();
    FingerprintIndex loaded;
    ASSERT_OK_AND_ASSIGN(std::string meta, loaded.Load(fs, kPath));
    ExpectHoldsExactly(loaded, meta == "new" ? new_entries : old_entries);
    if (saved.ok()) {
      EXPECT_EQ(meta, "new");
      EXPECT_GT(n, 12u);  // open, ten parts, sync, rename, directory
      break;
    }
    EXPECT_EQ(ErrnoOf(saved), ENOSPC) << saved;
    ASSERT_OK_AND_ASSIGN(std::vector<std::string> names, fs.List("/"));
    EXPECT_THAT(names, testing::ElementsAre("index"));
  }
}

TEST(IndexSnapshot, PowerCutLeavesTheOldOrTheNewOne) {
  const std::vector<Entry> old_entries = RandomEntries(1, 30, kFewStripes),
                           new_entries = RandomEntries(2, 40, kFewStripes);
  FingerprintIndex old_index, new_index;
  InsertAll(old_index, old_entries);
  InsertAll(new_index, new_entries);
  for (uint64_t n = 1;; ++n) {
    bool cut = false;
    for (uint64_t seed = 1; seed <= 5; ++seed) {
      SCOPED_TRACE(testing::Message() << "call " << n << " seed " << seed);
      io::FaultFileSystem fs;
      ASSERT_OK(old_index.Save(fs, kPath, "old"));
      fs.CutPowerAt(n);
      absl::Status saved = new_index.Save(fs, kPath, "new");
      cut = fs.PowerIsCut();
      fs.PowerCycle(seed);
      FingerprintIndex loaded;
      ASSERT_OK_AND_ASSIGN(std::string meta, loaded.Load(fs, kPath));
      EXPECT_TRUE(!saved.ok() || meta == "new");
      ExpectHoldsExactly(loaded, meta == "new" ? new_entries : old_entries);
    }
    if (!cut) break;
  }
}

TEST(IndexSnapshot, SaveRunsWhileEntriesChange) {
  FingerprintIndex index;
  const std::vector<Entry> kept = RandomEntries(1, 3000), moving = RandomEntries(2, 3000);
  InsertAll(index, kept);
  std::thread writer([&] {
    for (int round = 0; round < 3; ++round) {
      for (const Entry& e : moving) index.Insert(e.fp, e.at);
      for (const Entry& e : moving) index.Erase(e.fp, e.at);
    }
  });
  io::MemoryFileSystem fs;
  for (int i = 0; i < 10; ++i) EXPECT_OK(index.Save(fs, kPath, "m"));
  writer.join();
  FingerprintIndex loaded;
  ASSERT_OK(loaded.Load(fs, kPath));
  for (const Entry& e : kept) {
    std::vector<Location> all = loaded.LookupAll(e.fp);
    ASSERT_THAT(all, testing::Contains(e.at));
  }
}

}  // namespace
}  // namespace oca::index
