// Open files: reading, writing, modes, handles that outlive their name.
#include <cerrno>
#include <cstdint>
#include <map>
#include <thread>

#include "gmock/gmock.h"
#include "t/conformance/io/file_system_suite.h"
#include "t/support/random.h"

namespace oca::io {
namespace {

class FileSuite : public FileSystemSuite {};
INSTANTIATE_TEST_SUITE_P(All, FileSuite, AllFileSystems(), KindName);

std::string ReadAll(File& file, uint64_t offset, size_t length) {
  std::string out(length, '?');
  auto got = file.ReadAt(offset, out);
  EXPECT_OK(got);
  out.resize(got.ok() ? *got : 0);
  return out;
}

TEST_P(FileSuite, ModesOnAMissingFile) {
  EXPECT_ERRNO(fs_->Open(P("a"), OpenMode::kRead), ENOENT);
  EXPECT_ERRNO(fs_->Open(P("a"), OpenMode::kReadWrite), ENOENT);
  EXPECT_TRUE(Names().empty());
  EXPECT_OK(fs_->Open(P("a"), OpenMode::kCreateNew));
  EXPECT_OK(fs_->Open(P("b"), OpenMode::kOpenOrCreate));
  EXPECT_OK(fs_->Open(P("c"), OpenMode::kTruncate));
  EXPECT_THAT(Names(), testing::ElementsAre("a", "b", "c"));
}

TEST_P(FileSuite, ModesOnAnExistingFile) {
  Put("a", "text");
  EXPECT_ERRNO(fs_->Open(P("a"), OpenMode::kCreateNew), EEXIST);
  EXPECT_EQ(ReadAll(*MustOpen("a", OpenMode::kRead), 0, 10), "text");
  EXPECT_EQ(ReadAll(*MustOpen("a", OpenMode::kReadWrite), 0, 10), "text");
  EXPECT_EQ(ReadAll(*MustOpen("a", OpenMode::kOpenOrCreate), 0, 10), "text");
  EXPECT_EQ(ReadAll(*MustOpen("a", OpenMode::kTruncate), 0, 10), "");
  EXPECT_EQ(Get("a"), "");
}

TEST_P(FileSuite, OpeningADirectoryFails) {
  ASSERT_OK(fs_->CreateDir(P("d")));
  EXPECT_ERRNO(fs_->Open(P("d"), OpenMode::kRead), EISDIR);
  EXPECT_ERRNO(fs_->Open(P("d"), OpenMode::kReadWrite), EISDIR);
  EXPECT_ERRNO(fs_->Open(P("d"), OpenMode::kOpenOrCreate), EISDIR);
  EXPECT_ERRNO(fs_->Open(P("d"), OpenMode::kTruncate), EISDIR);
  EXPECT_ERRNO(fs_->Open(P("d"), OpenMode::kCreateNew), EEXIST);
}

TEST_P(FileSuite, OpeningBelowAFileOrAMissingDirectoryFails) {
  Put("a", "");
  for (OpenMode mode : {OpenMode::kRead, OpenMode::kCreateNew, OpenMode::kTruncate}) {
    EXPECT_ERRNO(fs_->Open(P("a/b"), mode), ENOTDIR);
    EXPECT_ERRNO(fs_->Open(P("no/b"), mode), ENOENT);
  }
}

TEST_P(FileSuite, NamesHaveAtMost255Bytes) {
  EXPECT_OK(fs_->Open(P(std::string(255, 'n')), OpenMode::kCreateNew));
  EXPECT_ERRNO(fs_->Open(P(std::string(256, 'n')), OpenMode::kCreateNew), ENAMETOOLONG);
  EXPECT_ERRNO(fs_->CreateDir(P(std::string(256, 'n'))), ENAMETOOLONG);
}

TEST_P(FileSuite, ReadsAreShortOnlyAtTheEnd) {
  std::string data = support::RandomBytes(10'000, 1);
  Put("a", data);
  auto file = MustOpen("a", OpenMode::kRead);
  EXPECT_EQ(ReadAll(*file, 0, 10'000), data);
  EXPECT_EQ(ReadAll(*file, 0, 20'000), data);
  EXPECT_EQ(ReadAll(*file, 4090, 20), data.substr(4090, 20));
  EXPECT_EQ(ReadAll(*file, 9'999, 5), data.substr(9'999));
  EXPECT_EQ(ReadAll(*file, 10'000, 5), "");
  EXPECT_EQ(ReadAll(*file, 1'000'000, 5), "");
  EXPECT_EQ(ReadAll(*file, 5, 0), "");
}

TEST_P(FileSuite, WritingBeyondTheEndLeavesZeros) {
  auto file = MustOpen("a", OpenMode::kCreateNew);
  ASSERT_OK(file->WriteAt(0, "xy"));
  ASSERT_OK(file->WriteAt(9'000, "z"));
  EXPECT_EQ(*file->Size(), 9'001u);
  EXPECT_EQ(Get("a"), "xy" + std::string(8'998, '\0') + "z");
}

TEST_P(FileSuite, SparseFilesMayBeHuge) {
  auto file = MustOpen("a", OpenMode::kCreateNew);
  const uint64_t far = uint64_t{1} << 40;
  ASSERT_OK(file->WriteAt(far, "end"));
  EXPECT_EQ(*file->Size(), far + 3);
  EXPECT_EQ(ReadAll(*file, far - 2, 10), std::string("\0\0end", 5));
  ASSERT_OK(file->Truncate(far * 2));
  EXPECT_EQ(fs_->Stat(P("a"))->size_bytes, far * 2);
  ASSERT_OK(file->Truncate(1));
  EXPECT_EQ(Get("a"), std::string(1, '\0'));
}

TEST_P(FileSuite, TruncationCutsAndExtendsWithZeros) {
  Put("a", std::string(9'000, 'x'));
  auto file = MustOpen("a", OpenMode::kReadWrite);
  ASSERT_OK(file->Truncate(4'100));
  EXPECT_EQ(*file->Size(), 4'100u);
  ASSERT_OK(file->Truncate(9'000));
  EXPECT_EQ(Get("a"), std::string(4'100, 'x') + std::string(4'900, '\0'));
  ASSERT_OK(file->Truncate(0));
  EXPECT_EQ(Get("a"), "");
}

TEST_P(FileSuite, ImpossibleOffsetsAreRefused) {
  auto file = MustOpen("a", OpenMode::kCreateNew);
  const uint64_t too_far = uint64_t{1} << 63;
  char byte;
  EXPECT_ERRNO(file->ReadAt(too_far, {&byte, 1}), EINVAL);
  EXPECT_ERRNO(file->WriteAt(too_far, "x"), EINVAL);
  EXPECT_ERRNO(file->Truncate(too_far), EINVAL);
  EXPECT_ERRNO(file->WriteAt(too_far - 1, "xy"), EINVAL);
  EXPECT_EQ(*file->Size(), 0u);
}

TEST_P(FileSuite, ReadOnlyFilesRefuseChanges) {
  Put("a", "text");
  auto file = MustOpen("a", OpenMode::kRead);
  EXPECT_ERRNO(file->WriteAt(0, "x"), EBADF);
  EXPECT_ERRNO(file->Truncate(0), EINVAL);
  EXPECT_OK(file->Sync());
  EXPECT_EQ(Get("a"), "text");
}

TEST_P(FileSuite, AllHandlesSeeOneFile) {
  auto writer = MustOpen("a", OpenMode::kCreateNew);
  auto reader = MustOpen("a", OpenMode::kRead);
  ASSERT_OK(writer->WriteAt(0, "shared"));
  EXPECT_EQ(ReadAll(*reader, 0, 10), "shared");
  EXPECT_EQ(*reader->Size(), 6u);
}

TEST_P(FileSuite, HandleSurvivesRemoval) {
  auto file = MustOpen("a", OpenMode::kCreateNew);
  ASSERT_OK(fs_->RemoveFile(P("a")));
  ASSERT_OK(file->WriteAt(0, "ghost"));
  EXPECT_EQ(ReadAll(*file, 0, 10), "ghost");
  EXPECT_OK(file->Sync());
  Put("a", "new");
  EXPECT_EQ(ReadAll(*file, 0, 10), "ghost");
  EXPECT_EQ(Get("a"), "new");
}

TEST_P(FileSuite, HandleFollowsRename) {
  auto file = MustOpen("a", OpenMode::kCreateNew);
  Put("b", "old");
  auto replaced = MustOpen("b", OpenMode::kRead);
  ASSERT_OK(fs_->Rename(P("a"), P("b")));
  ASSERT_OK(file->WriteAt(0, "moved"));
  EXPECT_EQ(Get("b"), "moved");
  EXPECT_EQ(ReadAll(*replaced, 0, 10), "old");
}

TEST_P(FileSuite, StartWritebackIsOnlyAHint) {
  auto file = MustOpen("a", OpenMode::kCreateNew);
  ASSERT_OK(file->WriteAt(0, std::string(100'000, 'x')));
  file->StartWriteback(0, 65'536);
  file->StartWriteback(0, 0);
  file->StartWriteback(1 << 30, 4'096);
  EXPECT_OK(file->Sync());
  EXPECT_EQ(*file->Size(), 100'000u);
}

TEST_P(FileSuite, StartReadaheadIsOnlyAHint) {
  auto file = MustOpen("a", OpenMode::kCreateNew);
  ASSERT_OK(file->WriteAt(0, std::string(100'000, 'x')));
  file->StartReadahead(0, 65'536);
  file->StartReadahead(0, 0);
  file->StartReadahead(1 << 30, 4'096);
  std::string read(100'000, '\0');
  ASSERT_OK_AND_ASSIGN(size_t n, file->ReadAt(0, {read.data(), read.size()}));
  EXPECT_EQ(n, 100'000u);
  EXPECT_EQ(read, std::string(100'000, 'x'));
}

TEST_P(FileSuite, EmptyWriteChangesNothing) {
  auto file = MustOpen("a", OpenMode::kCreateNew);
  EXPECT_OK(file->WriteAt(100, ""));
  EXPECT_EQ(*file->Size(), 0u);
}

TEST_P(FileSuite, ConcurrentWritesToDistinctRangesAllLand) {
  constexpr size_t kThreads = 4, kPiece = 1'500, kPieces = 50;
  auto file = MustOpen("a", OpenMode::kCreateNew);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < kPieces; ++i) {
        size_t piece = i * kThreads + t;
        EXPECT_OK(file->WriteAt(piece * kPiece, support::RandomBytes(kPiece, piece)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t piece = 0; piece < kThreads * kPieces; ++piece) {
    ASSERT_EQ(ReadAll(*file, piece * kPiece, kPiece), support::RandomBytes(kPiece, piece));
  }
}

// Against a plain string: any mixture of writes, truncations and reads.
TEST_P(FileSuite, RandomCallsMatchAModel) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    support::Random random(seed);
    auto file = MustOpen("a", OpenMode::kTruncate);
    std::string model;
    for (int step = 0; step < 200; ++step) {
      uint64_t offset = random.Below(40'000);
      size_t length = random.OneIn(3) ? random.Below(10'000) : random.Below(100);
      switch (random.Below(4)) {
        case 0:
          ASSERT_OK(file->Truncate(offset));
          model.resize(offset);
          break;
        case 1:
          ASSERT_EQ(ReadAll(*file, offset, length),
                    offset < model.size() ? model.substr(offset, length) : "");
          break;
        default: {
          if (random.OneIn(2)) offset = model.size();
          std::string data = random.Bytes(length);
          ASSERT_OK(file->WriteAt(offset, data));
          if (!data.empty()) model.resize(std::max<size_t>(model.size(), offset + length));
          if (!data.empty()) model.replace(offset, length, data);
          if (random.OneIn(10)) {
            ASSERT_OK(file->Sync());
          }
        }
      }
      ASSERT_EQ(*file->Size(), model.size());
    }
    ASSERT_EQ(Get("a"), model);
  }
}

}  // namespace
}  // namespace oca::io
