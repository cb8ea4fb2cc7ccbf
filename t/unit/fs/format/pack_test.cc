#include "fs/format/pack.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "lib/base/coding.h"
#include "lib/base/crc32c.h"
#include "t/support/random.h"
#include "t/support/status_matchers.h"
#include "t/unit/fs/format/damage.h"

namespace oca::format {
namespace {

using support::StatusIs;

constexpr PackHeader kHeader{.group_id = GroupId(7), .pack_id = PackId(0x1122334455667788)};

Fingerprint FpOf(uint8_t n) {
  Fingerprint fp;
  fp.bytes.fill(n);
  return fp;
}

// Two chunks, compressed to 9 bytes.
GroupHeader SmallGroup() {
  return {.codec = Codec::kZstd,
          .container = ContainerId(5),
          .raw_bytes = 30,
          .stored_bytes = 9,
          .chunks = {{10, ChunkKind::kData}, {20, ChunkKind::kNode}}};
}
constexpr std::string_view kSmallPayload = "nine byte";

// A raw group of one chunk of `n` bytes.
std::string RawGroup(size_t n) {
  GroupHeader header;
  header.chunks = {{static_cast<uint32_t>(n), ChunkKind::kData}};
  return EncodeGroup(header, support::RandomBytes(n, n));
}

PackFooter SmallFooter() {
  PackFooter footer;
  footer.pack = kHeader;
  std::vector<Fingerprint> two = {FpOf(1), FpOf(2)};
  AddToFooter(200, SmallGroup(), two, &footer);
  GroupHeader second{.codec = Codec::kRaw,
                     .container = ContainerId(6),
                     .raw_bytes = 4,
                     .stored_bytes = 4,
                     .chunks = {{4, ChunkKind::kData}}};
  std::vector<Fingerprint> one = {FpOf(3)};
  AddToFooter(64, second, one, &footer);  // its offset lies before the first group's
  return footer;
}

std::string FooterBytes(const PackFooter& footer, uint64_t offset) {
  std::string bytes = EncodeFooter(footer, offset);
  bytes.resize(bytes.size() - kPackTrailerSize);
  return bytes;
}

// `bytes` with `value` at `offset` and the last four bytes made right again.
template <typename Int>
std::string Forge(std::string bytes, size_t offset, Int value) {
  StoreLe<Int>(bytes.data() + offset, value);
  size_t body = bytes.size() - 4;
  StoreLe<uint32_t>(bytes.data() + body, Crc32c(std::string_view(bytes).substr(0, body)));
  return bytes;
}
// The same for a field of a group's header.
template <typename Int>
std::string ForgeGroup(const std::string& bytes, size_t offset, Int value) {
  return Forge(bytes.substr(0, kGroupHeaderSize), offset, value) + bytes.substr(kGroupHeaderSize);
}

TEST(PackHeader, DecodesToWhatWasEncoded) {
  std::string bytes = EncodePackHeader(kHeader);
  EXPECT_EQ(bytes.size(), kPackHeaderSize);
  ASSERT_OK_AND_ASSIGN(PackHeader header, DecodePackHeader(bytes + "more"));
  EXPECT_EQ(header, kHeader);
}

TEST(PackHeader, AnyDamageIsAnError) {
  ExpectOnlyTheWholeDecodes(EncodePackHeader(kHeader),
                            [](std::string_view b) { return DecodePackHeader(b).ok(); });
}

TEST(PackHeader, NewerVersionIsNamedNotCalledDamage) {
  absl::Status status = DecodePackHeader(Forge<uint16_t>(EncodePackHeader(kHeader), 8, 2)).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(MessageOf(status)), testing::HasSubstr("version 2"));
}

TEST(PackHeader, ReservedBytesMustBeZero) {
  for (size_t at : {12, 20, 32, 59}) {
    EXPECT_THAT(DecodePackHeader(Forge<uint8_t>(EncodePackHeader(kHeader), at, 1)),
                StatusIs(absl::StatusCode::kDataLoss));
  }
}

TEST(Group, DecodesToWhatWasEncoded) {
  std::string bytes = EncodeGroup(SmallGroup(), kSmallPayload);
  EXPECT_EQ(bytes.size(), kGroupHeaderSize + 2 * 4 + 9);
  std::string longer = bytes + "what follows";
  ASSERT_OK_AND_ASSIGN(DecodedGroup group, DecodeGroup(longer));
  EXPECT_EQ(group.header, SmallGroup());
  EXPECT_EQ(group.payload, kSmallPayload);
  EXPECT_EQ(group.encoded_size, bytes.size());
  ASSERT_OK_AND_ASSIGN(size_t size, EncodedGroupSize(bytes.substr(0, kGroupHeaderSize)));
  EXPECT_EQ(size, bytes.size());
}

TEST(Group, SizesComeFromChunksAndPayload) {
  GroupHeader header = SmallGroup();
  header.raw_bytes = header.stored_bytes = 12345;
  EXPECT_EQ(EncodeGroup(header, kSmallPayload), EncodeGroup(SmallGroup(), kSmallPayload));
}

TEST(Group, AnyDamageIsAnError) {
  ExpectOnlyTheWholeDecodes(EncodeGroup(SmallGroup(), kSmallPayload),
                            [](std::string_view b) { return DecodeGroup(b).ok(); });
}

TEST(Group, PrefixIsOutOfRangeNotDamage) {
  std::string bytes = EncodeGroup(SmallGroup(), kSmallPayload);
  for (size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_THAT(DecodeGroup(std::string_view(bytes).substr(0, n)),
                StatusIs(absl::StatusCode::kOutOfRange))
        << n;
  }
}

TEST(Group, LargestSizesDecode) {
  GroupHeader header;
  header.chunks.assign(4, {kMaxChunkBytes, ChunkKind::kData});
  std::string payload(kMaxGroupRawBytes, 'x');
  ASSERT_OK(DecodeGroup(EncodeGroup(header, payload)));
  header.chunks.assign(kMaxChunksPerPack, {256, ChunkKind::kData});
  std::string bytes = EncodeGroup(header, payload);
  EXPECT_EQ(bytes.size(), kMaxEncodedGroupSize);
  ASSERT_OK(DecodeGroup(bytes));
}

TEST(Group, SizesBeyondTheLimitsAreDamage) {
  GroupHeader header;
  header.chunks.assign(5, {kMaxChunkBytes, ChunkKind::kData});
  EXPECT_THAT(DecodeGroup(EncodeGroup(header, std::string(5 * kMaxChunkBytes, 'x'))),
              StatusIs(absl::StatusCode::kDataLoss));
  header.chunks.assign(kMaxChunksPerPack + 1, {1, ChunkKind::kData});
  EXPECT_THAT(DecodeGroup(EncodeGroup(header, std::string(kMaxChunksPerPack + 1, 'x'))),
              StatusIs(absl::StatusCode::kDataLoss));
  for (uint32_t length : {0u, kMaxChunkBytes + 1}) {
    header.chunks = {{length, ChunkKind::kData}};
    EXPECT_THAT(DecodeGroup(EncodeGroup(header, std::string(length, 'x'))),
                StatusIs(absl::StatusCode::kDataLoss));
  }
  header.chunks.clear();
  EXPECT_THAT(DecodeGroup(EncodeGroup(header, "")), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(Group, ForgedFieldsWithGoodChecksumsAreDamage) {
  std::string bytes = RawGroup(100);
  ASSERT_OK(DecodeGroup(bytes));
  EXPECT_FALSE(DecodeGroup(ForgeGroup<uint8_t>(bytes, 10, 4)).ok()) << "codec";
  EXPECT_FALSE(DecodeGroup(ForgeGroup<uint8_t>(bytes, 11, 1)).ok()) << "flags";
  EXPECT_FALSE(DecodeGroup(ForgeGroup<uint32_t>(bytes, 28, 1)).ok()) << "reserved";
  EXPECT_FALSE(DecodeGroup(ForgeGroup<uint32_t>(bytes, 16, 99)).ok()) << "raw_bytes";
  EXPECT_FALSE(DecodeGroup(ForgeGroup<uint32_t>(bytes, 16, 0xffffffff)).ok()) << "raw_bytes";
  EXPECT_FALSE(DecodeGroup(ForgeGroup<uint32_t>(bytes, 20, 0)).ok()) << "stored_bytes";
  EXPECT_FALSE(DecodeGroup(ForgeGroup<uint32_t>(bytes, 20, 0xffffffff)).ok()) << "stored_bytes";
  EXPECT_FALSE(DecodeGroup(ForgeGroup<uint32_t>(bytes, 24, 0)).ok()) << "chunk_count";
  EXPECT_FALSE(DecodeGroup(ForgeGroup<uint32_t>(bytes, 24, 0xffffffff)).ok()) << "chunk_count";
  EXPECT_THAT(DecodeGroup(ForgeGroup<uint16_t>(bytes, 8, 2)),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(DecodeGroup(ForgeGroup<uint16_t>(bytes, 8, 0)),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST(Group, ChunksThatDoNotFillItAreDamage) {
  GroupHeader header = SmallGroup();
  std::string bytes = EncodeGroup(header, kSmallPayload);
  header.chunks[0].length = 11;
  std::string other = EncodeGroup(header, kSmallPayload);
  // The other's table and body checksum under the first one's sizes.
  uint32_t body_crc = GetLe<uint32_t>(other.data() + 32);
  std::string forged = ForgeGroup<uint32_t>(
      bytes.substr(0, kGroupHeaderSize) + other.substr(kGroupHeaderSize), 32, body_crc);
  EXPECT_THAT(DecodeGroup(forged), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(Footer, DecodesToWhatWasEncoded) {
  PackFooter footer = SmallFooter();
  EXPECT_EQ(footer.chunks[1].offset_in_group, 10u);
  EXPECT_EQ(footer.groups[1].first_chunk, 2u);
  std::string bytes = EncodeFooter(footer, 300);
  std::string_view all = bytes;
  ASSERT_OK_AND_ASSIGN(PackTrailer trailer,
                       DecodeTrailer(all.substr(all.size() - kPackTrailerSize)));
  EXPECT_EQ(trailer.footer_offset, 300u);
  ASSERT_EQ(trailer.footer_size, all.size() - kPackTrailerSize);
  ASSERT_OK_AND_ASSIGN(PackFooter decoded, DecodeFooter(all.substr(0, trailer.footer_size), 300));
  EXPECT_EQ(decoded, footer);
}

TEST(Footer, AnyDamageIsAnError) {
  ExpectOnlyTheWholeDecodes(FooterBytes(SmallFooter(), 300),
                            [](std::string_view b) { return DecodeFooter(b, 300).ok(); });
}

TEST(Footer, OfAnotherPlaceIsDamage) {
  EXPECT_THAT(DecodeFooter(FooterBytes(SmallFooter(), 300), 301),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST(Footer, FullestFooterDecodes) {
  PackFooter footer;
  footer.pack = kHeader;
  GroupHeader header{.raw_bytes = 1, .stored_bytes = 1, .chunks = {{1, ChunkKind::kData}}};
  std::vector<Fingerprint> fps = {FpOf(1)};
  uint64_t offset = kPackHeaderSize;
  for (uint32_t i = 0; i < kMaxChunksPerPack; ++i) {
    AddToFooter(offset, header, fps, &footer);
    offset += footer.groups.back().encoded_size;
  }
  ASSERT_OK_AND_ASSIGN(PackFooter decoded, DecodeFooter(FooterBytes(footer, offset), offset));
  EXPECT_EQ(decoded, footer);
  AddToFooter(offset, header, fps, &footer);
  EXPECT_FALSE(DecodeFooter(FooterBytes(footer, offset + 45), offset + 45).ok());
}

TEST(Footer, ContradictionsAreDamage) {
  auto refused = [](const std::function<void(PackFooter*)>& change, uint64_t at = 300) {
    PackFooter footer = SmallFooter();
    change(&footer);
    return DecodeFooter(FooterBytes(footer, at), at).status().code() == absl::StatusCode::kDataLoss;
  };
  EXPECT_FALSE(refused([](PackFooter* f) {}));
  EXPECT_TRUE(refused([](PackFooter* f) {}, 256)) << "group reaches into the footer";
  EXPECT_TRUE(refused([](PackFooter* f) { f->groups[1].file_offset = 63; })) << "in the header";
  EXPECT_TRUE(refused([](PackFooter* f) { f->groups[1].file_offset = 201; })) << "overlap";
  EXPECT_TRUE(refused([](PackFooter* f) { f->groups[0].file_offset = ~0ull; }));
  EXPECT_TRUE(refused([](PackFooter* f) { f->groups[0].encoded_size += 1; }));
  EXPECT_TRUE(refused([](PackFooter* f) { f->groups[0].raw_bytes += 1; }));
  EXPECT_TRUE(refused([](PackFooter* f) { f->groups[0].raw_bytes = ~0u; }));
  EXPECT_TRUE(refused([](PackFooter* f) { f->groups[0].stored_bytes = 0; }));
  EXPECT_TRUE(refused([](PackFooter* f) { f->groups[0].chunk_count = 0; }));
  EXPECT_TRUE(refused([](PackFooter* f) { f->groups[0].chunk_count = 3; }));
  EXPECT_TRUE(refused([](PackFooter* f) { f->groups[1].chunk_count = ~0u; }));
  EXPECT_TRUE(refused([](PackFooter* f) { f->chunks[0].length = 0; }));
  EXPECT_TRUE(refused([](PackFooter* f) { f->chunks[0].length = kMaxChunkBytes + 1; }));
  EXPECT_TRUE(refused([](PackFooter* f) { f->chunks[0].kind = static_cast<ChunkKind>(2); }));
  EXPECT_TRUE(refused([](PackFooter* f) { f->chunks.push_back(f->chunks[0]); }));
  EXPECT_TRUE(refused([](PackFooter* f) { f->chunks.pop_back(); }));
}

TEST(Footer, ForgedCountsAreDamage) {
  std::string bytes = FooterBytes(SmallFooter(), 300);
  EXPECT_FALSE(DecodeFooter(Forge<uint32_t>(bytes, 32, 0xffffffff), 300).ok());
  EXPECT_FALSE(DecodeFooter(Forge<uint32_t>(bytes, 36, 0xffffffff), 300).ok());
  EXPECT_FALSE(DecodeFooter(Forge<uint16_t>(bytes, 10, 1), 300).ok());
  EXPECT_THAT(DecodeFooter(Forge<uint16_t>(bytes, 8, 9), 300),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

std::string TrailerBytes() {
  std::string bytes = EncodeFooter(SmallFooter(), 300);
  return bytes.substr(bytes.size() - kPackTrailerSize);
}

TEST(Trailer, AnyDamageIsAnError) {
  ExpectOnlyTheWholeDecodes(TrailerBytes(),
                            [](std::string_view b) { return DecodeTrailer(b).ok(); });
}

TEST(Trailer, MissingIsNotFoundDamagedIsDataLoss) {
  EXPECT_THAT(DecodeTrailer(std::string(kPackTrailerSize, '\0')),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(DecodeTrailer(""), StatusIs(absl::StatusCode::kNotFound));
  std::string bytes = TrailerBytes();
  bytes[10] ^= 1;
  EXPECT_THAT(DecodeTrailer(bytes), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(DecodeTrailer(Forge<uint16_t>(TrailerBytes(), 20, 2)),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(DecodeTrailer(Forge<uint16_t>(TrailerBytes(), 22, 1)),
              StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace oca::format
