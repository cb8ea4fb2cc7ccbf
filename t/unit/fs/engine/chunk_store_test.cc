#include "fs/engine/chunk_store.h"

#include <cerrno>
#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/io/testing/fault_file_system.h"
#include "t/support/status_matchers.h"

namespace oca::engine {
namespace {

std::string RandomBytes(uint64_t seed, size_t size) {
  std::mt19937_64 rng(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(rng());
  return bytes;
}

class ChunkStoreTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }
  void TearDown() override {
    chunks_.reset();
    workers_.reset();
    sealers_.reset();
  }

  void Open() {
    chunks_.reset();
    workers_ = std::make_unique<WorkQueue>(2, 8);
    sealers_ = std::make_unique<WorkQueue>(1, 8);
    caches_ = std::make_unique<Caches>(8u << 20, 8u << 20);
    ChunkStoreOptions options;
    options.fs = &fs_;
    options.dir = "/group";
    options.group = GroupId{1};
    options.pack_target_bytes = 256 << 10;
    options.workers = workers_.get();
    options.decoders = workers_.get();
    options.sealers = sealers_.get();
    options.caches = caches_.get();
    auto opened = ChunkStore::Open(options);
    ASSERT_OK(opened);
    chunks_ = *std::move(opened);
  }
  // As a crash: threads end, nothing is flushed.
  void Crash(uint64_t seed) {
    fs_.CutPower();
    workers_.reset();
    sealers_.reset();
    chunks_.reset();
    fs_.PowerCycle(seed);
    Open();
  }
  Fingerprint Put(std::string_view bytes, uint32_t container = 1) {
    Fingerprint fp;
    std::string_view views[] = {bytes};
    EXPECT_OK(chunks_->PutChunks(0, ContainerId{container}, views, std::span(&fp, 1)));
    return fp;
  }
  std::string Get(const Fingerprint& fp) {
    auto chunk = chunks_->Get(fp);
    return chunk.ok() ? std::string(chunk->bytes)
                      : "error: " + std::string(MessageOf(chunk.status()));
  }

  bool Begin() {
    absl::StatusOr<bool> whole = chunks_->BeginEpoch([] { return absl::OkStatus(); });
    EXPECT_OK(whole);
    return whole.value_or(false);
  }
  static tree::Root RootOf(const Fingerprint& fp, std::string_view bytes) {
    return tree::Root{0, {tree::DataRef(fp, bytes.size())}};
  }
  // A file with that chunk alone comes, or goes.
  void Refer(const Fingerprint& fp, std::string_view bytes, bool comes) {
    EXPECT_OK(chunks_->CountRoot(RootOf(fp, bytes), comes, [] { return absl::OkStatus(); }));
  }

  io::FaultFileSystem fs_;
  std::unique_ptr<WorkQueue> workers_, sealers_;
  std::unique_ptr<Caches> caches_;
  std::unique_ptr<ChunkStore> chunks_;
};

TEST_F(ChunkStoreTest, ChunkIsReadableBeforeAndAfterFlushAndRestart) {
  std::string a = RandomBytes(1, 20000), b = RandomBytes(2, 3000);
  Fingerprint fa = Put(a), fb = Put(b);
  EXPECT_EQ(Get(fa), a);
  ASSERT_OK(chunks_->Flush());
  EXPECT_EQ(Get(fb), b);
  ASSERT_OK(chunks_->Stop());
  Open();
  EXPECT_EQ(Get(fa), a);
  EXPECT_EQ(Get(fb), b);
}

TEST_F(ChunkStoreTest, SecondPutOfTheSameChunkCostsNothing) {
  std::vector<std::string> data;
  for (int i = 0; i < 100; ++i) data.push_back(RandomBytes(i, 10000));
  for (const std::string& each : data) Put(each);
  ASSERT_OK(chunks_->Flush());
  uint64_t before = chunks_->TotalUsage().plain_bytes;
  for (const std::string& each : data) Put(each, 2);
  ASSERT_OK(chunks_->Flush());
  EXPECT_EQ(chunks_->TotalUsage().plain_bytes, before);
  EXPECT_EQ(chunks_->ContainerUsage(ContainerId{1}).plain_bytes, 1000000u);
  EXPECT_EQ(chunks_->ContainerUsage(ContainerId{2}).plain_bytes, 0u);
}

TEST_F(ChunkStoreTest, FlushedChunksSurviveAPowerCutAndCountersAreRight) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    std::vector<std::pair<Fingerprint, std::string>> durable;
    for (int i = 0; i < 60; ++i) {
      std::string bytes = RandomBytes(seed * 1000 + i, 9000);
      durable.emplace_back(Put(bytes), bytes);
    }
    ASSERT_OK(chunks_->Flush());
    for (int i = 0; i < 30; ++i) Put(RandomBytes(seed * 1000 + 500 + i, 9000));
    Crash(seed);
    for (auto& [fp, bytes] : durable) ASSERT_EQ(Get(fp), bytes) << "seed " << seed;
    Usage now = chunks_->TotalUsage();
    ASSERT_OK(chunks_->Stop());
    Open();
    EXPECT_EQ(chunks_->TotalUsage().plain_bytes, now.plain_bytes);
    EXPECT_GE(now.plain_bytes, durable.size() * 9000);
  }
}

