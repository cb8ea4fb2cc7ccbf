#include <cerrno>
#include <map>
#include <set>

#include "fs/index/manifest.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/io/testing/fault_file_system.h"
#include "lib/io/testing/memory_file_system.h"
#include "t/support/sanitized.h"
#include "t/support/status_matchers.h"
#include "t/unit/fs/index/index_test_util.h"

namespace oca::index {
namespace {

using support::kSanitized;
using support::StatusIs;

std::map<std::string, std::string> FilesOf(io::FileSystem& fs) {
  std::map<std::string, std::string> files;
  const std::vector<std::string> names = fs.List("/").value();
  for (const std::string& name : names) files["/" + name] = *io::ReadFile(fs, "/" + name);
  return files;
}

void Write(io::FileSystem& fs, const std::string& path, std::string_view bytes) {
  ASSERT_OK(io::WriteFileAtomically(fs, path, bytes));
}

TEST(IndexSnapshot, LoadGivesBackEntriesAndMeta) {
  for (size_t count : {0, 1, 50, 20'000}) {
    // All shards, and two shards with full runs.
    for (uint64_t mask : {~uint64_t{0}, uint64_t{0x0001'ffff'0000'0000}}) {
      io::MemoryFileSystem fs;
      std::vector<Item> items = RandomItems(count, count, mask);
      {
        FingerprintIndex index;
        InsertAll(index, items);
        ASSERT_OK(index.Save(fs, kPath, "packs to 17"));
      }
      FingerprintIndex index;
      InsertAll(index, RandomItems(99, 500));
      ASSERT_OK_AND_ASSIGN(std::string meta, index.Load(fs, kPath));
      EXPECT_EQ(meta, "packs to 17");
      ExpectHoldsExactly(index, items);
      // It works on, and saves what is new.
      std::vector<Item> more = RandomItems(count + 1, 2000);
      InsertAll(index, more);
      items.insert(items.end(), more.begin(), more.end());
      ExpectHoldsExactly(index, items);
      ASSERT_OK(index.Save(fs, kPath, "m"));
      FingerprintIndex again;
      ASSERT_OK(again.Load(fs, kPath));
      ExpectHoldsExactly(again, items);
    }
  }
}

TEST(IndexSnapshot, ErasedAndDroppedStayAway) {
  io::MemoryFileSystem fs;
  FingerprintIndex index;
  std::vector<Item> items = RandomItems(1, 3000);
  InsertAll(index, items);
  ASSERT_OK(index.Save(fs, kPath, "1"));
  for (size_t i = 0; i < 1000; ++i) index.Erase(items[i].fp, items[i].at);
  items.erase(items.begin(), items.begin() + 1000);
  const PackId dropped = items[0].at.pack;
  index.DropPacks({dropped});
  std::erase_if(items, [&](const Item& item) { return item.at.pack == dropped; });
  ExpectHoldsExactly(index, items);
  for (int save = 0; save < 2; ++save) {
    ASSERT_OK(index.Save(fs, kPath, "2"));
    FingerprintIndex loaded;
    ASSERT_OK(loaded.Load(fs, kPath));
    ExpectHoldsExactly(loaded, items);
  }
}

TEST(IndexSnapshot, SavesElsewhereAsAWhole) {
  io::MemoryFileSystem fs, other;
  FingerprintIndex index;
  std::vector<Item> items = RandomItems(1, 3000);
  InsertAll(index, items);
  ASSERT_OK(index.Save(fs, kPath, "1"));
  std::vector<Item> more = RandomItems(2, 100);
  InsertAll(index, more);
  items.insert(items.end(), more.begin(), more.end());
  ASSERT_OK(index.Save(other, kPath, "2"));
  FingerprintIndex loaded;
  ASSERT_OK(loaded.Load(other, kPath));
  ExpectHoldsExactly(loaded, items);
  ASSERT_OK(FingerprintIndex::RemoveSnapshot(other, kPath));
  EXPECT_THAT(FilesOf(other), testing::IsEmpty());
  EXPECT_OK(FingerprintIndex::RemoveSnapshot(other, kPath));
}

TEST(IndexSnapshot, FewRunsStayOfManySaves) {
  io::MemoryFileSystem fs;
  FingerprintIndex index;
  ASSERT_ERRNO(index.Load(fs, kPath), ENOENT);
  std::vector<Item> items;
  for (int save = 0; save < 200; ++save) {
    std::vector<Item> more = RandomItems(save + 1, 50);
    InsertAll(index, more);
    items.insert(items.end(), more.begin(), more.end());
    ASSERT_OK(index.Save(fs, kPath, "m"));
    ASSERT_LE(index.stats().runs, 6u);
    ASSERT_EQ(FilesOf(fs).size(), 1u + index.stats().runs);
  }
  FingerprintIndex loaded;
  ASSERT_OK(loaded.Load(fs, kPath));
  ExpectHoldsExactly(loaded, items);
}

TEST(IndexSnapshot, LoadFailsOnDamageOfAnyFile) {
  io::MemoryFileSystem fs;
  FingerprintIndex index;
  InsertAll(index, RandomItems(1, 900));
  ASSERT_OK(index.Save(fs, kPath, "meta"));
  InsertAll(index, RandomItems(2, 30));
  ASSERT_OK(index.Save(fs, kPath, "meta"));
  ASSERT_EQ(index.stats().runs, 2u);
  const std::map<std::string, std::string> good = FilesOf(fs);
  ASSERT_EQ(good.size(), 3u);
  const auto expect_refused = [&](absl::StatusCode code) {
    FingerprintIndex loaded;
    loaded.Insert(FingerprintOf(5), At(1, 1));
    ASSERT_THAT(loaded.Load(fs, kPath), StatusIs(code));
    ASSERT_EQ(loaded.size(), 0u);
    // It starts anew in the same place.
    InsertAll(loaded, RandomItems(3, 10));
    ASSERT_OK(loaded.Save(fs, kPath, "new"));
    FingerprintIndex again;
    ASSERT_OK(again.Load(fs, kPath));
    ExpectHoldsExactly(again, RandomItems(3, 10));
    for (const auto& [path, bytes] : FilesOf(fs)) ASSERT_OK(fs.RemoveFile(path));
    for (const auto& [path, bytes] : good) Write(fs, path, bytes);
  };
  for (const auto& [path, bytes] : good) {
    const size_t step = (path == kPath ? 1 : 97) * (kSanitized ? 7 : 1);
    for (size_t at = 0; at < bytes.size(); at += step) {
      SCOPED_TRACE(testing::Message() << path << " at " << at);
      Write(fs, path, bytes.substr(0, at));
      expect_refused(absl::StatusCode::kDataLoss);
      std::string bad = bytes;
      bad[at] = static_cast<char>(bad[at] ^ (at % 2 == 0 ? 0x10 : 0x81));
      Write(fs, path, bad);
      expect_refused(absl::StatusCode::kDataLoss);
    }
    Write(fs, path, bytes + std::string(kPageBytes, '\0'));
    expect_refused(absl::StatusCode::kDataLoss);
    ASSERT_OK(fs.RemoveFile(path));
    expect_refused(path == kPath ? absl::StatusCode::kNotFound : absl::StatusCode::kDataLoss);
  }
}

// Saves again and again, with merges between: meta is the number of the last change that it has.
// After each, `acknowledged` is what Save has promised.
class Script {
 public:
  static constexpr int kSaves = 7;

  // Contents after `saves` rounds.
  static std::vector<Item> ItemsAfter(int saves) {
    std::vector<Item> items;
    for (int round = 1; round <= saves; ++round) {
      if (round % 3 == 0) items.erase(items.begin(), items.begin() + 10);
      std::vector<Item> more = RandomItems(round, round == 1 ? 400 : 30);
      items.insert(items.end(), more.begin(), more.end());
    }
    return items;
  }
  static void Round(FingerprintIndex& index, int round) {
    if (round % 3 == 0) {
      std::vector<Item> before = ItemsAfter(round - 1);
      for (int i = 0; i < 10; ++i) index.Erase(before[i].fp, before[i].at);
    }
    InsertAll(index, RandomItems(round, round == 1 ? 400 : 30));
  }
};

TEST(IndexSnapshot, SaveThatFailsLeavesAWholeSnapshotAndCanBeRepeated) {
  for (uint64_t n = 1;; ++n) {
    SCOPED_TRACE(n);
    io::FaultFileSystem fs;
    FingerprintIndex index;
    fs.FailAt(n, ENOSPC);
    int saved = 0, failures = 0;
    for (int round = 1; round <= Script::kSaves; ++round) {
      Script::Round(index, round);
      absl::Status status = index.Save(fs, kPath, std::to_string(round));
      if (status.ok()) {
        saved = round;
        continue;
      }
      ++failures;
      ASSERT_EQ(ErrnoOf(status), ENOSPC) << status;
      FingerprintIndex loaded;
      absl::StatusOr<std::string> meta = loaded.Load(fs, kPath);
      if (saved == 0 && absl::IsNotFound(meta.status())) continue;
      ASSERT_OK(meta);
      const int at = std::stoi(*meta);
      ASSERT_TRUE(at == saved || at == round) << at;
      ExpectHoldsExactly(loaded, Script::ItemsAfter(at));
      ExpectHoldsExactly(index, Script::ItemsAfter(round));
    }
    if (saved < Script::kSaves) {
      ASSERT_OK(index.Save(fs, kPath, std::to_string(Script::kSaves)));
    }
    FingerprintIndex loaded;
    ASSERT_OK(loaded.Load(fs, kPath));
    ExpectHoldsExactly(loaded, Script::ItemsAfter(Script::kSaves));
    ASSERT_LE(FilesOf(fs).size(), 1u + index.stats().runs + (failures > 0 ? 2u : 0u));
    if (failures == 0) {
      EXPECT_GT(n, 30u);
      break;
    }
  }
}

TEST(IndexSnapshot, PowerCutLeavesAWholeSnapshot) {
  for (uint64_t n = 1;; ++n) {
    bool cut = false;
    for (uint64_t seed = 1; seed <= (kSanitized ? 1 : 4); ++seed) {
      SCOPED_TRACE(testing::Message() << "call " << n << " seed " << seed);
      io::FaultFileSystem fs;
      fs.CutPowerAt(n);
      int saved = 0;
      {
        FingerprintIndex index;
        for (int round = 1; round <= Script::kSaves; ++round) {
          Script::Round(index, round);
          if (!index.Save(fs, kPath, std::to_string(round)).ok()) break;
          saved = round;
        }
      }
      cut = fs.PowerIsCut();
      fs.PowerCycle(seed);
      FingerprintIndex loaded;
      absl::StatusOr<std::string> meta = loaded.Load(fs, kPath);
      int at = 0;
      if (saved > 0 || !absl::IsNotFound(meta.status())) {
        ASSERT_OK(meta);
        at = std::stoi(*meta);
        ASSERT_TRUE(at == saved || at == saved + 1) << at;
      }
      ExpectHoldsExactly(loaded, Script::ItemsAfter(at));
      // It goes on from there.
      for (int round = at + 1; round <= Script::kSaves; ++round) Script::Round(loaded, round);
      ASSERT_OK(loaded.Save(fs, kPath, "end"));
      FingerprintIndex again;
      ASSERT_OK(again.Load(fs, kPath));
      ExpectHoldsExactly(again, Script::ItemsAfter(Script::kSaves));
    }
    if (!cut) break;
  }
}

TEST(IndexManifest, IsItsOnlyEncoding) {
  Manifest manifest;
  manifest.next_run = 9;
  manifest.runs = {{3, 2, 700, 5}, {8, 1, 1, 1}};
  manifest.dropped = {4, 17};
  manifest.meta = "packs";
  const std::string bytes = EncodeManifest(manifest);
  ASSERT_OK_AND_ASSIGN(Manifest decoded, DecodeManifest(bytes));
  EXPECT_EQ(decoded, manifest);
  EXPECT_EQ(EncodeManifest(decoded), bytes);
}

}  // namespace
}  // namespace oca::index
