#include "fs/markers/splitter.h"

#include <map>

#include "gtest/gtest.h"
#include "t/unit/fs/markers/archives.h"

namespace oca::markers {
namespace {

using testing::Archive;
using testing::Header;
using testing::Padded;
using testing::Words;

const chunk::Chunker kChunker({8192});
const Splitter kSplitter(Setting::kAuto, &kChunker);

// A piece with its bytes; `unit` counts the units before it, `span` those of the whole stream.
struct Part {
  std::string bytes;
  bool header;
  size_t unit;
  friend bool operator==(const Part&, const Part&) = default;
};

void Append(std::string_view data, const std::vector<Piece>& pieces, size_t* unit,
            std::vector<Part>* parts) {
  size_t begin = 0, span = 0;
  for (const Piece& piece : pieces) {
    ASSERT_GT(piece.end, begin);
    ASSERT_LE(piece.end, data.size());
    if (piece.span != kPayload) {
      ASSERT_TRUE(piece.span == span || piece.span + 1 == span || span == 0) << piece.span;
      span = piece.span + 1;
    }
    parts->push_back(
        {std::string(data.substr(begin, piece.end - begin)), piece.span != kPayload, *unit});
    if (piece.ends_unit) ++*unit;
    begin = piece.end;
  }
}

// The stream given in steps of up to `most` bytes, what is not complete held back.
std::vector<Part> Stream(const Splitter& splitter, std::string_view data, size_t most,
                         uint64_t seed) {
  std::mt19937_64 rng(seed);
  std::vector<Part> parts;
  size_t unit = 0, begin = 0, end = 0;
  while (begin < data.size()) {
    end = std::min(data.size(), end + 1 + rng() % most);
    std::vector<Piece> pieces;
    const size_t complete = splitter.Split(data.substr(begin, end - begin), begin, false, &pieces);
    EXPECT_EQ(pieces.empty() ? 0 : pieces.back().end, complete);
    EXPECT_TRUE(pieces.empty() || pieces.back().ends_unit);
    Append(data.substr(begin, end - begin), pieces, &unit, &parts);
    begin += complete;
    if (end == data.size()) {
      pieces.clear();
      EXPECT_EQ(splitter.Split(data.substr(begin), begin, true, &pieces), 0u);
      Append(data.substr(begin), pieces, &unit, &parts);
      break;
    }
  }
  return parts;
}

std::vector<Part> Whole(std::string_view data, const Splitter& splitter = kSplitter) {
  std::vector<Piece> pieces;
  splitter.Split(data, 0, true, &pieces);
  std::vector<Part> parts;
  size_t unit = 0;
  Append(data, pieces, &unit, &parts);
  return parts;
}

std::string Joined(const std::vector<Part>& parts) {
  std::string all;
  for (const Part& part : parts) all += part.bytes;
  return all;
}

// Chunks that would be stored, with how often: payload pieces, and the headers of each unit.
std::map<std::string, int> Chunks(const std::vector<Part>& parts) {
  std::map<std::string, int> chunks;
  std::string headers;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!parts[i].header) ++chunks[parts[i].bytes];
    if (parts[i].header) headers += parts[i].bytes;
    if (i + 1 < parts.size() && parts[i + 1].unit == parts[i].unit) continue;
    if (!headers.empty()) ++chunks[headers];
    headers.clear();
  }
  return chunks;
}

size_t NewBytes(const std::vector<Part>& parts, const std::vector<Part>& before) {
  const std::map<std::string, int> held = Chunks(before);
  size_t bytes = 0;
  for (const auto& [chunk, count] : Chunks(parts)) bytes += held.contains(chunk) ? 0 : chunk.size();
  return bytes;
}

TEST(Splitter, PiecesDoNotDependOnHowTheStreamIsSplitIntoCalls) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    const std::string data = Archive(seed, 300, 300'000, 1'700'000'000);
    const std::vector<Part> whole = Whole(data);
    EXPECT_EQ(Joined(whole), data);
    for (size_t most : {700u, 5000u, 100'000u, 2'000'000u}) {
      EXPECT_TRUE(Stream(kSplitter, data, most, seed) == whole) << seed << " " << most;
    }
  }
}

