// What may be asked of a cartridge's two helpers without waiting for the storage.
#include <algorithm>
#include <semaphore>
#include <string>

#include "gtest/gtest.h"
#include "lib/vtape/read_ahead.h"
#include "lib/vtape/write_behind.h"

namespace oca::vtape {
namespace {

// A file whose reads and writes wait for a nod each.
class GatedFile final : public StorageFile {
 public:
  Result<size_t> ReadAt(uint64_t, std::span<char> out) override {
    asked.acquire();
    std::fill(out.begin(), out.end(), 'x');
    return out.size();
  }
  Status WriteAt(uint64_t, std::string_view) override {
    asked.acquire();
    return Status();
  }
  Status Sync() override { return Status(); }
  Result<uint64_t> Size() override { return uint64_t{0}; }
  Status Truncate(uint64_t) override { return Status(); }

  std::counting_semaphore<> asked{0};
};

TEST(ReadAhead, TellsThatItFetchesWithoutWaiting) {
  GatedFile file;
  ReadAhead ahead(file, 100);
  std::string out(10, '\0');
  file.asked.release();
  ASSERT_TRUE(ahead.ReadAt(0, out).ok());
  EXPECT_TRUE(ahead.Busy());
  EXPECT_FALSE(ahead.Holds(10, 10));
  file.asked.release();
  ahead.Forget();
  EXPECT_FALSE(ahead.Busy());
}

TEST(WriteBehind, TellsThatItWritesWithoutWaiting) {
  GatedFile file;
  WriteBehind behind(file, 100);
  const std::string block(60, 'x');
  ASSERT_TRUE(behind.Append(0, block).ok());
  EXPECT_TRUE(behind.HasRoom(60, 60)) << "the first goes to the thread";
  ASSERT_TRUE(behind.Append(60, block).ok());
  EXPECT_TRUE(behind.Busy());
  EXPECT_FALSE(behind.HasRoom(120, 60)) << "there is no place for a third";
  file.asked.release();
  EXPECT_TRUE(behind.Lacks(61));
  EXPECT_FALSE(behind.Lacks(60)) << "the first is in the file";
}

}  // namespace
}  // namespace oca::vtape
