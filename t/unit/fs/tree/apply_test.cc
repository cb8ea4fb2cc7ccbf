#include <cerrno>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/unit/fs/tree/tree_test_util.h"

namespace oca::tree {
namespace {

Root MustApply(NodeStore& store, const Root& root, std::vector<Splice> splices) {
  absl::StatusOr<Root> result = Apply(store, root, std::move(splices));
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *result : Root{};
}

Root Build(NodeStore& store, std::vector<Ref> refs) {
  return MustApply(store, {}, {{0, UINT64_MAX, std::move(refs)}});
}

// A file as a plain list of refs, changed by the same splices as its recipe.
class Model {
 public:
  uint64_t length() const { return Root{0, refs_}.length(); }
  const std::vector<Ref>& refs() const { return refs_; }

  void Do(const std::vector<Splice>& splices) {
    std::vector<Ref> out;
    uint64_t at = 0;
    for (const Splice& s : splices) {
      CopyRange(at, s.begin, &out);
      out.insert(out.end(), s.refs.begin(), s.refs.end());
      at = s.end;
    }
    CopyRange(at, UINT64_MAX, &out);
    refs_ = MergeHoles(out);
  }

  // An offset where a splice may begin or end: near entry `index`, inside it when it is a hole.
  uint64_t Boundary(size_t index, RefMaker& maker) const {
    uint64_t at = 0;
    for (size_t i = 0; i < index && i < refs_.size(); ++i) at += refs_[i].length;
    if (index < refs_.size() && refs_[index].is_hole()) at += maker.Below(refs_[index].length);
    return at;
  }

 private:
  void CopyRange(uint64_t begin, uint64_t end, std::vector<Ref>* out) const {
    uint64_t at = 0;
    for (const Ref& ref : refs_) {
      uint64_t from = std::max(at, begin), to = std::min(at + ref.length, end);
      if (from < to) out->push_back(ref.is_hole() ? HoleRef(to - from) : ref);
      at += ref.length;
    }
  }