TEST(Splitter, EveryPlaceWhereASmallArchiveIsSplitGivesTheSame) {
  const std::string data = Archive(9, 12, 2000, 5);
  const std::vector<Part> whole = Whole(data);
  for (size_t at = 1; at < data.size(); ++at) {
    std::vector<Piece> pieces;
    size_t complete = kSplitter.Split(std::string_view(data).substr(0, at), 0, false, &pieces);
    std::vector<Part> parts;
    size_t unit = 0;
    Append(data, pieces, &unit, &parts);
    pieces.clear();
    kSplitter.Split(std::string_view(data).substr(complete), complete, true, &pieces);
    Append(std::string_view(data).substr(complete), pieces, &unit, &parts);
    ASSERT_TRUE(parts == whole) << at;
  }
}

TEST(Splitter, ACallMayBeginAtAnyUnit) {
  const std::string data = Archive(4, 200, 400'000, 7);
  const std::vector<Part> whole = Whole(data);
  size_t begin = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    if (i > 0 && whole[i].unit != whole[i - 1].unit) {
      std::vector<Piece> pieces;
      kSplitter.Split(std::string_view(data).substr(begin), begin, true, &pieces);
      std::vector<Part> parts;
      size_t unit = whole[i].unit;
      Append(std::string_view(data).substr(begin), pieces, &unit, &parts);
      ASSERT_TRUE(std::equal(parts.begin(), parts.end(), whole.begin() + i, whole.end())) << i;
    }
    begin += whole[i].bytes.size();
  }
}