TEST_F(ChunkStoreTest, CursorGivesTheChunkThatWasAskedForWhereverItStands) {
  std::vector<std::pair<Fingerprint, std::string>> chunks;
  for (int i = 0; i < 120; ++i) {  // several groups in each of several packs
    std::string bytes = RandomBytes(i, 9000 + i);
    chunks.emplace_back(Put(bytes), bytes);
  }
  ASSERT_OK(chunks_->Stop());
  Open();
  ChunkCursor cursor;
  const auto expect = [&](size_t i) {
    auto chunk = chunks_->Get(chunks[i].first, &cursor);
    ASSERT_OK(chunk);
    ASSERT_EQ(chunk->bytes, chunks[i].second) << i;
  };
  for (size_t i = 0; i < chunks.size(); ++i) expect(i);
  for (size_t i = chunks.size(); i-- > 0;) expect(i);
  for (size_t i = 0; i < chunks.size(); i += 7) expect(i), expect(i), expect(0);
  EXPECT_THAT(chunks_->Get(Fingerprint{}, &cursor), support::StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(ChunkStoreTest, PrefetchAsksForEachGroupOnce) {
  std::vector<Fingerprint> fps;
  for (int i = 0; i < 6; ++i) fps.push_back(Put(RandomBytes(i, 100'000)));  // a group each
  ASSERT_OK(chunks_->Stop());
  Open();
  // As in an archive: the headers' group again after each file. No more tasks than these wait.
  std::vector<Fingerprint> wanted;
  for (size_t i = 1; i < fps.size(); ++i) wanted.insert(wanted.end(), {fps[0], fps[i], fps[i]});
  chunks_->Prefetch(wanted);
  workers_.reset();  // ends what is queued
  fs_.FailMatching(io::Op::kRead, ".pack", EIO);
  for (size_t i = 0; i < fps.size(); ++i) {
    EXPECT_EQ(Get(fps[i]), RandomBytes(i, 100'000)) << i;
  }
}

TEST_F(ChunkStoreTest, DamageThatPrefetchMeetsTakesOnlyItsOwnGroupOutOfUse) {
  std::vector<std::string> data;
  std::vector<Fingerprint> fps;
  for (int i = 0; i < 4; ++i) {  // two groups of two, in one pack
    data.push_back(RandomBytes(i, 60'000));
    fps.push_back(Put(data.back()));
  }
  ASSERT_OK(chunks_->Stop());
  Open();
  auto file = fs_.Open("/group/packs/01/0000000000000001.pack", io::OpenMode::kReadWrite);
  ASSERT_OK(file);
  ASSERT_OK((*file)->WriteAt(10'000, "damage"));
  chunks_->Prefetch(fps);
  workers_.reset();  // ends what is queued
  fs_.FailMatching(io::Op::kRead, ".pack", EIO);
  EXPECT_THAT(Get(fps[0]), testing::HasSubstr("in no pack"));
  EXPECT_THAT(Get(fps[1]), testing::HasSubstr("in no pack"));
  EXPECT_EQ(chunks_->DamageReport().size(), 1u);
  EXPECT_EQ(Get(fps[2]), data[2]);
  EXPECT_EQ(Get(fps[3]), data[3]);
}

TEST_F(ChunkStoreTest, CursorInADamagedGroupFindsTheOtherCopy) {
  const std::string a = RandomBytes(1, 20000), b = RandomBytes(2, 150'000);
  Fingerprint fa = Put(a), fb = Put(b);  // b is too large for the group of a
  ASSERT_OK(chunks_->Stop());
  Open();
  ChunkCursor cursor;
  ASSERT_OK(chunks_->Get(fa, &cursor));
  auto file = fs_.Open("/group/packs/01/0000000000000001.pack", io::OpenMode::kReadWrite);
  ASSERT_OK(file);
  ASSERT_OK((*file)->WriteAt(100'000, "damage"));
  auto lost = chunks_->Get(fb, &cursor);
  EXPECT_THAT(lost, support::StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(std::string(MessageOf(lost.status())), testing::HasSubstr("group at"));
  EXPECT_EQ(Put(b), fb);
  ASSERT_OK_AND_ASSIGN(Chunk again, chunks_->Get(fb, &cursor));
  EXPECT_EQ(again.bytes, b);
}

TEST_F(ChunkStoreTest, LostIndexSnapshotIsRebuiltFromPacks) {
  std::string a = RandomBytes(1, 20000);
  Fingerprint fa = Put(a);
  ASSERT_OK(chunks_->Stop());
  ASSERT_OK(fs_.RemoveFile("/group/index.snapshot"));
  Open();
  EXPECT_EQ(Get(fa), a);
}

TEST_F(ChunkStoreTest, DamagedChunkIsAnErrorAndHealsWhenWrittenAgain) {
  std::string a = RandomBytes(1, 20000);
  Fingerprint fa = Put(a);
  ASSERT_OK(chunks_->Stop());
  std::string path = "/group/packs/01/0000000000000001.pack";
  auto file = fs_.Open(path, io::OpenMode::kReadWrite);
  ASSERT_OK(file);
  ASSERT_OK((*file)->WriteAt(5000, "damage"));
  Open();
  EXPECT_THAT(chunks_->Get(fa), support::StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(Put(a), fa);
  EXPECT_EQ(Get(fa), a);
  ASSERT_OK(chunks_->Stop());
}

constexpr char kFirstPack[] = "/group/packs/01/0000000000000001.pack";

TEST_F(ChunkStoreTest, QuarantineOutlivesAnOlderSnapshotAndALostOne) {
  std::string a = RandomBytes(1, 20000);
  Fingerprint fa = Put(a);
  ASSERT_OK(chunks_->Stop());
  auto snapshot = io::ReadFile(fs_, "/group/index.snapshot");
  ASSERT_OK(snapshot);
  auto file = fs_.Open(kFirstPack, io::OpenMode::kReadWrite);
  ASSERT_OK(file);
  ASSERT_OK((*file)->WriteAt(5000, "damage"));
  Open();
  EXPECT_FALSE(chunks_->Get(fa).ok());
  ASSERT_EQ(chunks_->DamageReport().size(), 1u);
  for (bool lost : {false, true}) {
    ASSERT_OK(io::WriteFileAtomically(fs_, "/group/index.snapshot", *snapshot));
    if (lost) {
      ASSERT_OK(fs_.RemoveFile("/group/index.snapshot"));
    }
    Open();
    EXPECT_FALSE(chunks_->Holds(fa));
    EXPECT_FALSE(chunks_->Get(fa).ok());
    EXPECT_EQ(chunks_->DamageReport().size(), 1u);
    EXPECT_EQ(chunks_->DamageReport()[0].chunks_lost, 1u);
  }
  EXPECT_EQ(Put(a), fa);
  EXPECT_EQ(Get(fa), a);
  EXPECT_TRUE(chunks_->DamageReport().empty());
  ASSERT_OK(chunks_->Stop());
  Open();
  EXPECT_EQ(Get(fa), a);
  uint64_t checked = 0;
  EXPECT_TRUE(chunks_->VerifyPack(PackId{1}, &checked).empty()) << "healed damage is no fault";
}

TEST_F(ChunkStoreTest, WhatTurnsOutGoodLeavesTheQuarantine) {
  std::string a = RandomBytes(1, 20000);
  Fingerprint fa = Put(a);
  ASSERT_OK(chunks_->Stop());
  auto whole = io::ReadFile(fs_, kFirstPack);
  ASSERT_OK(whole);
  auto file = fs_.Open(kFirstPack, io::OpenMode::kReadWrite);
  ASSERT_OK(file);
  ASSERT_OK((*file)->WriteAt(5000, "damage"));
  Open();
  uint64_t checked = 0;
  EXPECT_EQ(chunks_->VerifyPack(PackId{1}, &checked).size(), 1u);
  ASSERT_OK((*file)->WriteAt(0, *whole));
  EXPECT_FALSE(chunks_->Get(fa).ok());
  EXPECT_TRUE(chunks_->VerifyPack(PackId{1}, &checked).empty());
  EXPECT_EQ(Get(fa), a);
  EXPECT_TRUE(chunks_->DamageReport().empty());
}

TEST_F(ChunkStoreTest, RepairMakesHeaderAndFooterAnew) {
  std::string a = RandomBytes(1, 20000);
  Fingerprint fa = Put(a);
  ASSERT_OK(chunks_->Stop());
  auto whole = io::ReadFile(fs_, kFirstPack);
  ASSERT_OK(whole);
  auto file = fs_.Open(kFirstPack, io::OpenMode::kReadWrite);
  ASSERT_OK(file);
  ASSERT_OK((*file)->WriteAt(3, "x"));
  ASSERT_OK((*file)->WriteAt(whole->size() - format::kPackTrailerSize - 9, "x"));
  Open();
  uint64_t checked = 0;
  EXPECT_EQ(chunks_->VerifyPack(PackId{1}, &checked).size(), 2u);
  EXPECT_FALSE(chunks_->Get(fa).ok());
  EXPECT_EQ(chunks_->RepairPack(PackId{1}).size(), 2u);
  EXPECT_TRUE(chunks_->VerifyPack(PackId{1}, &checked).empty());
  EXPECT_EQ(Get(fa), a);
  EXPECT_EQ(*io::ReadFile(fs_, kFirstPack), *whole);
}

TEST_F(ChunkStoreTest, MissingPackIsFoundAndNotCountedOn) {
  std::string a = RandomBytes(1, 20000);
  Fingerprint fa = Put(a);
  ASSERT_OK(chunks_->Stop());
  Open();
  EXPECT_EQ(Get(fa), a);
  ASSERT_OK(fs_.RemoveFile(kFirstPack));
  uint64_t checked = 0;
  EXPECT_EQ(chunks_->VerifyPack(PackId{1}, &checked).size(), 1u);
  EXPECT_FALSE(chunks_->Holds(fa));
  EXPECT_EQ(Put(a), fa);
  EXPECT_EQ(Get(fa), a);
  ASSERT_OK(chunks_->Flush());
}

TEST_F(ChunkStoreTest, ChecksAreRememberedAndTheOldestIsDueFirst) {
  Put(RandomBytes(1, 20000));
  ASSERT_OK(chunks_->RotatePacks());
  Put(RandomBytes(2, 20000));
  ASSERT_OK(chunks_->RotatePacks());
  EXPECT_FALSE(chunks_->NextToCheck(absl::InfinitePast(), absl::InfinitePast()));
  auto due = chunks_->NextToCheck(absl::InfinitePast(), absl::InfiniteFuture());
  ASSERT_TRUE(due);
  uint64_t checked = 0;
  EXPECT_TRUE(chunks_->VerifyPack(due->id, &checked).empty());
  EXPECT_EQ(chunks_->check_progress().verified, 1u);
  ASSERT_OK(chunks_->Stop());
  Open();
  EXPECT_EQ(chunks_->check_progress().verified, 1u);
  auto next = chunks_->NextToCheck(absl::InfinitePast(), absl::InfiniteFuture());
  ASSERT_TRUE(next);
  EXPECT_NE(next->id, due->id);
  EXPECT_GT(next->size_bytes, 20000u);
}

TEST_F(ChunkStoreTest, SweepFreesDeadChunksAndKeepsLiveOnes) {
  std::vector<std::pair<Fingerprint, std::string>> live, dead;
  for (int i = 0; i < 200; ++i) {
    std::string bytes = RandomBytes(i, 8000);
    (i % 2 == 0 ? live : dead).emplace_back(Put(bytes), bytes);
  }
  ASSERT_OK(chunks_->RotatePacks());
  uint64_t before = chunks_->TotalUsage().physical_bytes;
  EXPECT_FALSE(Begin());
  for (auto& [fp, bytes] : live) Refer(fp, bytes, true);
  // Written again during the epoch: found in an old pack, and thereby alive again.
  EXPECT_EQ(Put(dead.back().second), dead.back().first);
  SweepPlan plan = chunks_->PlanSweep();
  EXPECT_EQ(plan.packs.size(), chunks_->pack_count());
  auto result = chunks_->SweepPacks(plan.packs, [] { return absl::OkStatus(); });
  ASSERT_OK(result);
  chunks_->EndEpoch();
  EXPECT_EQ(result->packs_removed, plan.packs.size());
  for (auto& [fp, bytes] : live) ASSERT_EQ(Get(fp), bytes);
  EXPECT_EQ(Get(dead.back().first), dead.back().second);
  EXPECT_FALSE(chunks_->Get(dead.front().first).ok());
  ASSERT_OK(chunks_->RotatePacks());
  EXPECT_LT(chunks_->TotalUsage().physical_bytes, before * 6 / 10);

  EXPECT_FALSE(Begin());  // a second run finds nothing to do
  Refer(dead.back().first, dead.back().second, true);
  EXPECT_TRUE(chunks_->PlanSweep().packs.empty());
  chunks_->EndEpoch();

  Begin();  // and what loses its references later is found
  for (auto& [fp, bytes] : live) Refer(fp, bytes, false);
  plan = chunks_->PlanSweep();
  ASSERT_OK(chunks_->SweepPacks(plan.packs, [] { return absl::OkStatus(); }));
  chunks_->EndEpoch();
  EXPECT_FALSE(chunks_->Get(live.front().first).ok());
  EXPECT_EQ(Get(dead.back().first), dead.back().second);
  Open();
  EXPECT_EQ(Get(dead.back().first), dead.back().second);
}

TEST_F(ChunkStoreTest, ManyReferencesAreCountedExactly) {
  const std::string a = RandomBytes(1, 20000);
  const Fingerprint fa = Put(a);
  ASSERT_OK(chunks_->RotatePacks());
  Begin();
  for (int i = 0; i < 1000; ++i) Refer(fa, a, true);
  for (int i = 0; i < 999; ++i) Refer(fa, a, false);
  EXPECT_TRUE(chunks_->PlanSweep().packs.empty());
  Refer(fa, a, false);
  EXPECT_EQ(chunks_->PlanSweep().packs.size(), 1u);
  EXPECT_TRUE(chunks_->references().exact());
  // One less than there are: whoever says so knows more, or nothing.
  EXPECT_FALSE(chunks_->CountRoot(RootOf(fa, a), false, [] { return absl::OkStatus(); }).ok());
  EXPECT_FALSE(chunks_->references().exact());
  chunks_->EndEpoch();
  EXPECT_TRUE(Begin());
  chunks_->EndEpoch();
}

TEST_F(ChunkStoreTest, FullDiskIsAnErrorOfFlushAndEndsWhenSpaceIsBack) {
  std::string a = RandomBytes(1, 100000);
  fs_.FailMatching(io::Op::kWrite, ".pack", ENOSPC);
  Fingerprint fp;
  std::string_view views[] = {a};
  absl::Status put = chunks_->PutChunks(0, ContainerId{1}, views, std::span(&fp, 1));
  absl::Status flush = chunks_->Flush();
  EXPECT_EQ(ErrnoOf(put.ok() ? flush : put), ENOSPC);
  fs_.ClearFaults();
  fp = Put(a);
  ASSERT_OK(chunks_->Flush());
  EXPECT_EQ(Get(fp), a);
}

}  // namespace
}  // namespace oca::engine
