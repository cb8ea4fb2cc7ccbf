// Packs damaged in every way that Recover is for.
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "fs/store/local_pack_writer.h"
#include "fs/store/pack_store.h"
#include "gmock/gmock.h"
#include "lib/base/coding.h"
#include "lib/base/crc32c.h"
#include "lib/io/testing/fault_file_system.h"
#include "t/unit/fs/store/test_groups.h"

namespace oca::store {
namespace {

using io::FaultFileSystem;
using support::StatusIs;

constexpr char kPath[] = "/packs/01/0000000000000001.pack";

// Pack 1 of group 1, with three groups, sealed; and its bytes, to be damaged.
class RecoverTest : public testing::Test {
 protected:
  RecoverTest() : pack_(PackId(1)) {
    auto store = OpenLocalPackStore(fs_, "/packs", GroupId(1));
    EXPECT_OK(store);
    store_ = *std::move(store);
    auto writer = store_->Create(PackId(1));
    EXPECT_OK(writer);
    for (uint64_t seed : {1, 2, 3}) EXPECT_OK(pack_.Append(**writer, MakeGroup(seed, 150)));
    groups_end_ = (*writer)->size();
    EXPECT_OK((*writer)->Seal(pack_.footer));
    bytes_ = Contents();
  }
  std::string Contents() {
    auto bytes = io::ReadFile(fs_, kPath);
    EXPECT_OK(bytes);
    return bytes.ok() ? *bytes : "";
  }
  void SetContents(std::string_view bytes) {
    auto file = fs_.Open(kPath, io::OpenMode::kTruncate);
    ASSERT_OK(file);
    ASSERT_OK((*file)->WriteAt(0, bytes));
  }
  uint64_t BeginOf(size_t group) const { return pack_.footer.groups[group].file_offset; }
  uint64_t EndOf(size_t group) const {
    return BeginOf(group) + pack_.footer.groups[group].encoded_size;
  }
  // Recovers, and expects exactly these groups of pack_, by ReadFooter afterwards too.
  void ExpectRecovers(const std::vector<size_t>& groups) {
    ASSERT_OK_AND_ASSIGN(format::PackFooter footer, store_->Recover(PackId(1)));
    EXPECT_EQ(footer.groups.size(), groups.size());
    EXPECT_EQ(footer.pack, pack_.footer.pack);
    for (size_t g : groups) EXPECT_TRUE(HoldsGroup(*store_, footer, pack_.groups[g])) << g;
    EXPECT_TRUE(ListsOnlyTrueChunks(*store_, footer));
    ASSERT_OK_AND_ASSIGN(format::PackFooter again, store_->ReadFooter(PackId(1)));
    EXPECT_EQ(again, footer);
  }

