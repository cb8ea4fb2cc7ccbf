#include "fs/chunk/chunker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "t/unit/fs/chunk/streams.h"

namespace oca::chunk {
namespace {

using ::testing::ElementsAreArray;

constexpr uint32_t kTargets[] = {8192, 16384, 32768, 65536};

std::vector<ChunkerPath> SupportedPaths() {
  std::vector<ChunkerPath> paths;
  for (ChunkerPath path : {ChunkerPath::kScalar, ChunkerPath::kAvx2, ChunkerPath::kAvx512}) {
    if (ChunkerPathSupported(path)) paths.push_back(path);
  }
  return paths;
}

std::vector<size_t> CutAll(const Chunker& chunker, std::string_view data) {
  std::vector<size_t> cuts;
  const size_t rest = chunker.Cut(data, true, &cuts);
  EXPECT_EQ(rest, data.size());
  return cuts;
}

// docs/format/chunking.md word for word, with no care for speed: what every path must equal.
class Model {
 public:
  explicit Model(uint32_t target) : target_(target) {}

  std::vector<size_t> CutAll(std::string_view data) const {
    std::vector<size_t> cuts;
    for (size_t start = 0; start < data.size(); start = cuts.back()) {
      cuts.push_back(start + Length(data.substr(start)));
    }
    return cuts;
  }

