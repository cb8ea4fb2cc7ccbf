// A chunk store whose index does not fit: nothing is lost, little is stored twice, and a damaged
// index on disk is rebuilt.
#include <random>
#include <thread>

#include "fs/engine/chunk_store.h"
#include "gtest/gtest.h"
#include "lib/io/testing/memory_file_system.h"
#include "t/support/status_matchers.h"

namespace oca::engine {
namespace {

constexpr uint64_t kChunkBytes = 64;   // small ones, so that there are many
constexpr uint64_t kChunks = 500'000;  // more than 8 MiB of index hold
constexpr size_t kBatch = 500;

class SampledStore : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }
  void TearDown() override { Close(); }

  void Close() {
    chunks_.reset();
    workers_.reset();
    sealers_.reset();
  }
  void Open() {
    Close();
    workers_ = std::make_unique<WorkQueue>(2, 8);
    sealers_ = std::make_unique<WorkQueue>(1, 8);
    caches_ = std::make_unique<Caches>(4u << 20, 4u << 20);
    ChunkStoreOptions options;
    options.fs = &fs_;
    options.dir = "/group";
    options.group = GroupId{1};
    options.compression = store::Compression::kLz4;
    options.pack_target_bytes = 128 << 10;
    options.workers = workers_.get();
    options.decoders = workers_.get();
    options.sealers = sealers_.get();
    options.caches = caches_.get();
    options.index_budget_bytes = 8u << 20;
    auto opened = ChunkStore::Open(options);
    ASSERT_OK(opened);
    chunks_ = *std::move(opened);
  }
  static std::string Nth(uint64_t n) {
    std::mt19937_64 rng(n);
    std::string bytes(kChunkBytes, '\0');
    for (size_t i = 0; i < bytes.size(); i += 8) {
      const uint64_t word = rng();
      std::memcpy(bytes.data() + i, &word, 8);
    }
    return bytes;
  }
  // Stores chunks [begin, end) as one stream; their names.
  std::vector<Fingerprint> PutRange(uint64_t begin, uint64_t end) {
    std::vector<Fingerprint> all;
    for (uint64_t n = begin; n < end; n += kBatch) {
      std::vector<std::string> bytes;
      for (uint64_t i = n; i < std::min(end, n + kBatch); ++i) bytes.push_back(Nth(i));
      std::vector<std::string_view> views(bytes.begin(), bytes.end());
      std::vector<Fingerprint> fps(views.size());
      EXPECT_OK(chunks_->PutChunks(0, ContainerId{1}, views, std::span(fps)));
      all.insert(all.end(), fps.begin(), fps.end());
      if (n % (20 * kBatch) == 0) chunks_->MaybeSaveSnapshot();
    }
    return all;
  }
  void ExpectReadable(const std::vector<Fingerprint>& fps) {
    std::mt19937_64 rng(1);
    for (int i = 0; i < 3000; ++i) {
      const uint64_t n = rng() % fps.size();
      auto chunk = chunks_->Get(fps[n]);
      ASSERT_OK(chunk);
      ASSERT_EQ(chunk->bytes, Nth(n));
    }
  }

  io::MemoryFileSystem fs_;
  std::unique_ptr<WorkQueue> workers_, sealers_;
  std::unique_ptr<Caches> caches_;
  std::unique_ptr<ChunkStore> chunks_;
};

TEST_F(SampledStore, ReadsAllAndStoresLittleTwice) {
  const std::vector<Fingerprint> fps = PutRange(0, kChunks);
  ASSERT_OK(chunks_->Flush());
  chunks_->MaybeSaveSnapshot();
  ASSERT_TRUE(chunks_->index().sampled());
  EXPECT_LE(chunks_->index().memory_bytes(), 8u << 20);
  ExpectReadable(fps);
  // The same stream again, from a start of the program.
  ASSERT_OK(chunks_->Stop());
  Open();
  ASSERT_TRUE(chunks_->index().sampled());
  const uint64_t before = chunks_->TotalUsage().plain_bytes;
  EXPECT_EQ(PutRange(0, kChunks), fps);
  ASSERT_OK(chunks_->Flush());
  const uint64_t again = chunks_->TotalUsage().plain_bytes - before;
  EXPECT_LE(again, before * 3 / 100);
  ExpectReadable(fps);
}

