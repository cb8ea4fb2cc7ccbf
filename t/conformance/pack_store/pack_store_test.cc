// What every implementation of fs/store/pack_store.h does. A new one is added to AllPackStores
// below.
#include "fs/store/pack_store.h"

#include <atomic>
#include <cerrno>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "fs/store/spread_pack_store.h"
#include "gmock/gmock.h"
#include "lib/io/testing/memory_file_system.h"
#include "t/support/temp_dir.h"
#include "t/unit/fs/store/test_groups.h"

namespace oca::store {
namespace {

using support::StatusIs;

// Where packs lie, beyond the life of one PackStore.
class Place {
 public:
  virtual ~Place() = default;
  virtual absl::StatusOr<std::unique_ptr<PackStore>> Open() = 0;
};

class PosixPlace final : public Place {
 public:
  absl::StatusOr<std::unique_ptr<PackStore>> Open() override {
    return OpenLocalPackStore(io::PosixFileSystem(), temp_.Path("packs"), GroupId(1));
  }

 private:
  support::TempDir temp_;
};

class MemoryPlace final : public Place {
 public:
  absl::StatusOr<std::unique_ptr<PackStore>> Open() override {
    return OpenLocalPackStore(fs_, "/some/packs", GroupId(1));
  }

 private:
  io::MemoryFileSystem fs_;
};

// Half of the packs lie at home, half in a storage path.
class SpreadPlace final : public Place {
 public:
  SpreadPlace() {
    EXPECT_OK(io::CreateDirs(fs_, "/home"));
    EXPECT_OK(io::CreateDirs(fs_, "/two"));
    EXPECT_OK(paths_.Load());
    EXPECT_OK(paths_.Add("/two"));
  }
  absl::StatusOr<std::unique_ptr<PackStore>> Open() override {
    return SpreadPackStore::Open(
        {.fs = &fs_, .home = "/home/packs", .group = GroupId(1), .paths = &paths_});
  }

 private:
  io::MemoryFileSystem fs_;
  StoragePaths paths_{{.fs = &fs_,
                       .home = "/home",
                       .reserve = [](const io::SpaceInfo&) { return uint64_t{0}; },
                       .pack_target_bytes = 1}};
};

struct Implementation {
  const char* name;
  std::unique_ptr<Place> (*make)();
};
void PrintTo(const Implementation& implementation, std::ostream* out) {
  *out << implementation.name;
}

auto AllPackStores() {
  return testing::Values(
      Implementation{"LocalOnPosix", [] { return std::unique_ptr<Place>(new PosixPlace); }},
      Implementation{"LocalOnMemory", [] { return std::unique_ptr<Place>(new MemoryPlace); }},
      Implementation{"SpreadOverPaths", [] { return std::unique_ptr<Place>(new SpreadPlace); }});
}

class PackStoreSuite : public testing::TestWithParam<Implementation> {
 protected:
  PackStoreSuite() : place_(GetParam().make()) { Reopen(); }

  // As a new process would.
  void Reopen() {
    store_.reset();
    auto store = place_->Open();
    ASSERT_OK(store);
    store_ = *std::move(store);
  }
  std::unique_ptr<PackWriter> MustCreate(PackId id) {
    auto writer = store_->Create(id);
    EXPECT_OK(writer);
    return writer.ok() ? *std::move(writer) : nullptr;
  }
  // A pack of `n` groups, not sealed.
  TestPack Write(PackWriter& writer, uint64_t n) {
    TestPack pack(writer.id());
    for (uint64_t i = 0; i < n; ++i) {
      EXPECT_OK(pack.Append(writer, MakeGroup(100 * writer.id().value + i)));
    }
    return pack;
  }
  void ExpectHolds(const TestPack& pack) {
    ASSERT_OK_AND_ASSIGN(format::PackFooter footer, store_->ReadFooter(pack.footer.pack.pack_id));
    EXPECT_EQ(footer, pack.footer);
    for (const TestGroup& group : pack.groups) EXPECT_TRUE(HoldsGroup(*store_, footer, group));
  }
  std::vector<uint64_t> Ids() {
    auto packs = store_->List();
    EXPECT_OK(packs);
    std::vector<uint64_t> ids;
    for (const PackInfo& pack : *packs) ids.push_back(pack.id.value);
    return ids;
  }