 private:
  static uint32_t Hash(std::string_view window) {
    uint32_t hash = 0, weight = 1;
    for (int word = 0; word < 8; ++word) {
      uint32_t value = 0;
      for (int b = 3; b >= 0; --b) value = value << 8 | static_cast<uint8_t>(window[4 * word + b]);
      hash += value * weight;
      weight *= 0xCE2955A5u;
    }
    return hash;
  }
  static bool Candidate(std::string_view data, size_t position, uint64_t threshold) {
    const uint64_t hash = Hash(data.substr(position - 32, 32));
    return hash >= (uint64_t{1} << 31) - threshold && hash < uint64_t{1} << 31;
  }
  size_t Length(std::string_view data) const {
    const uint64_t unit = (uint64_t{1} << 32) / target_;
    const size_t max = 4 * size_t{target_};
    for (size_t p = target_ / 4; p <= max && p <= data.size(); ++p) {
      if (Candidate(data, p, p < target_ ? unit / 2 : unit * 8)) return p;
    }
    if (data.size() < max) return data.size();
    for (size_t p = max; p >= max - target_; --p) {
      if (Candidate(data, p, unit * 64)) return p;
    }
    return max;
  }
  uint32_t target_;
};

TEST(Chunker, EveryPathMatchesTheDefinition) {
  for (const NamedStream& stream : AllStreams(700000)) {
    for (uint32_t target : kTargets) {
      const std::vector<size_t> expected = Model(target).CutAll(stream.data);
      for (ChunkerPath path : SupportedPaths()) {
        SCOPED_TRACE(stream.name + " target " + std::to_string(target) + " path " +
                     std::to_string(static_cast<int>(path)));
        EXPECT_THAT(CutAll(Chunker({target}, path), stream.data), ElementsAreArray(expected));
      }
    }
  }
}

// Short streams end in every place relative to a vector's width.
TEST(Chunker, EveryPathMatchesTheDefinitionForEveryLength) {
  const std::string data = RandomBytes(21, 12000);
  const Model model(8192);
  for (ChunkerPath path : SupportedPaths()) {
    const Chunker chunker({8192}, path);
    for (size_t length = 0; length < 300; ++length) {
      ASSERT_EQ(CutAll(chunker, std::string_view(data).substr(0, length)),
                model.CutAll(std::string_view(data).substr(0, length)));
    }
    for (size_t length = 2000; length < data.size(); length += 7) {
      ASSERT_EQ(CutAll(chunker, std::string_view(data).substr(0, length)),
                model.CutAll(std::string_view(data).substr(0, length)))
          << length;
    }
  }
}

// Candidates in each place relative to the minimum, the target and a vector's width.
TEST(Chunker, EveryPathMatchesTheDefinitionForEveryStart) {
  const std::string data = RandomBytes(22, 200000);
  const Model model(8192);
  for (size_t start = 0; start < 150; ++start) {
    const std::string_view from = std::string_view(data).substr(start * 7, 60000);
    const std::vector<size_t> expected = model.CutAll(from);
    for (ChunkerPath path : SupportedPaths()) {
      ASSERT_EQ(CutAll(Chunker({8192}, path), from), expected) << start;
    }
  }
}

TEST(Chunker, CutsDoNotDependOnHowTheStreamIsSplit) {
  SplitMix random(31);
  for (const NamedStream& stream : AllStreams(400000)) {
    for (uint32_t target : kTargets) {
      for (ChunkerPath path : SupportedPaths()) {
        const Chunker chunker({target}, path);
        const std::vector<size_t> expected = CutAll(chunker, stream.data);
        std::vector<size_t> cuts;
        size_t start = 0, end = 0;
        while (start < stream.data.size()) {
          end = std::min(stream.data.size(), end + 1 + random.Below(3 * target));
          std::vector<size_t> found;
          const std::string_view held = std::string_view(stream.data).substr(start, end - start);
          const size_t used = chunker.Cut(held, end == stream.data.size(), &found);
          for (size_t cut : found) cuts.push_back(start + cut);
          ASSERT_EQ(used, found.empty() ? 0 : found.back());
          start += used;
        }
        ASSERT_EQ(cuts, expected) << stream.name << " target " << target;
      }
    }
  }
}

// Every split point: the first call sees `split` bytes, the second the rest.
TEST(Chunker, CutsDoNotDependOnAnySplitPoint) {
  const std::string data = RandomBytes(32, 5000) + Periodic(33, 5, 40000) + RandomBytes(34, 3000);
  for (ChunkerPath path : SupportedPaths()) {
    const Chunker chunker({8192}, path);
    const std::vector<size_t> expected = CutAll(chunker, data);
    for (size_t split = 0; split <= data.size();
         split += split % 8192 < 300 || split > 40000 ? 1 : 29) {
      std::vector<size_t> cuts;
      const size_t used = chunker.Cut(std::string_view(data).substr(0, split), false, &cuts);
      std::vector<size_t> rest;
      chunker.Cut(std::string_view(data).substr(used), true, &rest);
      for (size_t cut : rest) cuts.push_back(used + cut);
      ASSERT_EQ(cuts, expected) << split;
    }
  }
}

TEST(Chunker, ChunkWithoutItsCutIsIncomplete) {
  const std::string data(4 * 8192, '\0');
  const Chunker chunker({8192});
  std::vector<size_t> cuts;
  EXPECT_EQ(chunker.Cut(std::string_view(data).substr(1), false, &cuts), 0u);
  EXPECT_TRUE(cuts.empty());
  EXPECT_EQ(chunker.Cut(data, false, &cuts), data.size());
  EXPECT_EQ(cuts, std::vector<size_t>{data.size()});
}

TEST(Chunker, EmptyStreamHasNoChunk) {
  std::vector<size_t> cuts;
  EXPECT_EQ(Chunker({}).Cut({}, true, &cuts), 0u);
  EXPECT_TRUE(cuts.empty());
}

TEST(Chunker, RunsOfOneByteAreChunksOfMaximumSize) {
  for (uint32_t target : kTargets) {
    for (int byte = 0; byte < 256; ++byte) {
      const size_t max = 4 * size_t{target};
      ASSERT_EQ(CutAll(Chunker({target}), std::string(2 * max, static_cast<char>(byte))),
                (std::vector<size_t>{max, 2 * max}))
          << byte;
    }
  }
}

TEST(Chunker, ChunksAreWithinBoundsAndTheirMeanIsNearTheTarget) {
  for (uint32_t target : kTargets) {
    for (const std::string& data : {RandomBytes(41, 16 << 20), Text(42, 16 << 20)}) {
      const ChunkerParams params{target};
      const std::vector<size_t> cuts = CutAll(Chunker(params), data);
      size_t start = 0;
      for (size_t cut : cuts) {
        if (cut != data.size()) {
          EXPECT_GE(cut - start, params.min_bytes());
        }
        EXPECT_LE(cut - start, params.max_bytes());
        start = cut;
      }
      const double mean = static_cast<double>(data.size()) / cuts.size();
      EXPECT_GT(mean, 0.85 * target);
      EXPECT_LT(mean, 1.15 * target);
    }
  }
}

// An insertion near the front moves the cuts after it, and changes only few chunks.
TEST(Chunker, CutsFollowTheContent) {
  for (const std::string& data : {RandomBytes(51, 8 << 20), Text(52, 8 << 20)}) {
    const Chunker chunker({8192});
    const std::vector<size_t> before = CutAll(chunker, data);
    const std::string_view insert = "a few bytes";
    const std::vector<size_t> after =
        CutAll(chunker, data.substr(0, 10000) + std::string(insert) + data.substr(10000));
    ASSERT_GT(after.size(), 100u);
    ASSERT_GT(before.size(), 100u);
    for (size_t i = 1; i + 20 < before.size(); ++i) {
      ASSERT_EQ(before[before.size() - i] + insert.size(), after[after.size() - i]);
    }
  }
}

}  // namespace
}  // namespace oca::chunk