  FaultFileSystem fs_;
  std::unique_ptr<PackStore> store_;
  TestPack pack_;
  uint64_t groups_end_ = 0;
  std::string bytes_;
};

TEST_F(RecoverTest, TornAtEveryByteKeepsTheWholeGroups) {
  for (size_t size = 0; size < bytes_.size(); ++size) {
    SCOPED_TRACE(size);
    SetContents(bytes_.substr(0, size));
    std::vector<size_t> whole;
    for (size_t g = 0; g < 3; ++g) {
      if (EndOf(g) <= size) whole.push_back(g);
    }
    EXPECT_THAT(store_->ReadFooter(PackId(1)), StatusIs(absl::StatusCode::kNotFound));
    if (whole.empty()) {
      EXPECT_ERRNO(store_->Recover(PackId(1)), ENOENT);
      EXPECT_ERRNO(fs_.Stat(kPath), ENOENT);
      EXPECT_ERRNO(store_->ReadFooter(PackId(1)), ENOENT);
    } else {
      ExpectRecovers(whole);
    }
  }
}

TEST_F(RecoverTest, FlippedBitsNeverGiveFalseChunks) {
  for (size_t bit = 0; bit < 8 * bytes_.size(); bit += 5) {
    SCOPED_TRACE(bit / 8);
    std::string damaged = bytes_;
    damaged[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    SetContents(damaged);
    auto footer = store_->ReadFooter(PackId(1));
    EXPECT_EQ(footer.ok(), bit / 8 < AlignUp(groups_end_));  // it does not look at the groups
    if (!footer.ok()) ExpectRecovers({0, 1, 2});
  }
}

TEST_F(RecoverTest, DamagedGroupInTheMiddleIsSkipped) {
  for (uint64_t at = BeginOf(1); at < EndOf(1); ++at) {
    SCOPED_TRACE(at);
    std::string damaged = bytes_.substr(0, groups_end_);
    damaged[at] ^= 0x10;
    SetContents(damaged);
    ExpectRecovers({0, 2});
  }
}

TEST_F(RecoverTest, GarbageBetweenGroupsIsSkipped) {
  std::string garbage = support::RandomBytes(5000, 1);
  garbage.replace(100, 8, "OCAGROUP");
  garbage.replace(4990, 8, "OCAGROUP");
  garbage += "OCAGROU";
  std::string bytes = bytes_.substr(0, EndOf(0)) + garbage +
                      bytes_.substr(BeginOf(1), EndOf(1) - BeginOf(1)) + std::string(9000, '\0') +
                      bytes_.substr(BeginOf(2), EndOf(2) - BeginOf(2)) + garbage;
  SetContents(bytes);
  ExpectRecovers({0, 1, 2});
}

TEST_F(RecoverTest, RemainsOfAFailedAppendHideNoLaterGroup) {
  // The head of a large group stands in a hole, and a whole small one inside the range that it
  // claims.
  TestGroup large = MakeGroup({support::RandomBytes(20000, 1)}, Compression::kFast);
  std::string bytes = bytes_.substr(0, EndOf(0)) + large.encoded.substr(0, 200) +
                      bytes_.substr(BeginOf(1), EndOf(2) - BeginOf(1)) + std::string(30000, 'x');
  SetContents(bytes);
  ExpectRecovers({0, 1, 2});
}

TEST_F(RecoverTest, GroupWrittenTwiceIsListedOnce) {
  SetContents(bytes_.substr(0, groups_end_) + bytes_.substr(BeginOf(1), EndOf(1) - BeginOf(1)));
  ExpectRecovers({0, 1, 2});
}

TEST_F(RecoverTest, GroupInsideAGroupIsPayload) {
  TestGroup outer =
      MakeGroup({bytes_.substr(BeginOf(1), EndOf(1) - BeginOf(1)) + support::RandomBytes(2000, 1)},
                Compression::kLz4);
  ASSERT_EQ(outer.header.codec, format::Codec::kRaw);
  SetContents(bytes_.substr(0, format::kPackHeaderSize) + outer.encoded);
  ASSERT_OK_AND_ASSIGN(format::PackFooter footer, store_->Recover(PackId(1)));
  EXPECT_EQ(footer.groups.size(), 1u);
  EXPECT_TRUE(HoldsGroup(*store_, footer, outer));
}

TEST_F(RecoverTest, GroupWhosePayloadDoesNotDecodeIsSkipped) {
  format::GroupHeader header;
  header.codec = format::Codec::kZstd;
  header.chunks = {{1000, format::ChunkKind::kData}};
  SetContents(bytes_.substr(0, EndOf(0)) + format::EncodeGroup(header, "this is no zstd frame") +
              bytes_.substr(BeginOf(1), EndOf(1) - BeginOf(1)));
  ExpectRecovers({0, 1});
}

TEST_F(RecoverTest, LargeGapsAndGroupsAreScanned) {
  std::vector<std::string> chunks;
  for (uint64_t i = 0; i < 4; ++i) chunks.push_back(support::RandomBytes(1 << 20, i));
  TestGroup large = MakeGroup(chunks, Compression::kLz4);
  std::string bytes = bytes_.substr(0, EndOf(0)) + std::string((9 << 20) + 3, '\0') +
                      large.encoded + support::RandomBytes((8 << 20) + 5, 77) +
                      large.encoded.substr(0, 3 << 20) +
                      bytes_.substr(BeginOf(1), EndOf(1) - BeginOf(1));
  SetContents(bytes);
  ASSERT_OK_AND_ASSIGN(format::PackFooter footer, store_->Recover(PackId(1)));
  EXPECT_EQ(footer.groups.size(), 3u);
  EXPECT_TRUE(HoldsGroup(*store_, footer, large));
  EXPECT_TRUE(HoldsGroup(*store_, footer, pack_.groups[1]));
}

TEST_F(RecoverTest, DamagedHeaderIsNoLoss) {
  std::string damaged = bytes_.substr(0, groups_end_);
  damaged.replace(0, format::kPackHeaderSize, format::kPackHeaderSize, '\0');
  SetContents(damaged);
  ExpectRecovers({0, 1, 2});
}

TEST_F(RecoverTest, DamagedFooterOfASealedPackIsWrittenAnew) {
  uint64_t footer_offset = AlignUp(groups_end_);
  std::string damaged = bytes_;
  damaged[footer_offset + 50] ^= 1;
  // A damaged group too: what is left of it must not be cut off with the footer.
  damaged[EndOf(2) - 1] ^= 1;
  SetContents(damaged);
  EXPECT_THAT(store_->ReadFooter(PackId(1)), StatusIs(absl::StatusCode::kDataLoss));
  ExpectRecovers({0, 1});
  EXPECT_EQ(Contents().substr(0, footer_offset), damaged.substr(0, footer_offset));
}

TEST_F(RecoverTest, TrailerMustAgreeWithTheFile) {
  SetContents(bytes_.substr(0, groups_end_) + "x" + bytes_.substr(groups_end_));
  EXPECT_THAT(store_->ReadFooter(PackId(1)), StatusIs(absl::StatusCode::kDataLoss));
  ExpectRecovers({0, 1, 2});
  SetContents(bytes_.substr(0, BeginOf(2)) + bytes_.substr(groups_end_));
  EXPECT_THAT(store_->ReadFooter(PackId(1)), StatusIs(absl::StatusCode::kDataLoss));
  ExpectRecovers({0, 1});
}

TEST_F(RecoverTest, SealedPackWithoutAnyWholeGroupIsKeptAside) {
  std::string damaged = bytes_;
  damaged.replace(format::kPackHeaderSize, groups_end_ - format::kPackHeaderSize,
                  groups_end_ - format::kPackHeaderSize, 'x');
  damaged[damaged.size() - format::kPackTrailerSize - 1] ^= 1;
  SetContents(damaged);
  EXPECT_THAT(store_->ReadFooter(PackId(1)), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_ERRNO(store_->Recover(PackId(1)), ENOENT);
  EXPECT_ERRNO(store_->ReadFooter(PackId(1)), ENOENT);
  ASSERT_OK_AND_ASSIGN(std::string kept, io::ReadFile(fs_, std::string(kPath) + ".damaged"));
  EXPECT_TRUE(kept == damaged);

  ASSERT_OK_AND_ASSIGN(uint64_t removed, store_->RemoveSetAside());
  EXPECT_EQ(removed, 1u);
  EXPECT_ERRNO(fs_.Stat(std::string(kPath) + ".damaged"), ENOENT);
  ASSERT_OK_AND_ASSIGN(removed, store_->RemoveSetAside());
  EXPECT_EQ(removed, 0u);
}

TEST_F(RecoverTest, AnotherPacksFileIsLeftAlone) {
  for (format::PackHeader header :
       {format::PackHeader{GroupId(1), PackId(2)}, format::PackHeader{GroupId(2), PackId(1)}}) {
    std::string other =
        format::EncodePackHeader(header) +
        bytes_.substr(format::kPackHeaderSize, groups_end_ - format::kPackHeaderSize);
    SetContents(other);
    EXPECT_THAT(store_->Recover(PackId(1)), StatusIs(absl::StatusCode::kDataLoss));
    EXPECT_TRUE(Contents() == other);
  }
  format::PackFooter footer = pack_.footer;
  footer.pack.pack_id = PackId(2);
  uint64_t offset = AlignUp(groups_end_);
  std::string other = bytes_.substr(0, offset) + format::EncodeFooter(footer, offset);
  SetContents(other);
  EXPECT_THAT(store_->ReadFooter(PackId(1)), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(RecoverTest, NewerVersionIsLeftAlone) {
  // Version 2 in the header of the pack, then of its second group; checksums made right.
  for (auto [begin, size] : {std::pair<uint64_t, uint64_t>{0, format::kPackHeaderSize},
                             {BeginOf(1), format::kGroupHeaderSize}}) {
    std::string newer = bytes_.substr(0, groups_end_);
    StoreLe<uint16_t>(newer.data() + begin + 8, 2);
    StoreLe<uint32_t>(newer.data() + begin + size - 4,
                      Crc32c(std::string_view(newer).substr(begin, size - 4)));
    SetContents(newer);
    EXPECT_THAT(store_->Recover(PackId(1)), StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_TRUE(Contents() == newer);
  }
}

TEST_F(RecoverTest, FailingReadsAreNotTakenForDamage) {
  std::string unsealed = bytes_.substr(0, groups_end_);
  SetContents(unsealed);
  fs_.FailMatching(io::Op::kRead, ".pack", EIO);
  EXPECT_ERRNO(store_->Recover(PackId(1)), EIO);
  fs_.ClearFaults();
  EXPECT_TRUE(Contents() == unsealed);
  ExpectRecovers({0, 1, 2});
}

TEST_F(RecoverTest, FullDiskLeavesThePackForLater) {
  std::string unsealed = bytes_.substr(0, groups_end_);
  SetContents(unsealed);
  fs_.FailMatching(io::Op::kWrite, ".pack", ENOSPC);
  EXPECT_ERRNO(store_->Recover(PackId(1)), ENOSPC);
  fs_.ClearFaults();
  ExpectRecovers({0, 1, 2});
}

}  // namespace
}  // namespace oca::store