TEST_F(SampledStore, ADamagedIndexIsRebuiltWhileReadersWait) {
  const std::vector<Fingerprint> fps = PutRange(0, kChunks);
  ASSERT_OK(chunks_->Flush());
  chunks_->MaybeSaveSnapshot();
  ASSERT_TRUE(chunks_->index().sampled());
  ASSERT_OK_AND_ASSIGN(std::vector<std::string> names, fs_.List("/group"));
  int damaged = 0;
  for (const std::string& name : names) {
    if (!name.starts_with("index.snapshot.")) continue;
    ASSERT_OK_AND_ASSIGN(auto file, fs_.Open("/group/" + name, io::OpenMode::kReadWrite));
    ASSERT_OK_AND_ASSIGN(uint64_t size, file->Size());
    for (uint64_t at = 5000; at < size; at += 4096) ASSERT_OK(file->WriteAt(at, "damage"));
    ++damaged;
  }
  ASSERT_GT(damaged, 0);
  std::thread other([&] { ExpectReadable(fps); });
  ExpectReadable(fps);
  other.join();
  ASSERT_OK(chunks_->Stop());
  Open();
  ExpectReadable(fps);
}

// Runs on disk still lead to what is in quarantine, or to a pack that is gone: nobody follows.
TEST_F(SampledStore, DamageIsContainedAndHeals) {
  const std::vector<Fingerprint> fps = PutRange(0, kChunks);
  ASSERT_OK(chunks_->RotatePacks());
  chunks_->MaybeSaveSnapshot();
  ASSERT_TRUE(chunks_->index().sampled());
  const auto lost = [&] {
    std::vector<uint64_t> numbers;
    for (uint64_t n = 0; n < 10'000; ++n) {
      const bool held = chunks_->Holds(fps[n]);
      EXPECT_EQ(held, chunks_->Get(fps[n]).ok()) << n;
      if (!held) numbers.push_back(n);
    }
    return numbers;
  };
  ASSERT_EQ(lost().size(), 0u);

  const std::string path = "/group/packs/01/0000000000000001.pack";
  ASSERT_OK_AND_ASSIGN(const std::string whole, io::ReadFile(fs_, path));
  ASSERT_OK_AND_ASSIGN(auto file, fs_.Open(path, io::OpenMode::kReadWrite));
  ASSERT_OK(file->WriteAt(whole.size() / 2, "damage"));
  uint64_t checked = 0;
  EXPECT_EQ(chunks_->VerifyPack(PackId{1}, &checked).size(), 1u);
  std::vector<uint64_t> damaged = lost();
  EXPECT_GT(damaged.size(), 0u);
  for (uint64_t n : damaged) PutRange(n, n + 1);
  EXPECT_EQ(lost().size(), 0u);
  ASSERT_OK(chunks_->Stop());
  Open();
  EXPECT_EQ(lost().size(), 0u);
  ASSERT_OK(file->WriteAt(0, whole));
  EXPECT_EQ(chunks_->VerifyPack(PackId{1}, &checked).size(), 0u);
  EXPECT_EQ(lost().size(), 0u);

  ASSERT_OK(fs_.RemoveFile("/group/packs/02/0000000000000002.pack"));
  EXPECT_EQ(chunks_->VerifyPack(PackId{2}, &checked).size(), 1u);
  EXPECT_EQ(chunks_->VerifyPack(PackId{2}, &checked).size(), 0u);
  damaged = lost();
  EXPECT_GT(damaged.size(), 0u);
  for (uint64_t n : damaged) PutRange(n, n + 1);
  EXPECT_EQ(lost().size(), 0u);
}

}  // namespace
}  // namespace oca::engine