  std::vector<Ref> refs_;
};

// Up to `count` random splices of `model`, ascending.
std::vector<Splice> RandomSplices(const Model& model, size_t count, RefMaker& maker) {
  std::vector<size_t> at;
  for (size_t i = 0; i < 2 * count; ++i) at.push_back(maker.Below(model.refs().size() + 1));
  if (maker.Below(4) == 0) at.front() = 0;
  if (maker.Below(4) == 0) at.back() = model.refs().size();
  std::sort(at.begin(), at.end());
  std::vector<Splice> splices;
  uint64_t last = 0;
  for (size_t i = 0; i < count; ++i) {
    Splice s;
    bool narrow = maker.Below(3) != 0;
    size_t to = narrow ? std::min(at[2 * i + 1], at[2 * i] + maker.Below(4)) : at[2 * i + 1];
    s.begin = std::max(last, model.Boundary(at[2 * i], maker));
    s.end = std::max(s.begin, model.Boundary(to, maker));
    if (s.end == model.length() && maker.Below(2) == 0) s.end = UINT64_MAX;
    size_t most = maker.Below(5) == 0 ? 1500 : 5;
    s.refs = maker.Refs(maker.Below(most), 1 + maker.Below(6));
    last = std::min(s.end, model.length());
    splices.push_back(std::move(s));
    if (last == model.length()) break;
  }
  return splices;
}

class RandomSplicesTest : public testing::TestWithParam<Cuts> {};

TEST_P(RandomSplicesTest, ResultDependsOnlyOnTheRefs) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    RefMaker maker(seed, GetParam());
    MemoryNodeStore store, plain;
    Model model;
    Root root;
    for (int step = 0; step < 60; ++step) {
      SCOPED_TRACE(testing::Message() << "step " << step);
      std::vector<Splice> splices;
      if (step % 20 == 0) {
        splices = {{0, UINT64_MAX, maker.Refs(maker.Below(step == 20 ? 15'000 : 3000), 3)}};
      } else {
        splices = RandomSplices(model, 1 + maker.Below(6), maker);
      }
      root = MustApply(store, root, splices);
      model.Do(splices);
      ASSERT_EQ(root, BuildPlainly(plain, model.refs()));
      ASSERT_EQ(root.length(), model.length());
    }
  }
}
INSTANTIATE_TEST_SUITE_P(AllCuts, RandomSplicesTest,
                         testing::Values(Cuts::kRandom, Cuts::kAlways, Cuts::kNever, Cuts::kSame));

// Every prefix, every suffix and every single removal around node borders of a tree of height 3.
TEST(Apply, ShrinksFromBothEnds) {
  RefMaker maker(7, Cuts::kAlways);
  MemoryNodeStore store, plain;
  Model model;
  model.Do({{0, UINT64_MAX, maker.Refs(64 * 600 + 3, 1000)}});
  Root full = Build(store, model.refs());
  ASSERT_EQ(full.height, 3u);
  const size_t n = model.refs().size();
  std::vector<uint64_t> offsets = {0};
  for (const Ref& ref : model.refs()) offsets.push_back(offsets.back() + ref.length);
  // Around the first and the last cuts, and some in between.
  for (size_t i = 0; i <= n; ++i) {
    size_t near = std::min(i, n - i) % 64;
    bool border = std::min(i, n - i) < 140 && (near < 6 || near > 61);
    if (!border && i % 4999 != 0) continue;
    std::vector<Ref> head(model.refs().begin(), model.refs().begin() + i);
    std::vector<Ref> tail(model.refs().begin() + i, model.refs().end());
    ASSERT_EQ(MustApply(store, full, {{offsets[i], UINT64_MAX, {}}}), BuildPlainly(plain, head));
    ASSERT_EQ(MustApply(store, full, {{0, offsets[i], {}}}), BuildPlainly(plain, tail)) << i;
  }
}

TEST(Apply, InsertThatEndsInACutBeforeAnInlineFile) {
  RefMaker maker(8, Cuts::kAlways);
  MemoryNodeStore store, plain;
  std::vector<Ref> old = maker.Refs(3, 1000), added = maker.Refs(64, 1000);
  Root root = MustApply(store, Build(store, old), {{0, 0, added}});
  added.insert(added.end(), old.begin(), old.end());
  EXPECT_EQ(root, BuildPlainly(plain, added));
}

TEST(Apply, InsertOfNothingChangesNothing) {
  RefMaker maker(9, Cuts::kRandom);
  MemoryNodeStore store;
  for (size_t n : {0, 1, 4, 5, 5000}) {
    Root root = Build(store, maker.Refs(n, 4));
    EXPECT_EQ(MustApply(store, root, {{0, 0, {}}}), root);
    EXPECT_EQ(MustApply(store, root, {{root.length(), root.length(), {}}}), root);
    EXPECT_EQ(MustApply(store, root, {}), root);
  }
}

TEST(Apply, SmallFilesStoreNoNodes) {
  RefMaker maker(10, Cuts::kRandom);
  MemoryNodeStore store;
  Root root = Build(store, maker.Refs(kMaxInlineRefs, 1000));
  EXPECT_EQ(root.height, 0u);
  EXPECT_EQ(root.entries.size(), kMaxInlineRefs);
  EXPECT_EQ(store.puts, 0);
  root = MustApply(store, root, {{root.length(), UINT64_MAX, {maker.Data()}}});
  EXPECT_EQ(root.height, 1u);
  EXPECT_EQ(store.puts, 1);
  EXPECT_EQ(store.gets, 0);
}

TEST(Apply, HoleOfAnyLengthIsOneEntry) {
  MemoryNodeStore store;
  constexpr uint64_t kTiB = uint64_t{1} << 40;
  Root root = Build(store, {HoleRef(kTiB)});
  EXPECT_EQ(root, (Root{0, {HoleRef(kTiB)}}));
  RefMaker maker(11, Cuts::kRandom);
  Ref data = maker.Data();
  root = MustApply(store, root, {{kTiB / 2, kTiB / 2 + data.length, {data}}});
  EXPECT_EQ(root, (Root{0, {HoleRef(kTiB / 2), data, HoleRef(kTiB / 2 - data.length)}}));
  root = MustApply(store, root, {{kTiB / 2, kTiB / 2 + data.length, {HoleRef(data.length)}}});
  EXPECT_EQ(root, (Root{0, {HoleRef(kTiB)}}));
  root = MustApply(store, root, {{kTiB, UINT64_MAX, {HoleRef(kMaxFileBytes - kTiB)}}});
  EXPECT_EQ(root, (Root{0, {HoleRef(kMaxFileBytes)}}));
}

TEST(Apply, HolesMergeAcrossNodeBorders) {
  // 1024 entries that alternate end in a hole and so in a node; more hole must grow it.
  RefMaker maker(12, Cuts::kNever);
  std::vector<Ref> refs;
  for (int i = 0; i < 512; ++i) {
    refs.push_back(maker.Data());
    refs.push_back(maker.Hole());
  }
  for (int i = 0; i < 5; ++i) refs.push_back(maker.Data());
  MemoryNodeStore store, plain;
  Root root = Build(store, refs);
  ASSERT_EQ(root, BuildPlainly(plain, refs));
  uint64_t border = Root{0, {refs.begin(), refs.begin() + 1024}}.length();
  Root inserted = MustApply(store, root, {{border, border, {HoleRef(10)}}});
  std::vector<Ref> expected = refs;
  expected[1023].length += 10;
  EXPECT_EQ(inserted, BuildPlainly(plain, expected));
  Root replaced = MustApply(store, root, {{border, UINT64_MAX, {HoleRef(77), refs.back()}}});
  expected.resize(1024);
  expected[1023].length += 67;
  expected.push_back(refs.back());
  EXPECT_EQ(replaced, BuildPlainly(plain, expected));
}

struct Cost {
  int gets, puts;
};

// Cost of `splices` on `root`, which has about a million refs.
Cost CostOf(MemoryNodeStore& store, const Root& root, std::vector<Splice> splices) {
  store.gets = store.puts = 0;
  EXPECT_TRUE(Apply(store, root, std::move(splices)).ok());
  return {store.gets, store.puts};
}

TEST(Apply, TouchesOnlyOnePathOfAGreatTree) {
  RefMaker maker(13, Cuts::kRandom);
  MemoryNodeStore store;
  std::vector<Ref> refs = maker.Refs(1'000'000, 1'000'000'000);
  Root root = Build(store, refs);
  ASSERT_EQ(root.height, 3u);
  EXPECT_EQ(store.gets, 0);
  const int h = static_cast<int>(root.height);
  std::vector<uint64_t> offsets = {0};
  for (const Ref& ref : refs) offsets.push_back(offsets.back() + ref.length);

  Cost append = CostOf(store, root, {{root.length(), UINT64_MAX, maker.Refs(3, 100)}});
  EXPECT_LE(append.gets, h);
  EXPECT_LE(append.puts, h + 1);
  int worst_gets = 0, worst_puts = 0;
  for (int i = 0; i < 200; ++i) {
    size_t index = maker.Below(refs.size());
    Cost cost = CostOf(store, root, {{offsets[index], offsets[index + 1], maker.Refs(2, 100)}});
    worst_gets = std::max(worst_gets, cost.gets);
    worst_puts = std::max(worst_puts, cost.puts);
  }
  EXPECT_LE(worst_gets, 4 * h);
  EXPECT_LE(worst_puts, 4 * h);

  uint64_t middle = offsets[refs.size() / 2];
  Cost two = CostOf(store, root, {{0, 0, {maker.Data()}}, {middle, UINT64_MAX, {maker.Data()}}});
  EXPECT_LE(two.gets, 6 * h);
  EXPECT_LE(two.puts, 6 * h);
}

TEST(Apply, SplicesInOneNodeRewriteItOnce) {
  RefMaker maker(14, Cuts::kNever);
  MemoryNodeStore store, plain;
  Model model;
  model.Do({{0, UINT64_MAX, maker.Refs(1000, 1'000'000)}});
  Root root = Build(store, model.refs());
  std::vector<Splice> splices;
  uint64_t at = 0;
  for (const Ref& ref : model.refs()) {
    if (splices.empty() || splices.back().end < at) {
      splices.push_back({at, at + ref.length, {maker.Data()}});
    }
    at += ref.length;
  }
  ASSERT_EQ(splices.size(), 500u);
  store.gets = store.puts = 0;
  Root result = MustApply(store, root, splices);
  EXPECT_EQ(store.gets, 1);
  EXPECT_EQ(store.puts, 1);
  model.Do(splices);
  EXPECT_EQ(result, BuildPlainly(plain, model.refs()));
}

TEST(Apply, NodeCountsAreBoundedWhateverTheFingerprints) {
  for (Cuts cuts : {Cuts::kAlways, Cuts::kNever, Cuts::kSame}) {
    RefMaker maker(15, cuts);
    MemoryNodeStore store;
    Root root = Build(store, maker.Refs(20'000, 1'000'000'000));
    EXPECT_LE(store.puts, 20'000 / 64 + 10);
    EXPECT_GE(store.puts, 20'000 / 1024);
    absl::Status walked = Visit(store, root, [&](const Fingerprint& fp, bool is_node) {
      if (is_node) {
        const std::string& bytes = *store.nodes[fp];
        auto refs = DecodeNode(static_cast<uint8_t>(bytes[2]), bytes);
        EXPECT_TRUE(refs.ok());
        EXPECT_LE(refs->size(), kMaxNodeRefs);
      }
      return absl::StatusOr<bool>(true);
    });
    EXPECT_TRUE(walked.ok()) << walked;
  }
}

TEST(Apply, RefusesSplicesThatBreakTheRules) {
  RefMaker maker(16, Cuts::kRandom);
  MemoryNodeStore store;
  std::vector<Ref> refs = maker.Refs(600, 1'000'000'000);
  refs[300].length = refs[300].data_length = 1000;
  Root root = Build(store, refs);
  uint64_t n = root.length();
  uint64_t at = Root{0, {refs.begin(), refs.begin() + 300}}.length();
  Ref data = maker.Data();
  Ref odd = data;
  odd.data_length = data.length + 1;
  std::vector<std::vector<Splice>> bad = {
      {{at + 1, at + 1000, {}}},                // begins inside a chunk
      {{at, at + 999, {}}},                     // ends inside a chunk
      {{n + 1, UINT64_MAX, {}}},                // begins past the end
      {{n, n + 1, {data}}},                     // ends past the end
      {{at, at + 1000, {}}, {0, 0, {data}}},    // descending
      {{0, at + 1000, {}}, {at, n, {data}}},    // overlapping
      {{at, at, {DataRef(data.fp, 0)}}},        // empty ref
      {{at, at, {HoleRef(0)}}},                 // empty hole
      {{at, at, {DataRef(Fingerprint{}, 5)}}},  // data without a fingerprint
      {{at, at, {odd}}},                        // more data than length
  };
  for (size_t i = 0; i < bad.size(); ++i) {
    absl::Status status = Apply(store, root, bad[i]).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << i << ": " << status;
  }
  absl::Status big = Apply(store, root, {{n, n, {HoleRef(kMaxFileBytes - n + 1)}}}).status();
  EXPECT_EQ(ErrnoOf(big), EFBIG) << big;
  big = Apply(store, {}, {{0, 0, {HoleRef(kMaxFileBytes), HoleRef(UINT64_MAX)}}}).status();
  EXPECT_EQ(ErrnoOf(big), EFBIG) << big;
}

TEST(Apply, HandsOnErrorsOfTheStore) {
  class Full : public MemoryNodeStore {
    absl::StatusOr<Fingerprint> PutNode(std::string_view) override {
      return PosixError(ENOSPC, "put");
    }
  };
  RefMaker maker(17, Cuts::kRandom);
  Full full;
  EXPECT_EQ(ErrnoOf(Apply(full, {}, {{0, 0, maker.Refs(10, 100)}}).status()), ENOSPC);
  MemoryNodeStore store;
  Root root = Build(store, maker.Refs(5000, 100));
  store.nodes.erase(root.entries[0].fp);
  EXPECT_EQ(Apply(store, root, {{0, 0, {maker.Data()}}}).status().code(),
            absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace oca::tree
