#include "fs/chunk/chunker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "fs/chunk/sha256.h"
#include "t/unit/fs/chunk/streams.h"

namespace oca::chunk {
namespace {

using ::testing::ElementsAre;
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
  explicit Model(std::string_view data) : hashes_(data.size() + 1) {
    for (size_t p = 32; p <= data.size(); ++p) hashes_[p] = Hash(data.substr(p - 32, 32));
  }

  // The cuts of data[start, start + length) as a stream of its own.
  std::vector<size_t> Cuts(uint32_t target, size_t start, size_t length) const {
    std::vector<size_t> cuts;
    for (size_t done = 0; done < length; done = cuts.back()) {
      cuts.push_back(done + Length(target, start + done, length - done));
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
  bool Candidate(size_t position, uint64_t threshold) const {
    const uint64_t half = uint64_t{1} << 31;
    return hashes_[position] >= half - threshold && hashes_[position] < half;
  }
  size_t Length(uint32_t target, size_t start, size_t available) const {
    const uint64_t unit = (uint64_t{1} << 32) / target;
    const size_t max = 4 * size_t{target};
    for (size_t p = target / 4; p <= max && p <= available; ++p) {
      if (Candidate(start + p, p < target ? unit / 2 : unit * 8)) return p;
    }
    if (available < max) return available;
    for (size_t p = max; p >= max - target; --p) {
      if (Candidate(start + p, unit * 64)) return p;
    }
    return max;
  }

  std::vector<uint32_t> hashes_;  // [p]: of the 32 bytes before p
};

TEST(Chunker, EveryPathMatchesTheDefinition) {
  for (const NamedStream& stream : AllStreams(1 << 20)) {
    const Model model(stream.data);
    for (uint32_t target : kTargets) {
      const std::vector<size_t> expected = model.Cuts(target, 0, stream.data.size());
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
  const Model model(data);
  for (ChunkerPath path : SupportedPaths()) {
    const Chunker chunker({8192}, path);
    for (size_t length = 0; length < data.size();
         length += length < 300 || length > 11000 ? 1 : 7) {
      ASSERT_EQ(CutAll(chunker, std::string_view(data).substr(0, length)),
                model.Cuts(8192, 0, length))
          << length;
    }
  }
}

// Candidates in each place relative to the minimum, the target and a vector's width.
TEST(Chunker, EveryPathMatchesTheDefinitionForEveryStart) {
  const std::string data = RandomBytes(22, 200000);
  const Model model(data);
  for (size_t start = 0; start < 4200; start += 7) {
    const std::vector<size_t> expected = model.Cuts(8192, start, 60000);
    for (ChunkerPath path : SupportedPaths()) {
      ASSERT_EQ(CutAll(Chunker({8192}, path), std::string_view(data).substr(start, 60000)),
                expected)
          << start;
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

// The first call sees `split` bytes, the second the rest: at every place near a cut, and at some
// elsewhere.
TEST(Chunker, CutsDoNotDependOnTheSplitPoint) {
  const std::string data = RandomBytes(32, 20000) + Periodic(33, 5, 40000) + RandomBytes(34, 3000);
  const std::vector<size_t> expected = CutAll(Chunker({8192}), data);
  const auto near_cut = [&](size_t split) {
    return std::any_of(expected.begin(), expected.end(),
                       [&](size_t cut) { return split + 70 > cut && split < cut + 70; });
  };
  ASSERT_GE(expected.size(), 4u);
  for (ChunkerPath path : SupportedPaths()) {
    const Chunker chunker({8192}, path);
    for (size_t split = 0; split <= data.size(); ++split) {
      if (split % 89 != 0 && !near_cut(split)) continue;
      std::vector<size_t> cuts;
      const size_t used = chunker.Cut(std::string_view(data).substr(0, split), false, &cuts);
      std::vector<size_t> rest;
      chunker.Cut(std::string_view(data).substr(used), true, &rest);
      for (size_t cut : rest) cuts.push_back(used + cut);
      ASSERT_EQ(cuts, expected) << split;
    }
  }
}

// The test vectors of docs/format/chunking.md. They never change: what is on disk was cut so.
TEST(Chunker, GoldenVectors) {
  const std::string a = RandomBytes(1, 262144);
  ASSERT_EQ(Sha256Reference(a).ToHex(),
            "9344cb164e6ee8675b96cdc286206cedde6e5631ad0e42183779888f5bfe82dd");
  const std::string b = Periodic(4, 1000, 65536);
  const std::string c(65536, '\0');
  for (ChunkerPath path : SupportedPaths()) {
    const std::vector<size_t> a16 = CutAll(Chunker({16384}, path), a);
    EXPECT_THAT(a16, ElementsAre(18111, 39800, 44565, 61169, 78999, 92163, 113088, 134079, 154015,
                                 172933, 190024, 209242, 230885, 238158, 256276, 262144));
    EXPECT_THAT(CutAll(Chunker({65536}, path), a), ElementsAre(70507, 154015, 220716, 262144));
    EXPECT_THAT(CutAll(Chunker({8192}, path), b), ElementsAre(32423, 65132, 65536));
    EXPECT_THAT(CutAll(Chunker({8192}, path), c), ElementsAre(32768, 65536));
  }
  const auto fingerprint = [&](size_t start, size_t end) {
    return Sha256(std::string_view(a).substr(start, end - start)).ToHex();
  };
  EXPECT_EQ(fingerprint(0, 18111),
            "287646d32ab1848164f92cb239676d09605ee1dafb3016aa931b21adcf1426eb");
  EXPECT_EQ(fingerprint(256276, 262144),
            "7c00121999408495461323919ec64d2622d65aed78ee38b3c37eaec2b79b8630");
  EXPECT_EQ(fingerprint(0, 70507),
            "8a528ca3de251336ff405c5b4206644e27fbe1d0e6fd01af4bd5672c971c8393");
  EXPECT_EQ(fingerprint(220716, 262144),
            "79cbeac066e3b58f214757fb575aaa37993d68214b12bff7e7df620d3bc909d4");
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
    const size_t max = 4 * size_t{target};
    for (int byte = 0; byte < 256; byte += target == 8192 ? 1 : 51) {
      ASSERT_EQ(CutAll(Chunker({target}), std::string(2 * max, static_cast<char>(byte))),
                (std::vector<size_t>{max, 2 * max}))
          << byte;
    }
  }
}

TEST(Chunker, ChunksAreWithinBoundsAndTheirMeanIsNearTheTarget) {
  for (uint32_t target : kTargets) {
    for (const std::string& data : {RandomBytes(41, 500 * target), Text(42, 500 * target)}) {
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
  for (const std::string& data : {RandomBytes(51, 2 << 20), Text(52, 2 << 20)}) {
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
