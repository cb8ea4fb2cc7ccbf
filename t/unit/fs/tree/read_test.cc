#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"
#include "t/unit/fs/tree/tree_test_util.h"

namespace oca::tree {
namespace {

using support::StatusIs;

class ReadTest : public testing::TestWithParam<size_t> {
 protected:
  ReadTest() : maker_(GetParam(), Cuts::kAlways) {
    refs_ = MergeHoles(maker_.Refs(GetParam(), 3));
    root_ = BuildPlainly(store_, refs_);
    uint64_t offset = 0;
    for (const Ref& ref : refs_) {
      placed_.push_back({offset, ref});
      offset += ref.length;
    }
    store_.gets = 0;
  }

  // Offsets of interest: borders of refs and their neighbours, some within, the end and beyond.
  std::vector<uint64_t> Offsets() {
    std::vector<uint64_t> offsets = {0, root_.length(), root_.length() + 1, UINT64_MAX};
    if (root_.length() > 0) offsets.push_back(root_.length() - 1);
    for (int i = 0; i < 40 && !placed_.empty(); ++i) {
      const PlacedRef& p = placed_[maker_.Below(placed_.size())];
      offsets.push_back(p.offset);
      offsets.push_back(p.offset + p.ref.length - 1);
      offsets.push_back(p.offset + maker_.Below(p.ref.length));
    }
    return offsets;
  }

