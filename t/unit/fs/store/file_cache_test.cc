#include "fs/store/file_cache.h"

#include <atomic>
#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lib/io/testing/memory_file_system.h"
#include "t/support/random.h"
#include "t/support/status_matchers.h"

namespace oca::store {
namespace {

// A file for each of the ids 1..n, and a count of how often files were opened.
class FileCacheTest : public testing::Test {
 protected:
  FileCacheTest() {
    for (uint64_t id = 1; id <= 20; ++id) {
      EXPECT_OK(fs_.Open(PathOf(PackId(id)), io::OpenMode::kCreateNew));
    }
  }
  static std::string PathOf(PackId id) { return fmt::format("/{}", id.value); }
  FileCache MakeCache(size_t max_open) {
    return FileCache(max_open, [this](PackId id) {
      ++opens_;
      if (while_opening_) while_opening_();
      return fs_.Open(PathOf(id), io::OpenMode::kRead);
    });
  }

  io::MemoryFileSystem fs_;
  std::atomic<int> opens_{0};
  std::function<void()> while_opening_;
};

TEST_F(FileCacheTest, KeepsTheMostRecentlyUsed) {
  FileCache cache = MakeCache(3);
  for (uint64_t id : {1, 2, 3, 1, 4}) ASSERT_OK(cache.Get(PackId(id)));  // 4 puts 2 out
  EXPECT_EQ(opens_, 4);
  EXPECT_EQ(cache.open_count(), 3u);
  for (uint64_t id : {1, 3, 4}) ASSERT_OK(cache.Get(PackId(id)));
  EXPECT_EQ(opens_, 4);
  ASSERT_OK(cache.Get(PackId(2)));
  EXPECT_EQ(opens_, 5);
}

TEST_F(FileCacheTest, FailedOpenIsNotKept) {
  FileCache cache = MakeCache(3);
  EXPECT_ERRNO(cache.Get(PackId(99)), ENOENT);
  EXPECT_EQ(cache.open_count(), 0u);
  EXPECT_ERRNO(cache.Get(PackId(99)), ENOENT);
  EXPECT_EQ(opens_, 2);
}

TEST_F(FileCacheTest, DroppedFileIsOpenedAnewAndOldHoldersReadOn) {
  FileCache cache = MakeCache(3);
  ASSERT_OK_AND_ASSIGN(std::shared_ptr<io::File> held, cache.Get(PackId(1)));
  cache.Drop(PackId(1));
  EXPECT_EQ(cache.open_count(), 0u);
  EXPECT_OK(held->Size());
  ASSERT_OK(cache.Get(PackId(1)));
  EXPECT_EQ(opens_, 2);
}

TEST_F(FileCacheTest, OpenThatRacedWithDropIsNotKept) {
  FileCache cache = MakeCache(3);
  while_opening_ = [&] { cache.Drop(PackId(1)); };
  ASSERT_OK(cache.Get(PackId(1)));
  EXPECT_EQ(cache.open_count(), 0u);  // else an unlinked file would hold its space
}

TEST_F(FileCacheTest, ThreadsShareIt) {
  FileCache cache = MakeCache(5);
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&cache, t] {
      support::Random random(t);
      for (int i = 0; i < 2000; ++i) {
        PackId id(random.Between(1, 20));
        if (random.OneIn(10)) {
          cache.Drop(id);
        } else {
          EXPECT_OK(cache.Get(id));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(cache.open_count(), 5u);
}

}  // namespace
}  // namespace oca::store
