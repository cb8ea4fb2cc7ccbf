#include "lib/vtape/index_format.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "lib/vtape/crc32c.h"
#include "t/support/random.h"
#include "t/unit/lib/vtape/tapes.h"

namespace oca::vtape {
namespace {

const CartridgeId kId = TapeAttributes().id;
const Entry kBlock{ObjectKind::kBlock, 1234, 100, 0xabcdef01, 7, 3};

TEST(Crc32c, InstructionAndTableAgreeWithTheStandard) {
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32cByTable("123456789"), 0xe3069283u);
  support::Random random(1);
  std::vector<size_t> sizes = {6143, 6144, 6145, 6151, 6152, 12'287, 12'288, 65'536, 1'048'575};
  for (size_t n = 0; n < 100; ++n) sizes.push_back(n);
  for (size_t n : sizes) {
    std::string bytes = random.Bytes(n);
    EXPECT_EQ(Crc32c(bytes, 5), Crc32cByTable(bytes, 5)) << n;
    EXPECT_EQ(Crc32c(bytes.substr(n / 3), Crc32c(bytes.substr(0, n / 3))), Crc32c(bytes)) << n;
  }
}

TEST(IndexEntry, ComesBackAsItWas) {
  auto block = DecodeEntry(kId, 9, EncodeEntry(kId, 9, kBlock));
  ASSERT_TRUE(block.ok());
  EXPECT_EQ(*block, kBlock);
  Entry mark{ObjectKind::kFilemark, uint64_t{1} << 61, 0, 0, (uint64_t{1} << 56) - 1, 1};
  auto found = DecodeEntry(kId, uint64_t{1} << 57, EncodeEntry(kId, uint64_t{1} << 57, mark));
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*found, mark);
}

TEST(IndexEntry, InAnotherPlaceOrCartridgeIsDamage) {
  std::string bytes = EncodeEntry(kId, 9, kBlock);
  CartridgeId other = kId;
  other[0] ^= 1;
  EXPECT_EQ(DecodeEntry(kId, 10, bytes).status().code(), Code::kDamaged);
  EXPECT_EQ(DecodeEntry(other, 9, bytes).status().code(), Code::kDamaged);
}

TEST(IndexEntry, EveryChangedBitIsDamage) {
  std::string bytes = EncodeEntry(kId, 9, kBlock);
  ASSERT_EQ(bytes.size(), kEntryBytes);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    EXPECT_EQ(DecodeEntry(kId, 9, damaged).status().code(), Code::kDamaged) << bit;
  }
}

TEST(IndexEntry, ImpossibleFieldsAreDamageThoughTheChecksumHolds) {
  for (Entry entry : {Entry{ObjectKind::kBlock, 0, 0, 0, 0, 1},
                      Entry{ObjectKind::kBlock, 0, kMaxBlockBytes + 1, 0, 0, 1},
                      Entry{ObjectKind::kFilemark, 0, 1, 0, 0, 1},
                      Entry{static_cast<ObjectKind>(3), 0, 0, 0, 0, 1},
                      Entry{ObjectKind::kFilemark, 0, 0, 0, 10, 1}}) {
    EXPECT_EQ(DecodeEntry(kId, 9, EncodeEntry(kId, 9, entry)).status().code(), Code::kDamaged);
  }
}

TEST(IndexCheckpoint, ComesBackAsItWasAndNoByteMayChange) {
  Checkpoint checkpoint{3, 2, 100, 10, 12345};
  std::string bytes = EncodeCheckpoint(kId, checkpoint);
  ASSERT_EQ(bytes.size(), kCheckpointBytes);
  auto found = DecodeCheckpoint(kId, bytes);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*found, checkpoint);
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    EXPECT_EQ(DecodeCheckpoint(kId, damaged).status().code(), Code::kDamaged) << at;
  }
}

TEST(IndexHeader, ComesBackAsItWasAndOfANewerVersionIsNotDamage) {
  std::string bytes = EncodeIndexHeader(kId);
  auto found = DecodeIndexHeader(bytes);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*found, kId);
  EXPECT_EQ(DecodeIndexHeader(bytes.substr(1)).status().code(), Code::kDamaged);
  bytes[8] = 2;
  bytes.resize(kIndexHeaderBytes - 4);
  uint32_t crc = Crc32c(bytes);
  bytes.append(reinterpret_cast<const char*>(&crc), 4);
  EXPECT_EQ(DecodeIndexHeader(bytes).status().code(), Code::kNewer);
}

}  // namespace
}  // namespace oca::vtape
