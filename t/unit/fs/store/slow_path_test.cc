#include <memory>
#include <thread>

#include "fs/store/spread_pack_store.h"
#include "fs/store/storage_paths.h"
#include "gtest/gtest.h"
#include "lib/io/testing/mount_file_system.h"
#include "t/support/status_matchers.h"
#include "t/unit/fs/store/test_groups.h"

namespace oca::store {
namespace {

constexpr int64_t kLimit = 10'000;

class SlowPathTest : public testing::Test {
 protected:
  SlowPathTest() {
    for (const char* dir : {"/home", "/two"}) EXPECT_OK(base_.CreateDir(dir));
    mounts_.Mount("/two", two_);
    base_.SetCapacity(100'000'000);
    two_.SetCapacity(300'000'000);
    EXPECT_OK(paths_.Load());
  }
  io::MemoryFileSystem base_, two_;
  io::MountFileSystem mounts_{base_};
  StoragePaths paths_{{.fs = &mounts_,
                       .home = "/home",
                       .reserve = [](const io::SpaceInfo&) { return uint64_t{1'000'000}; },
                       .pack_target_bytes = 1'000'000,
                       .behind_bytes = kLimit}};
};

TEST_F(SlowPathTest, APathThatIsBehindIsLeftOutWhileAnotherKeepsUp) {
  ASSERT_OK_AND_ASSIGN(const size_t two, paths_.Add("/two"));
  paths_.NoteBehind(two, kLimit / 2 + 1);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(paths_.Choose(0), std::nullopt);
  EXPECT_FALSE(paths_.IsBehind(two));
  paths_.NoteBehind(two, kLimit);
  EXPECT_FALSE(paths_.MustWait(PathUse::kCapacity)) << "home has room";
  base_.SetCapacity(500'000);
  EXPECT_EQ(paths_.Choose(0), two) << "nothing else has room";
  EXPECT_TRUE(paths_.MustWait(PathUse::kCapacity));
  paths_.NoteBehind(two, -kLimit);
  EXPECT_FALSE(paths_.MustWait(PathUse::kCapacity));
}

TEST_F(SlowPathTest, WritersOfTheTierWaitUntilItsDiskKeepsUpOrIsGone) {
  ASSERT_OK_AND_ASSIGN(const size_t two, paths_.Add("/two", PathUse::kTier));
  paths_.AwaitKeepingUp(PathUse::kTier);
  paths_.NoteBehind(two, kLimit + 1);
  ASSERT_TRUE(paths_.MustWait(PathUse::kTier));
  std::thread caught_up([&] { paths_.AwaitKeepingUp(PathUse::kTier); });
  paths_.NoteBehind(two, -2);
  caught_up.join();
  paths_.NoteBehind(two, 2);
  std::thread gone([&] { paths_.AwaitKeepingUp(PathUse::kTier); });
  mounts_.Unmount("/two");
  paths_.Probe();
  gone.join();
  EXPECT_FALSE(paths_.MustWait(PathUse::kTier));
}

TEST_F(SlowPathTest, WhatIsAppendedIsBehindUntilItIsDurableOrGivenUp) {
  ASSERT_OK_AND_ASSIGN(const size_t two, paths_.Add("/two"));
  base_.SetCapacity(500'000);
  ASSERT_OK_AND_ASSIGN(auto store, SpreadPackStore::Open({.fs = &mounts_,
                                                          .home = "/home/packs",
                                                          .group = GroupId(1),
                                                          .keys = nullptr,
                                                          .paths = &paths_}));
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<PackWriter> writer, store->Create(PackId(1)));
  support::Random random(1);
  const auto append = [&](size_t bytes) {
    ASSERT_OK(writer->Append(MakeGroup({random.Bytes(bytes)}, Compression::kFast).encoded));
  };
  append(kLimit / 3);
  EXPECT_EQ(writer->behind(), PackWriter::Behind::kNot);
  append(kLimit / 3);
  EXPECT_EQ(writer->behind(), PackWriter::Behind::kSyncSoon);
  append(kLimit / 2);
  EXPECT_EQ(writer->behind(), PackWriter::Behind::kFillNoMore);
  ASSERT_OK(writer->Sync());
  EXPECT_EQ(writer->behind(), PackWriter::Behind::kNot);
  append(kLimit + 1);
  EXPECT_TRUE(paths_.IsBehind(two));
  writer.reset();
  EXPECT_FALSE(paths_.IsHalfBehind(two));
}

}  // namespace
}  // namespace oca::store
