// Files of the machine.
#include <cstring>
#include <string>

#include "gtest/gtest.h"
#include "lib/vtape/piece.h"
#include "lib/vtape/storage.h"
#include "t/support/temp_dir.h"

namespace oca::vtape {
namespace {

// Most file systems refuse all but aligned places and sizes when they are read past the page cache.
TEST(PosixStorage, ReadOnceGivesAnyPlaceAndSize) {
  support::TempDir temp;
  auto opened = PosixStorage().Open(temp.Path("file"), Storage::Mode::kTruncate);
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  StorageFile& file = **opened;
  std::string bytes(20'000, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + i / 256);
  ASSERT_TRUE(file.WriteAt(0, bytes).ok());
  Piece memory;
  ASSERT_TRUE(memory.Reserve(32'768));
  for (size_t at : {0, 4096, 1, 8191, 16'384, 19'999, 20'000, 30'000}) {
    for (size_t size : {1, 4096, 5000, 32'768}) {
      auto n = file.ReadOnce(at, {memory.data(), size});
      ASSERT_TRUE(n.ok()) << n.status().message();
      const std::string expected = at < bytes.size() ? bytes.substr(at, size) : "";
      EXPECT_EQ(std::string_view(memory.data(), *n), expected) << size << " bytes at " << at;
    }
  }
  // What was written since is seen, also where nothing of it has reached the disk.
  ASSERT_TRUE(file.WriteAt(4096, "new").ok());
  ASSERT_TRUE(file.ReadOnce(4096, {memory.data(), 4096}).ok());
  EXPECT_EQ(std::string_view(memory.data(), 3), "new");
}

TEST(PosixStorage, WriteOnceTakesAnyPlaceAndSize) {
  support::TempDir temp;
  auto opened = PosixStorage().Open(temp.Path("file"), Storage::Mode::kTruncate);
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  StorageFile& file = **opened;
  Piece memory;
  ASSERT_TRUE(memory.Reserve(32'768));
  std::string expected(70'000, '\0');
  ASSERT_TRUE(file.Truncate(expected.size()).ok());
  char fill = 'a';
  for (size_t at : {0, 4096, 1, 8191, 36'864}) {
    for (size_t size : {32'768, 5000, 4096, 1}) {
      std::memset(memory.data(), fill++, size);
      ASSERT_TRUE(file.WriteOnce(at, {memory.data(), size}).ok()) << size << " bytes at " << at;
      expected.replace(at, size, memory.data(), size);
      std::string found(expected.size(), '\0');
      auto n = file.ReadAt(0, found);
      ASSERT_TRUE(n.ok()) << n.status().message();
      ASSERT_EQ(found, expected) << size << " bytes at " << at;
    }
  }
}

}  // namespace
}  // namespace oca::vtape
