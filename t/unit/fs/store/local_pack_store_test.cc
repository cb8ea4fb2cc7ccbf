// What is special to packs in files; what every pack store does is in t/conformance/pack_store.
#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "fs/store/local_pack_writer.h"
#include "fs/store/pack_store.h"
#include "gmock/gmock.h"
#include "lib/base/coding.h"
#include "lib/io/testing/fault_file_system.h"
#include "t/support/temp_dir.h"
#include "t/unit/fs/store/test_groups.h"

namespace oca::store {
namespace {

using io::FaultFileSystem;
using io::Op;
using support::StatusIs;
using testing::ElementsAre;

class LocalPackStoreTest : public testing::Test {
 protected:
  LocalPackStoreTest() {
    auto store = OpenLocalPackStore(fs_, "/packs", GroupId(1));
    EXPECT_OK(store);
    store_ = *std::move(store);
  }
  std::unique_ptr<PackWriter> MustCreate(uint64_t id) {
    auto writer = store_->Create(PackId(id));
    EXPECT_OK(writer);
    return *std::move(writer);
  }

  FaultFileSystem fs_;
  std::unique_ptr<PackStore> store_;
};

TEST_F(LocalPackStoreTest, FilesLieInFanOutFolders) {
  MustCreate(0x1234);
  MustCreate(0xfedcba9876543210);
  EXPECT_OK(fs_.Stat("/packs/34/0000000000001234.pack"));
  EXPECT_OK(fs_.Stat("/packs/10/fedcba9876543210.pack"));
}

TEST_F(LocalPackStoreTest, ListIgnoresForeignNames) {
  MustCreate(0x1234);
  for (const char* path :
       {"/packs/34/0000000000001234.pack.damaged", "/packs/34/0000000000001235.pack",
        "/packs/34/000000000000AB34.pack", "/packs/34/134.pack", "/packs/34/.pack",
        "/packs/34/00000000000012g4.pack", "/packs/34/0000000000001234.pack~", "/packs/35",
        "/packs/readme", "/packs/ZZ"}) {
    ASSERT_OK(fs_.Open(path, io::OpenMode::kCreateNew));
  }
  ASSERT_OK(fs_.CreateDir("/packs/34/0000000000005634.pack"));
  ASSERT_OK(fs_.CreateDir("/packs/00"));
  ASSERT_OK(fs_.Open("/packs/00/0000000000000000.pack", io::OpenMode::kCreateNew));
  ASSERT_OK(fs_.CreateDir("/packs/3"));
  ASSERT_OK(fs_.CreateDir("/packs/lost+found"));
  ASSERT_OK_AND_ASSIGN(std::vector<PackInfo> packs, store_->List());
  ASSERT_EQ(packs.size(), 1u);
  EXPECT_EQ(packs[0].id, PackId(0x1234));
  EXPECT_EQ(packs[0].size_bytes, format::kPackHeaderSize);
}

TEST_F(LocalPackStoreTest, FailedCreateLeavesTheIdFree) {
  fs_.FailMatching(Op::kWrite, ".pack", ENOSPC, FaultFileSystem::Duration::kTransient);
  EXPECT_ERRNO(store_->Create(PackId(1)), ENOSPC);
  EXPECT_OK(store_->Create(PackId(1)));
}

TEST_F(LocalPackStoreTest, RetriedAppendReusesTheRange) {
  auto writer = MustCreate(1);
  TestPack pack(PackId(1));
  ASSERT_OK(pack.Append(*writer, MakeGroup(1)));
  uint64_t before = writer->size();
  TestGroup group = MakeGroup(2);
  fs_.FailMatching(Op::kWrite, ".pack", ENOSPC, FaultFileSystem::Duration::kTransient);
  EXPECT_ERRNO(writer->Append(group.encoded), ENOSPC);
  EXPECT_EQ(writer->size(), before);
  ASSERT_OK(pack.Append(*writer, group));
  EXPECT_EQ(pack.footer.groups[1].file_offset, before);
  ASSERT_OK(writer->Seal(pack.footer));
  EXPECT_OK(store_->ReadFooter(PackId(1)));
}

TEST_F(LocalPackStoreTest, SealCutsOffWhatAFailedAppendLeft) {
  auto writer = MustCreate(1);
  TestPack pack(PackId(1));
  ASSERT_OK(pack.Append(*writer, MakeGroup(1)));
  fs_.FailMatching(Op::kWrite, ".pack", EIO, FaultFileSystem::Duration::kTransient);
  TestGroup large = MakeGroup({support::RandomBytes(1 << 20, 1)}, Compression::kLz4);
  EXPECT_ERRNO(writer->Append(large.encoded), EIO);
  ASSERT_OK(writer->Seal(pack.footer));
  ASSERT_OK_AND_ASSIGN(std::vector<PackInfo> packs, store_->List());
  EXPECT_EQ(packs[0].size_bytes, writer->size());
  EXPECT_LT(writer->size(), 100000u);
  EXPECT_OK(store_->ReadFooter(PackId(1)));
}

TEST_F(LocalPackStoreTest, DurableBytesShareNoSectorWithLaterOnes) {
  auto writer = MustCreate(1);
  TestPack pack(PackId(1));
  ASSERT_OK(pack.Append(*writer, MakeGroup(1, 20)));
  ASSERT_OK(pack.Append(*writer, MakeGroup(2, 20)));
  EXPECT_EQ(pack.footer.groups[1].file_offset,
            format::kPackHeaderSize + pack.footer.groups[0].encoded_size);
  ASSERT_OK(writer->Sync());
  ASSERT_OK(writer->Sync());  // nothing new: costs nothing
  ASSERT_OK(pack.Append(*writer, MakeGroup(3, 20)));
  EXPECT_EQ(pack.footer.groups[2].file_offset, kSectorBytes);
  ASSERT_OK(writer->Seal(pack.footer));
  ASSERT_OK_AND_ASSIGN(format::PackFooter footer, store_->ReadFooter(PackId(1)));
  EXPECT_EQ(footer, pack.footer);
}

TEST_F(LocalPackStoreTest, SyncWithNothingNewTouchesNothing) {
  auto writer = MustCreate(1);
  ASSERT_OK(writer->Append(MakeGroup(1).encoded));
  ASSERT_OK(writer->Sync());
  uint64_t calls = fs_.MutatingCalls();
  ASSERT_OK(writer->Sync());
  EXPECT_EQ(fs_.MutatingCalls(), calls);
}

TEST_F(LocalPackStoreTest, FailedSyncIsMadeGoodByTheNext) {
  auto writer = MustCreate(1);
  TestPack pack(PackId(1));
  for (uint64_t seed = 0; seed < 5; ++seed) ASSERT_OK(pack.Append(*writer, MakeGroup(seed)));
  fs_.FailMatching(Op::kSync, ".pack", EIO, FaultFileSystem::Duration::kTransient);
  EXPECT_ERRNO(writer->Sync(), EIO);
  ASSERT_OK(pack.Append(*writer, MakeGroup(5)));
  ASSERT_OK(writer->Sync());
  for (uint64_t seed = 0; seed < 10; ++seed) {
    fs_.PowerCycle(seed);  // all is durable, so every seed leaves the same
    ASSERT_OK_AND_ASSIGN(store_, OpenLocalPackStore(fs_, "/packs", GroupId(1)));
    ASSERT_OK_AND_ASSIGN(format::PackFooter footer, store_->Recover(PackId(1)));
    for (const TestGroup& group : pack.groups) EXPECT_TRUE(HoldsGroup(*store_, footer, group));
    ASSERT_OK_AND_ASSIGN(std::string header, store_->Read(PackId(1), 0, format::kPackHeaderSize));
    EXPECT_OK(format::DecodePackHeader(header));
  }
}

TEST_F(LocalPackStoreTest, SyncFailsForGoodWhenTheBytesAreLost) {
  auto writer = MustCreate(1);
  TestGroup group = MakeGroup(1);
  ASSERT_OK_AND_ASSIGN(uint64_t offset, writer->Append(group.encoded));
  fs_.FailMatching(Op::kSync, ".pack", EIO, FaultFileSystem::Duration::kTransient);
  EXPECT_ERRNO(writer->Sync(), EIO);
  // As a kernel that dropped the dirty pages after the failure.
  ASSERT_OK_AND_ASSIGN(auto file,
                       fs_.Open("/packs/01/0000000000000001.pack", io::OpenMode::kReadWrite));
  ASSERT_OK(file->WriteAt(offset + 10, std::string(20, '\0')));
  EXPECT_THAT(writer->Sync(), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(writer->Sync(), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(LocalPackStoreTest, SealIsTriedAgainAfterEachFailure) {
  for (Op op : {Op::kWrite, Op::kSync, Op::kSyncDir}) {
    uint64_t id = 10 + static_cast<uint64_t>(op);
    auto writer = MustCreate(id);
    TestPack pack{PackId(id)};
    for (uint64_t seed = 0; seed < 3; ++seed) ASSERT_OK(pack.Append(*writer, MakeGroup(seed)));
    for (int round = 0; round < 3; ++round) {
      fs_.FailMatching(op, "/packs", EIO, FaultFileSystem::Duration::kTransient);
      EXPECT_ERRNO(writer->Seal(pack.footer), EIO);
    }
    EXPECT_THAT(writer->Append(MakeGroup(9).encoded),
                StatusIs(absl::StatusCode::kFailedPrecondition));
    ASSERT_OK(writer->Seal(pack.footer));
    ASSERT_OK_AND_ASSIGN(format::PackFooter footer, store_->ReadFooter(PackId(id)));
    EXPECT_EQ(footer, pack.footer);
  }
}

TEST_F(LocalPackStoreTest, RemoveFinishesWhatAFailedOneBegan) {
  MustCreate(1);
  fs_.FailMatching(Op::kSyncDir, "/packs", EIO, FaultFileSystem::Duration::kTransient);
  EXPECT_ERRNO(store_->Remove(PackId(1)), EIO);
  EXPECT_ERRNO(store_->Remove(PackId(1)), ENOENT);
  fs_.PowerCycle(1);
  EXPECT_ERRNO(fs_.Stat("/packs/01/0000000000000001.pack"), ENOENT);
}

TEST(LocalPackWriter, FailedAppendsInTheMiddleLeaveAScannableFile) {
  // A random history of appends, some of which fail, on top of each other's remains.
  for (uint64_t seed = 0; seed < 30; ++seed) {
    FaultFileSystem fs;
    ASSERT_OK_AND_ASSIGN(auto store, OpenLocalPackStore(fs, "/packs", GroupId(1)));
    ASSERT_OK_AND_ASSIGN(auto writer, store->Create(PackId(1)));
    TestPack pack(PackId(1));
    support::Random random(seed);
    for (uint64_t i = 0; i < 40; ++i) {
      if (random.OneIn(3)) {
        fs.FailMatching(Op::kWrite, ".pack", ENOSPC, FaultFileSystem::Duration::kTransient);
      }
      auto status = pack.Append(*writer, MakeGroup(seed * 1000 + i));
      EXPECT_TRUE(status.ok() || ErrnoOf(status) == ENOSPC) << status;
      if (random.OneIn(8)) {
        ASSERT_OK(writer->Sync());
      }
      fs.ClearFaults();
    }
    ASSERT_OK(writer->Sync());
    writer.reset();
    ASSERT_OK_AND_ASSIGN(format::PackFooter footer, store->Recover(PackId(1)));
    EXPECT_TRUE(ListsOnlyTrueChunks(*store, footer));
    for (const TestGroup& group : pack.groups) EXPECT_TRUE(HoldsGroup(*store, footer, group));
  }
}

// A file system whose next write of `gated_size` bytes waits until it is released.
class GateFileSystem final : public io::MemoryFileSystem {
 public:
  absl::StatusOr<std::unique_ptr<io::File>> Open(const std::string& path,
                                                 io::OpenMode mode) override {
    OCA_ASSIGN_OR_RETURN(auto file, MemoryFileSystem::Open(path, mode));
    return std::unique_ptr<io::File>(new GateFile(*this, std::move(file)));
  }

  size_t gated_size = 0;
  absl::Notification reached, released;

 private:
  class GateFile final : public io::File {
   public:
    GateFile(GateFileSystem& fs, std::unique_ptr<File> file) : fs_(fs), file_(std::move(file)) {}
    absl::StatusOr<size_t> ReadAt(uint64_t offset, std::span<char> out) override {
      return file_->ReadAt(offset, out);
    }
    absl::Status WriteAt(uint64_t offset, std::string_view data) override {
      if (data.size() == fs_.gated_size) {
        fs_.reached.Notify();
        fs_.released.WaitForNotification();
      }
      return file_->WriteAt(offset, data);
    }
    absl::Status Sync() override {
      EXPECT_TRUE(!fs_.reached.HasBeenNotified() || fs_.released.HasBeenNotified())
          << "a group beside what becomes durable is still being written";
      return file_->Sync();
    }
    void StartReadahead(uint64_t offset, uint64_t length) override {
      file_->StartReadahead(offset, length);
    }
    void StartWriteback(uint64_t offset, uint64_t length) override {
      file_->StartWriteback(offset, length);
    }
    absl::StatusOr<uint64_t> Size() override { return file_->Size(); }
    absl::Status Truncate(uint64_t size) override { return file_->Truncate(size); }

   private:
    GateFileSystem& fs_;
    std::unique_ptr<File> file_;
  };
};

TEST(LocalPackWriter, SyncTakesAlongAppendsThatRunAndLetsNewOnesBegin) {
  GateFileSystem fs;
  ASSERT_OK_AND_ASSIGN(auto store, OpenLocalPackStore(fs, "/packs", GroupId(1)));
  ASSERT_OK_AND_ASSIGN(auto writer, store->Create(PackId(1)));
  ASSERT_OK(writer->Append(MakeGroup({"first"}, Compression::kFast).encoded));
  TestGroup slow = MakeGroup({support::RandomBytes(777, 1)}, Compression::kFast);
  fs.gated_size = slow.encoded.size();
  std::thread appender([&] { EXPECT_OK(writer->Append(slow.encoded)); });
  fs.reached.WaitForNotification();
  std::thread syncer([&] { EXPECT_OK(writer->Sync()); });
  // Appends go on while the sync waits. From when it began, they stand in sectors of their own.
  TestGroup small = MakeGroup({"again"}, Compression::kFast);
  uint64_t end = writer->size();
  bool jumped = false;
  for (int left = 100000; left > 0; --left) {
    auto offset = writer->Append(small.encoded);
    ASSERT_OK(offset);
    if (*offset != end && !jumped) {
      EXPECT_EQ(*offset, AlignUp(end));
      jumped = true;
      left = std::min(left, 1000);
    }
    end = *offset + small.encoded.size();
  }
  fs.released.Notify();
  appender.join();
  syncer.join();
}

TEST(LocalPackStore, WorksOnTheMachinesFiles) {
  support::TempDir temp;
  ASSERT_OK_AND_ASSIGN(
      auto store, OpenLocalPackStore(io::PosixFileSystem(), temp.Path("a/b/packs"), GroupId(1)));
  ASSERT_OK_AND_ASSIGN(auto writer, store->Create(PackId(1)));
  TestPack pack(PackId(1));
  for (uint64_t seed = 0; seed < 40; ++seed) {  // several MiB: writing out is started on the way
    ASSERT_OK(pack.Append(*writer,
                          MakeGroup({support::RandomBytes(128 << 10, seed)}, Compression::kFast)));
  }
  ASSERT_OK(writer->Seal(pack.footer));
  ASSERT_OK_AND_ASSIGN(format::PackFooter footer, store->ReadFooter(PackId(1)));
  EXPECT_EQ(footer, pack.footer);
  EXPECT_TRUE(ListsOnlyTrueChunks(*store, footer));
}

}  // namespace
}  // namespace oca::store