  RefMaker maker_;
  MemoryNodeStore store_;
  std::vector<Ref> refs_;
  std::vector<PlacedRef> placed_;
  Root root_;
};

TEST_P(ReadTest, LookupGivesWhatLiesInTheRange) {
  std::vector<uint64_t> offsets = Offsets();
  for (uint64_t begin : offsets) {
    for (uint64_t end :
         {begin, begin + 1, begin + 100'000, offsets[maker_.Below(offsets.size())]}) {
      std::vector<PlacedRef> expected;
      for (const PlacedRef& p : placed_) {
        bool in = p.offset < end && p.offset + p.ref.length > begin && begin < end;
        if (in) expected.push_back(p);
      }
      auto found = Lookup(store_, root_, begin, end);
      ASSERT_OK(found);
      ASSERT_EQ(*found, expected) << begin << " to " << end;
    }
  }
  ASSERT_OK_AND_ASSIGN(std::vector<PlacedRef> all, Lookup(store_, root_, 0, UINT64_MAX));
  EXPECT_EQ(all, placed_);
}

TEST_P(ReadTest, SeekFindsDataAndHoles) {
  for (uint64_t from : Offsets()) {
    for (bool want_data : {true, false}) {
      uint64_t expected = root_.length();
      for (const PlacedRef& p : placed_) {
        if (p.offset + p.ref.length > from && p.ref.is_hole() != want_data) {
          expected = std::max(p.offset, from);
          break;
        }
      }
      auto found = Seek(store_, root_, from, want_data);
      ASSERT_OK(found);
      ASSERT_EQ(*found, expected) << from << (want_data ? " data" : " hole");
    }
  }
}

TEST_P(ReadTest, VisitMeetsEveryReferenceInOrder) {
  std::vector<Fingerprint> expected, chunks, nodes;
  for (const Ref& ref : refs_) {
    if (!ref.is_hole()) expected.push_back(ref.fp);
  }
  ASSERT_OK(Visit(store_, root_, [&](const Fingerprint& fp, bool is_node) {
    (is_node ? nodes : chunks).push_back(fp);
    return absl::StatusOr<bool>(true);
  }));
  EXPECT_EQ(chunks, expected);
  EXPECT_EQ(nodes.size(), store_.nodes.size());
  EXPECT_EQ(store_.gets, static_cast<int>(nodes.size()));
  for (const Fingerprint& fp : nodes) EXPECT_TRUE(store_.nodes.contains(fp));
}

INSTANTIATE_TEST_SUITE_P(Sizes, ReadTest, testing::Values(0, 1, 4, 5, 64, 1000, 40'000));

TEST(Lookup, ReadsOnlyThePathsItNeeds) {
  RefMaker maker(1, Cuts::kRandom);
  MemoryNodeStore store;
  std::vector<Ref> refs = maker.Refs(300'000, 1'000'000'000);
  Root root = BuildPlainly(store, refs);
  ASSERT_EQ(root.height, 3u);
  for (int i = 0; i < 100; ++i) {
    store.gets = 0;
    uint64_t at = maker.Below(root.length());
    ASSERT_OK(Lookup(store, root, at, at + 1));
    ASSERT_EQ(store.gets, 3);
  }
}

TEST(Seek, PassesByWholeSubtrees) {
  // Data with one hole near the end: nodes without holes are not read.
  RefMaker maker(2, Cuts::kRandom);
  MemoryNodeStore store;
  std::vector<Ref> refs = maker.Refs(300'000, 1'000'000'000);
  refs[299'000] = HoleRef(4096);
  Root root = BuildPlainly(store, refs);
  uint64_t hole = Root{0, {refs.begin(), refs.begin() + 299'000}}.length();
  store.gets = 0;
  auto found = Seek(store, root, 1, false);
  ASSERT_OK(found);
  EXPECT_EQ(*found, hole);
  EXPECT_LE(store.gets, 3);
}

TEST(Visit, SkipsSubtreesThatWereSeen) {
  RefMaker maker(3, Cuts::kRandom);
  MemoryNodeStore store;
  Root root = BuildPlainly(store, maker.Refs(100'000, 1'000'000'000));
  store.gets = 0;
  int calls = 0;
  ASSERT_OK(Visit(store, root, [&](const Fingerprint&, bool) {
    ++calls;
    return absl::StatusOr<bool>(false);
  }));
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(store.gets, 0);
  absl::Status status = Visit(store, root, [&](const Fingerprint&, bool is_node) {
    if (!is_node) return absl::StatusOr<bool>(absl::CancelledError("stop"));
    return absl::StatusOr<bool>(true);
  });
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kCancelled));
}

// A node that its parent does not describe is damage, wherever it is read.
TEST(TreeRead, FailsWhenANodeDoesNotAddUp) {
  RefMaker maker(4, Cuts::kRandom);
  MemoryNodeStore store;
  Root good = BuildPlainly(store, maker.Refs(1000, 10));
  auto visit = [](const Fingerprint&, bool) { return absl::StatusOr<bool>(true); };
  for (int kind = 0; kind < 4; ++kind) {
    Root bad = good;
    if (kind == 0) bad.entries[0].length += 1;
    if (kind == 1) bad.entries[0].data_length -= 1;
    if (kind == 2) bad.entries[0].fp.bytes[0] ^= 1;
    if (kind == 3) bad.height += 1;
    const auto kDataLoss = absl::StatusCode::kDataLoss;
    EXPECT_THAT(Lookup(store, bad, 0, 1), StatusIs(kDataLoss)) << kind;
    EXPECT_THAT(Seek(store, bad, 0, true), StatusIs(kDataLoss)) << kind;
    EXPECT_THAT(Visit(store, bad, visit), StatusIs(kDataLoss)) << kind;
    EXPECT_THAT(Apply(store, bad, {{0, 0, {maker.Data()}}}), StatusIs(kDataLoss)) << kind;
  }
}

TEST(TreeRead, RefusesMalformedRoots) {
  RefMaker maker(5, Cuts::kRandom);
  MemoryNodeStore store;
  Root root = BuildPlainly(store, maker.Refs(1000, 10));
  Root two{root.height, {root.entries[0], root.entries[0]}};
  Root none{1, {}};
  Root wide{0, maker.Refs(5, 1000)};
  Root high{kMaxHeight + 1, root.entries};
  Root endless{0, {HoleRef(kMaxFileBytes), maker.Data()}};
  Root nothing{0, {DataRef(root.entries[0].fp, 0)}};
  for (const Root& bad : {two, none, wide, high, endless, nothing}) {
    const auto kInvalid = absl::StatusCode::kInvalidArgument;
    EXPECT_THAT(Lookup(store, bad, 0, 1), StatusIs(kInvalid));
    EXPECT_THAT(Seek(store, bad, 0, true), StatusIs(kInvalid));
    EXPECT_THAT(Apply(store, bad, {{0, 0, {}}}), StatusIs(kInvalid));
  }
}

}  // namespace
}  // namespace oca::tree