  std::unique_ptr<Place> place_;
  std::unique_ptr<PackStore> store_;
};
INSTANTIATE_TEST_SUITE_P(All, PackStoreSuite, AllPackStores(),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(PackStoreSuite, StartReadaheadIsOnlyAHint) {
  auto writer = MustCreate(PackId(1));
  TestPack pack = Write(*writer, 3);
  ASSERT_OK(writer->Seal(pack.footer));
  store_->StartReadahead(PackId(1), 0, 1 << 20);
  store_->StartReadahead(PackId(1), 1 << 30, 1);
  store_->StartReadahead(PackId(2), 0, 1);  // there is none
  ExpectHolds(pack);
}

TEST_P(PackStoreSuite, SealedPackGivesFooterAndGroups) {
  auto writer = MustCreate(PackId(1));
  EXPECT_EQ(writer->id(), PackId(1));
  EXPECT_EQ(writer->size(), format::kPackHeaderSize);
  TestPack pack = Write(*writer, 20);
  uint64_t before = writer->size();
  ASSERT_OK(writer->Seal(pack.footer));
  EXPECT_GT(writer->size(), before);
  ExpectHolds(pack);
  writer.reset();
  Reopen();
  ExpectHolds(pack);
}

TEST_P(PackStoreSuite, GroupsAreReadableBeforeSyncAndSeal) {
  auto writer = MustCreate(PackId(1));
  for (uint64_t seed = 0; seed < 10; ++seed) {
    TestGroup group = MakeGroup(seed);
    ASSERT_OK_AND_ASSIGN(uint64_t offset, writer->Append(group.encoded));
    ASSERT_OK_AND_ASSIGN(std::string bytes, store_->Read(PackId(1), offset, group.encoded.size()));
    EXPECT_EQ(bytes, group.encoded);
    if (seed % 3 == 0) {
      EXPECT_OK(writer->Sync());
    }
  }
}

TEST_P(PackStoreSuite, UnsealedPackHasNoFooter) {
  auto writer = MustCreate(PackId(1));
  EXPECT_THAT(store_->ReadFooter(PackId(1)), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_ERRNO(store_->ReadFooter(PackId(1)), ENODATA);
  Write(*writer, 3);
  ASSERT_OK(writer->Sync());
  EXPECT_THAT(store_->ReadFooter(PackId(1)), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_ERRNO(store_->ReadFooter(PackId(1)), ENODATA);
}

TEST_P(PackStoreSuite, MissingPackIsENOENT) {
  EXPECT_ERRNO(store_->Read(PackId(9), 0, 1), ENOENT);
  EXPECT_ERRNO(store_->ReadFooter(PackId(9)), ENOENT);
  EXPECT_ERRNO(store_->Remove(PackId(9)), ENOENT);
  EXPECT_ERRNO(store_->Recover(PackId(9)), ENOENT);
}

TEST_P(PackStoreSuite, ReadBeyondTheEndIsDataLoss) {
  auto writer = MustCreate(PackId(1));
  Write(*writer, 2);
  EXPECT_OK(store_->Read(PackId(1), 0, writer->size()));
  for (size_t length : {writer->size() + 1, uint64_t{8} << 20, uint64_t{1} << 60}) {
    EXPECT_THAT(store_->Read(PackId(1), 0, length), StatusIs(absl::StatusCode::kDataLoss));
  }
  EXPECT_THAT(store_->Read(PackId(1), uint64_t{1} << 40, 10),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST_P(PackStoreSuite, CreateRefusesUsedAndZeroIds) {
  MustCreate(PackId(1));
  EXPECT_ERRNO(store_->Create(PackId(1)), EEXIST);
  EXPECT_THAT(store_->Create(PackId(0)), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_P(PackStoreSuite, AppendRefusesWhatIsNoGroup) {
  auto writer = MustCreate(PackId(1));
  std::string good = MakeGroup(1).encoded;
  for (const std::string& bad : {std::string(), std::string("no group at all"), good + "x",
                                 good.substr(0, good.size() - 1), good.substr(0, 20)}) {
    EXPECT_THAT(writer->Append(bad), StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_EQ(writer->size(), format::kPackHeaderSize);
}

TEST_P(PackStoreSuite, SealRefusesFootersOfOtherGroups) {
  auto writer = MustCreate(PackId(1));
  TestPack pack = Write(*writer, 3);
  auto refuses = [&](const format::PackFooter& footer) {
    return writer->Seal(footer).code() == absl::StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(refuses({}));
  EXPECT_TRUE(refuses({.pack = pack.footer.pack, .groups = {}, .chunks = {}, .bases = {}}));
  format::PackFooter bad = pack.footer;
  bad.pack.pack_id = PackId(2);
  EXPECT_TRUE(refuses(bad));
  bad = pack.footer;
  bad.groups[2].file_offset += 1;
  EXPECT_TRUE(refuses(bad));
  bad = pack.footer;
  bad.chunks[0].length += 1;
  EXPECT_TRUE(refuses(bad));
  bad = pack.footer;
  bad.chunks.pop_back();
  EXPECT_TRUE(refuses(bad));
  ASSERT_OK(writer->Seal(pack.footer));  // none of them did harm
  ExpectHolds(pack);
}

TEST_P(PackStoreSuite, SealedPackTakesNothingMore) {
  auto writer = MustCreate(PackId(1));
  TestPack pack = Write(*writer, 1);
  ASSERT_OK(writer->Seal(pack.footer));
  uint64_t size = writer->size();
  EXPECT_THAT(writer->Append(MakeGroup(9).encoded),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(writer->Seal(pack.footer), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(writer->size(), size);
  ExpectHolds(pack);
}

TEST_P(PackStoreSuite, ListReportsIdsAndSizes) {
  EXPECT_THAT(Ids(), testing::IsEmpty());
  std::vector<uint64_t> ids = {1, 2, 255, 256, 257, 511, 0xfedcba9876543210};
  std::vector<uint64_t> sizes;
  for (uint64_t id : ids) {
    auto writer = MustCreate(PackId(id));
    TestPack pack = Write(*writer, id % 4 + 1);
    ASSERT_OK(writer->Seal(pack.footer));
    sizes.push_back(writer->size());
  }
  EXPECT_EQ(Ids(), ids);
  Reopen();
  ASSERT_OK_AND_ASSIGN(std::vector<PackInfo> packs, store_->List());
  ASSERT_EQ(packs.size(), ids.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(packs[i].id.value, ids[i]);
    EXPECT_EQ(packs[i].size_bytes, sizes[i]);
  }
}

TEST_P(PackStoreSuite, RemovedPackIsGone) {
  for (uint64_t id : {1, 2}) {
    auto writer = MustCreate(PackId(id));
    TestPack pack = Write(*writer, 2);
    ASSERT_OK(writer->Seal(pack.footer));
    ASSERT_OK(store_->Read(PackId(id), 0, 10));
  }
  ASSERT_OK(store_->Remove(PackId(1)));
  EXPECT_ERRNO(store_->Read(PackId(1), 0, 10), ENOENT);
  EXPECT_ERRNO(store_->ReadFooter(PackId(1)), ENOENT);
  EXPECT_ERRNO(store_->Remove(PackId(1)), ENOENT);
  EXPECT_OK(store_->Read(PackId(2), 0, 10));
  EXPECT_THAT(Ids(), testing::ElementsAre(2));
}

TEST_P(PackStoreSuite, RecoverSealsAnUnsealedPack) {
  auto writer = MustCreate(PackId(1));
  TestPack pack = Write(*writer, 12);
  ASSERT_OK(writer->Sync());
  writer.reset();
  Reopen();
  ASSERT_OK_AND_ASSIGN(format::PackFooter footer, store_->Recover(PackId(1)));
  EXPECT_EQ(footer, pack.footer);
  ExpectHolds(pack);
  ASSERT_OK_AND_ASSIGN(footer, store_->Recover(PackId(1)));
  EXPECT_EQ(footer, pack.footer);
  ExpectHolds(pack);
}

TEST_P(PackStoreSuite, RecoverLeavesASealedPackAlone) {
  auto writer = MustCreate(PackId(1));
  TestPack pack = Write(*writer, 3);
  ASSERT_OK(writer->Seal(pack.footer));
  ASSERT_OK_AND_ASSIGN(std::string before, store_->Read(PackId(1), 0, writer->size()));
  ASSERT_OK_AND_ASSIGN(format::PackFooter footer, store_->Recover(PackId(1)));
  EXPECT_EQ(footer, pack.footer);
  ASSERT_OK_AND_ASSIGN(std::vector<PackInfo> packs, store_->List());
  EXPECT_EQ(packs[0].size_bytes, before.size());
  ASSERT_OK_AND_ASSIGN(std::string after, store_->Read(PackId(1), 0, before.size()));
  EXPECT_TRUE(before == after);
}

TEST_P(PackStoreSuite, RecoverRemovesAPackWithoutGroups) {
  MustCreate(PackId(1));
  EXPECT_ERRNO(store_->Recover(PackId(1)), ENOENT);
  EXPECT_THAT(Ids(), testing::IsEmpty());
  EXPECT_ERRNO(store_->Read(PackId(1), 0, 1), ENOENT);
}

TEST_P(PackStoreSuite, ManyPacksAreReadInAnyOrder) {
  constexpr uint64_t kPacks = 600;  // more than an implementation keeps open
  std::vector<TestPack> packs;
  for (uint64_t id = 1; id <= kPacks; ++id) {
    auto writer = MustCreate(PackId(id));
    packs.emplace_back(PackId(id));
    ASSERT_OK(packs.back().Append(*writer, MakeGroup(id, 50)));
  }
  support::Random random(1);
  for (int i = 0; i < 2000; ++i) {
    const TestPack& pack = packs[random.Below(kPacks)];
    EXPECT_TRUE(HoldsGroup(*store_, pack.footer, pack.groups[0]));
  }
}

TEST_P(PackStoreSuite, ThreadsAppendSyncAndReadTogether) {
  auto writer = MustCreate(PackId(1));
  absl::Mutex mu;
  TestPack pack(PackId(1));
  std::atomic<uint64_t> next{0};
  auto work = [&] {
    for (uint64_t seed = next++; seed < 200; seed = next++) {
      TestGroup group = MakeGroup(seed);
      auto offset = writer->Append(group.encoded);
      ASSERT_OK(offset);
      {
        absl::MutexLock lock(&mu);
        format::AddToFooter(*offset, group.header, group.fps, &pack.footer);
        pack.groups.push_back(group);
      }
      if (seed % 7 == 0) {
        EXPECT_OK(writer->Sync());
      }
      auto bytes = store_->Read(PackId(1), *offset, group.encoded.size());
      ASSERT_OK(bytes);
      EXPECT_TRUE(*bytes == group.encoded);
    }
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  ASSERT_OK(writer->Seal(pack.footer));
  ASSERT_EQ(pack.groups.size(), 200u);
  ExpectHolds(pack);
}

}  // namespace
}  // namespace oca::store