TEST(Splitter, HeadersAreApartAndEachMemberIsCutWhereItBegins) {
  std::mt19937_64 rng(1);
  std::string a = Words(rng, 1000), b = Words(rng, 5000), c = Words(rng, 100'000);
  const std::string data = Header("a", a.size(), 1) + Padded(a) + Header("d/", 0, 2, '5') +
                           Header("b", b.size(), 3) + Padded(b) + Header("c", c.size(), 4) +
                           Padded(c) + std::string(1024, '\0');
  const std::vector<Part> parts = Whole(data);
  ASSERT_GE(parts.size(), 6u);
  EXPECT_EQ(parts[1], (Part{Padded(a), false, parts[1].unit}));
  EXPECT_TRUE(parts[2].header);  // both headers, unless the second one leads a span
  size_t headers = 0;
  for (const Part& part : parts) headers += part.header ? part.bytes.size() : 0;
  EXPECT_EQ(headers, 4 * 512u);
  EXPECT_EQ(Joined(parts), data);
}

TEST(Splitter, OtherTimesChangeHeadersAlone) {
  const std::string before = Archive(11, 2000, 60'000, 1'700'000'000);
  const std::string after = Archive(11, 2000, 60'000, 1'710'000'000);
  ASSERT_NE(before, after);
  const Splitter plain(Setting::kNone, &kChunker);
  const size_t fresh = NewBytes(Whole(after), Whole(before));
  EXPECT_LT(fresh, 2000 * 1024u);  // headers, some with extensions
  EXPECT_GT(NewBytes(Whole(after, plain), Whole(before, plain)), 4 * fresh);
}

TEST(Splitter, AnInsertedMemberCostsItsSpanAlone) {
  const std::string data = Archive(12, 2000, 60'000, 1);
  const std::string more = Header("new", 100, 9) + Padded(std::string(100, 'n')) + data;
  EXPECT_LT(NewBytes(Whole(more), Whole(data)), 200'000u);
}

TEST(Splitter, WithoutHeadersItIsThePlainChunker) {
  std::mt19937_64 rng(5);
  const std::string data = Words(rng, 3'000'000);
  std::vector<size_t> cuts;
  kChunker.Cut(data, true, &cuts);
  for (Setting setting : {Setting::kAuto, Setting::kNone, Setting::kTar}) {
    std::vector<Piece> pieces;
    Splitter(setting, &kChunker).Split(data, 0, true, &pieces);
    ASSERT_EQ(pieces.size(), cuts.size());
    for (size_t i = 0; i < cuts.size(); ++i) {
      EXPECT_EQ(pieces[i].end, cuts[i]);
      EXPECT_EQ(pieces[i].span, kPayload);
    }
  }
}

TEST(Splitter, ADamagedOrTruncatedArchiveLosesNothing) {
  const std::string good = Archive(6, 200, 50'000, 3);
  std::mt19937_64 rng(2);
  for (int round = 0; round < 60; ++round) {
    std::string data = good;
    for (int i = 0; i < 1 + round && data.size() > 5000; ++i) {
      const size_t at = rng() % data.size();
      switch (rng() % 4) {
        case 0:
          data.erase(at, rng() % 3000);
          break;
        case 1:
          data.insert(at, Words(rng, rng() % 3000));
          break;
        case 2:
          data.resize(std::max<size_t>(at, 1000));
          break;
        default:
          data[at] = static_cast<char>(rng());
      }
    }
    const std::vector<Part> whole = Whole(data);
    ASSERT_EQ(Joined(whole), data);
    ASSERT_TRUE(Stream(kSplitter, data, 30'000, round) == whole) << round;
  }
}

TEST(Splitter, AfterDamageTheNextHeaderIsRecognisedAgain) {
  const std::string good = Archive(6, 400, 20'000, 3);
  std::string bad = good;
  bad[50'000] = static_cast<char>(bad[50'000] ^ 0x55);
  EXPECT_LT(NewBytes(Whole(bad), Whole(good)), 200'000u);
}

TEST(Splitter, UnitsAreBounded) {
  const Splitter wide(Setting::kTar, &kChunker);
  // Nothing but headers, nothing but the greatest extensions, and one great member.
  std::string headers, extensions, zeros = Header("z", 4'000'000, 0) + std::string(4'000'000, '\0');
  for (int i = 0; i < 8000; ++i) headers += Header("link" + std::to_string(i), 0, i, '2');
  for (int i = 0; i < 100; ++i) {
    extensions += Header("x", 32768, i, 'x') + std::string(32768, static_cast<char>('a' + i % 26));
  }
  for (const std::string& data : {headers, extensions, zeros}) {
    for (size_t begin = 0; begin < data.size();) {
      std::vector<Piece> pieces;
      std::string_view rest = std::string_view(data).substr(begin, 1u << 20);
      const size_t complete = wide.Split(rest, begin, rest.size() < (1u << 20), &pieces);
      if (rest.size() < (1u << 20)) break;
      ASSERT_GT(complete, 0u);
      ASSERT_LE(rest.size() - complete, wide.MaxUnitBytes());
      std::map<size_t, size_t> spans;
      size_t from = 0;
      for (const Piece& piece : pieces) {
        if (piece.span != kPayload) spans[piece.span] += piece.end - from;
        from = piece.end;
      }
      for (const auto& [span, bytes] : spans) ASSERT_LE(bytes, kMaxSpanHeaderBytes);
      begin += complete;
    }
  }
}

TEST(Splitter, CountsEachByteOnce) {
  const std::string data = Archive(3, 100, 30'000, 4);
  Recognised whole, steps;
  std::vector<Piece> pieces;
  kSplitter.Split(data, 0, true, &pieces, &whole);
  for (size_t begin = 0, end = 5000; begin < data.size(); end += 5000) {
    pieces.clear();
    end = std::min(end, data.size());
    begin += kSplitter.Split(std::string_view(data).substr(begin, end - begin), begin,
                             end == data.size(), &pieces, &steps);
    if (end == data.size()) break;
  }
  EXPECT_GT(whole.headers, 100u);
  EXPECT_EQ(steps.headers, whole.headers);
  EXPECT_EQ(steps.header_bytes, whole.header_bytes);
  EXPECT_EQ(steps.payload_bytes, whole.payload_bytes);
  EXPECT_EQ(whole.header_bytes + whole.payload_bytes, data.size());
}

}  // namespace
}  // namespace oca::markers
