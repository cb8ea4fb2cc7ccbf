#include "fs/tree/node.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/base/coding.h"
#include "t/support/status_matchers.h"
#include "t/unit/fs/tree/tree_test_util.h"

namespace oca::tree {
namespace {

using support::StatusIs;

const auto kDataLoss = absl::StatusCode::kDataLoss;

Fingerprint Filled(uint8_t byte) {
  Fingerprint fp;
  fp.bytes.fill(byte);
  return fp;
}

std::string Varint(uint64_t value) {
  std::string out;
  PutVarint(&out, value);
  return out;
}

std::string Bytes(uint8_t fill) { return std::string(32, static_cast<char>(fill)); }

// Magic, version, level, then `rest`.
std::string Node(uint8_t level, std::string_view rest) {
  return std::string("\xd7\x01", 2) + static_cast<char>(level) + std::string(rest);
}
std::string RootOf(uint8_t height, std::string_view rest) {
  return std::string("\x01", 1) + static_cast<char>(height) + std::string(rest);
}

TEST(TreeNode, EncodingIsTheDocumentedOne) {
  std::vector<Ref> refs = {DataRef(Filled(7), 300), HoleRef(5), DataRef(Filled(9), 1)};
  EXPECT_EQ(EncodeNode(0, refs), Node(0, "\x03" + Varint(600) + Bytes(7) + "\x0b\x02" + Bytes(9)));
  std::vector<Ref> nodes = {{Filled(1), 1000, 990}, {Filled(2), 50, 0}};
  EXPECT_EQ(EncodeNode(3, nodes),
            Node(3, "\x02" + Varint(1000) + "\x0a" + Bytes(1) + "\x32\x32" + Bytes(2)));
  EXPECT_EQ(EncodeRoot(Root{}), "");
  EXPECT_EQ(EncodeRoot(Root{0, refs}),
            RootOf(0, "\x03" + Varint(600) + Bytes(7) + "\x0b\x02" + Bytes(9)));
  EXPECT_EQ(EncodeRoot(Root{2, {nodes[0]}}), RootOf(2, "\x01" + Varint(1000) + "\x0a" + Bytes(1)));
}

TEST(TreeNode, SlicesThatGoOnSayNoMoreThanTheirLength) {
  // Two slices of one chunk around data, one of the same chunk elsewhere, one of another.
  std::vector<Ref> refs = {SliceRef(Filled(3), 0, 512), DataRef(Filled(7), 300),
                           SliceRef(Filled(3), 512, 1024), SliceRef(Filled(3), 70, 1),
                           SliceRef(Filled(4), 71, 5)};
  const std::string encoded =
      Node(0, "\x05\x01" + Varint(512) + '\0' + Bytes(3) + Varint(600) + Bytes(7) + '\0' +
                  Varint(1024) + "\x01\x01\x46" + Bytes(3) + "\x01\x05\x47" + Bytes(4));
  EXPECT_EQ(EncodeNode(0, refs), encoded);
  auto decoded = DecodeNode(0, encoded);
  ASSERT_OK(decoded);
  EXPECT_EQ(*decoded, refs);
  const Root root{0, {refs[0], refs[2], HoleRef(4), refs[1]}};
  auto root_decoded = DecodeRoot(EncodeRoot(root));
  ASSERT_OK(root_decoded);
  EXPECT_EQ(*root_decoded, root);
}

TEST(TreeNode, DecodeNodeRefusesImpossibleSlices) {
  const std::string fp = Bytes(7), zero(1, '\0'), slice = "\x01\x09" + zero + fp;
  struct {
    const char* what;
    std::string bytes;
  } cases[] = {
      {"goes on from none", Node(0, "\x01" + zero + "\x05")},
      {"no length", Node(0, "\x01\x01" + zero + zero + fp)},
      {"goes on with no length", Node(0, "\x02" + slice + zero + zero)},
      {"longer than any chunk", Node(0, "\x01\x01" + Varint(kMaxChunkBytes + 1) + zero + fp)},
      {"ends beyond any chunk", Node(0, "\x01\x01" + Varint(kMaxChunkBytes) + "\x01" + fp)},
      {"begins beyond any chunk", Node(0, "\x01\x01\x01" + Varint(kMaxChunkBytes + 1) + fp)},
      {"goes on beyond any chunk", Node(0, "\x02" + slice + zero + Varint(kMaxChunkBytes - 8))},
      {"says again what it goes on from", Node(0, "\x02" + slice + "\x01\x02\x09" + fp)},
      {"no fingerprint", Node(0, "\x01\x01\x09" + zero + Bytes(0))},
      {"cut short", Node(0, "\x01" + slice.substr(0, 20))},
      {"length in a longer form", Node(0, "\x01\x01\x89" + zero + zero + fp)},
      {"above level 0", Node(1, "\x01" + slice)},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(DecodeNode(c.bytes[2], c.bytes), StatusIs(kDataLoss)) << c.what;
  }
  EXPECT_OK(DecodeNode(0, Node(0, "\x02" + slice + zero + Varint(kMaxChunkBytes - 9))));
}

TEST(TreeNode, DecodeGivesBackWhatWasEncoded) {
  for (size_t count : {1, 5, 300, 1024}) {
    RefMaker maker(count, Cuts::kRandom);
    std::vector<Ref> refs = MergeHoles(maker.Refs(count, 3));
    auto decoded = DecodeNode(0, EncodeNode(0, refs));
    ASSERT_OK(decoded);
    EXPECT_EQ(*decoded, refs);
    for (Ref& ref : refs) {
      ref = {maker.Data().fp, ref.length, maker.Below(ref.length + 1)};
    }
    decoded = DecodeNode(4, EncodeNode(4, refs));
    ASSERT_OK(decoded);
    EXPECT_EQ(*decoded, refs);
  }
  for (const Root& root : {Root{}, Root{0, {HoleRef(kMaxFileBytes)}},
                           Root{0, {DataRef(Filled(3), 70), HoleRef(1), DataRef(Filled(3), 70)}},
                           Root{kMaxHeight, {{Filled(5), kMaxFileBytes, 1}}}}) {
    auto decoded = DecodeRoot(EncodeRoot(root));
    ASSERT_OK(decoded);
    EXPECT_EQ(*decoded, root);
  }
}

TEST(TreeNode, DecodeNodeRefusesInconsistentBytes) {
  const std::string fp = Bytes(7), hole = "\x0b", data = "\x0a" + fp;
  const std::string most = Varint(kMaxFileBytes * 2);  // data of the greatest length
  const std::string top = Varint(kMaxFileBytes);
  struct {
    const char* what;
    uint32_t level;
    std::string bytes;
  } cases[] = {
      {"empty", 0, ""},
      {"head only", 0, Node(0, "")},
      {"other magic", 0, "\xd6" + Node(0, "\x01" + data).substr(1)},
      {"other version", 0, "\xd7\x02" + Node(0, "\x01" + data).substr(2)},
      {"other level", 1, Node(0, "\x01" + data)},
      {"level too high", kMaxHeight, Node(kMaxHeight, std::string("\x01\x05\0", 3) + fp)},
      {"no entries", 0, Node(0, std::string(1, '\0'))},
      {"too many entries", 0, Node(0, Varint(1025))},
      {"count in a longer form", 0, Node(0, std::string("\x81\0", 2) + data)},
      {"fewer entries than the count", 0, Node(0, "\x02" + data)},
      {"more entries than the count", 0, Node(0, "\x01" + data + data)},
      {"bytes after the end", 0, Node(0, "\x01" + data + std::string(1, '\0'))},
      {"cut short", 0, Node(0, "\x01" + data.substr(0, 20))},
      {"data of no length", 0, Node(0, std::string("\x01\0", 2) + fp)},
      {"hole of no length", 0, Node(0, "\x01\x01")},
      {"length in a longer form", 0, Node(0, std::string("\x01\x8a\0", 3) + fp)},
      {"length that never ends", 0, Node(0, "\x01" + std::string(11, '\xff') + fp)},
      {"two holes in a row", 0, Node(0, "\x02" + hole + hole)},
      {"data without fingerprint", 0, Node(0, "\x01\x0a" + Bytes(0))},
      {"sum beyond the limit", 0, Node(0, "\x02" + most + fp + "\x02" + fp)},
      {"length beyond the limit", 1, Node(1, "\x01" + Varint(kMaxFileBytes + 1) + '\0' + fp)},
      {"node of no length", 1, Node(1, std::string("\x01\0\0", 3) + fp)},
      {"holes beyond the length", 1, Node(1, "\x01\x05\x06" + fp)},
      {"node without fingerprint", 1, Node(1, "\x01\x05\x05" + Bytes(0))},
      {"sum of nodes overflows", 1, Node(1, "\x02" + top + "\x01" + fp + top + "\x01" + fp)},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(DecodeNode(c.level, c.bytes), StatusIs(kDataLoss)) << c.what;
  }
  EXPECT_OK(DecodeNode(0, Node(0, "\x02" + hole + data)));
  EXPECT_OK(DecodeNode(0, Node(0, "\x01" + most + fp)));
  EXPECT_OK(DecodeNode(1, Node(1, "\x01\x05\x05" + fp)));
}

TEST(TreeNode, DecodeRootRefusesInconsistentBytes) {
  const std::string fp = Bytes(7), data = "\x0a" + fp;
  std::string four, five;
  for (int i = 0; i < 5; ++i) (i < 4 ? four : five) += data;
  five = four + data;
  struct {
    const char* what;
    std::string bytes;
  } cases[] = {
      {"version only", "\x01"},
      {"no count", RootOf(0, "")},
      {"no entries", RootOf(0, std::string(1, '\0'))},
      {"other version", "\x02" + RootOf(0, "\x01" + data).substr(1)},
      {"too high", RootOf(kMaxHeight + 1, std::string("\x01\x05\0", 3) + fp)},
      {"too many inline", RootOf(0, "\x05" + five)},
      {"two nodes", RootOf(1, "\x02\x05\x01" + fp + "\x05\x01" + fp)},
      {"no node", RootOf(1, std::string(1, '\0'))},
      {"bytes after the end", RootOf(0, "\x01" + data + std::string(1, '\0'))},
      {"two holes in a row", RootOf(0, "\x02\x03\x03")},
      {"cut short", RootOf(0, "\x04" + four.substr(0, four.size() - 1))},
  };
  for (const auto& c : cases) EXPECT_THAT(DecodeRoot(c.bytes), StatusIs(kDataLoss)) << c.what;
  EXPECT_OK(DecodeRoot(RootOf(0, "\x04" + four)));
}

TEST(TreeNode, CutRuleIsTheDocumentedOne) {
  Ref yes = DataRef(Filled(0xff), 1), no = yes;
  StoreLe<uint32_t>(reinterpret_cast<char*>(yes.fp.bytes.data()) + 28, kCutBelow - 1);
  StoreLe<uint32_t>(reinterpret_cast<char*>(no.fp.bytes.data()) + 28, kCutBelow);
  EXPECT_FALSE(EndsNode(63, yes));
  EXPECT_TRUE(EndsNode(64, yes));
  EXPECT_FALSE(EndsNode(1023, no));
  EXPECT_TRUE(EndsNode(1024, no));
  EXPECT_FALSE(EndsNode(1023, HoleRef(5)));
  EXPECT_TRUE(EndsNode(1024, HoleRef(5)));
  EXPECT_EQ(kCutBelow, 22369621u);
}

}  // namespace
}  // namespace oca::tree
