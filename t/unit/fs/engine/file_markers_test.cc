// Files whose headers are stored apart: exact bytes always, and recipes that depend on the content
// alone.
#include <algorithm>
#include <random>

#include "t/unit/fs/engine/file_content_fixture.h"
#include "t/unit/fs/markers/archives.h"

namespace oca::engine {
namespace {

using markers::testing::Archive;
using markers::testing::Header;
using markers::testing::Padded;
using markers::testing::Words;

class FileMarkersTest : public FileContentFixture {
 protected:
  tree::Root SettledRoot(const std::shared_ptr<FileContent>& file) {
    auto settled = file->Settle();
    EXPECT_OK(settled);
    return settled.ok() ? settled->root : tree::Root();
  }
  tree::Root RootOf(std::string_view data) {
    auto file = Make();
    EXPECT_OK(file->Write(0, false, data));
    return SettledRoot(file);
  }
  std::string ReadAll(const std::shared_ptr<FileContent>& file) {
    auto bytes = file->Read(0, UINT64_MAX);
    EXPECT_OK(bytes);
    return bytes.ok() ? bytes->Joined() : "";
  }
  size_t Slices(const tree::Root& root) {
    auto refs = tree::Lookup(*chunks_, root, 0, root.length());
    EXPECT_OK(refs);
    return std::count_if(refs->begin(), refs->end(),
                         [](const tree::PlacedRef& ref) { return ref.ref.slice; });
  }
};

TEST_F(FileMarkersTest, RecipesDoNotDependOnHowTheArchiveWasWritten) {
  const std::string data = Archive(1, 1500, 40'000, 1'700'000'000);
  const tree::Root expected = RootOf(data);
  EXPECT_GT(Slices(expected), 1000u);
  for (size_t step : {777u, 10240u, 65536u, 3u << 20}) {
    std::mt19937_64 rng(step);
    auto file = Make();
    for (size_t at = 0; at < data.size(); at += step) {
      ASSERT_OK(file->Write(at, false, std::string_view(data).substr(at, step)));
      switch (rng() % (1 + (3u << 20) / step)) {
        case 0:  // closed and opened again
          file = Make(SettledRoot(file));
          break;
        case 1:
          SettledRoot(file);
          break;
      }
    }
    EXPECT_EQ(SettledRoot(file), expected) << step;
    EXPECT_TRUE(ReadAll(file) == data) << step;
  }
}

TEST_F(FileMarkersTest, AppendingGoesOnFromEveryLength) {
  const std::string data = Archive(2, 40, 20'000, 5);
  const tree::Root expected = RootOf(data);
  std::mt19937_64 rng(2);
  for (int round = 0; round < 300; ++round) {
    size_t at = 1 + rng() % (data.size() - 1);
    if (round % 3 == 0) at = (at + 511) / 512 * 512;
    if (round % 3 == 1) at = at / 512 * 512 + 1;
    at = std::min(at, data.size());
    auto file = Make(RootOf(std::string_view(data).substr(0, at)));
    ASSERT_OK(file->Write(at, round % 2, std::string_view(data).substr(at)));
    ASSERT_EQ(SettledRoot(file), expected) << at;
  }
}

TEST_F(FileMarkersTest, TruncatingGivesTheRecipeOfWhatIsLeft) {
  const std::string data = Archive(3, 200, 30'000, 5);
  const tree::Root whole = RootOf(data);
  std::mt19937_64 rng(3);
  for (int round = 0; round < 100; ++round) {
    size_t at = 1 + rng() % (data.size() - 1);
    if (round % 2) at = (at + 511) / 512 * 512;
    auto file = Make(whole);
    ASSERT_OK(file->Truncate(at));
    ASSERT_TRUE(ReadAll(file) == data.substr(0, at));
    ASSERT_EQ(SettledRoot(file), RootOf(std::string_view(data).substr(0, at))) << at;
    ASSERT_OK(file->Write(at, true, std::string_view(data).substr(at)));
    ASSERT_EQ(SettledRoot(file), whole) << at;
  }
}

TEST_F(FileMarkersTest, OverwritingGivesTheRecipeOfTheNewContent) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    std::mt19937_64 rng(seed);
    std::string data = Archive(seed, 300, 30'000, 5);
    auto file = Make(RootOf(data));
    for (int i = 0; i < 1 + static_cast<int>(seed % 12); ++i) {
      // A header made or destroyed, noise in payload, a byte anywhere.
      std::string patch;
      size_t at = rng() % (data.size() - 40'000);
      switch (rng() % 4) {
        case 0:
          patch = Header("patched" + std::to_string(rng() % 9), 0, static_cast<int64_t>(i));
          at = at / 512 * 512;
          break;
        case 1:
          patch = Words(rng, 512);
          at = at / 512 * 512;
          break;
        case 2:
          patch = Words(rng, 1 + rng() % 40'000);
          break;
        default:
          patch = Words(rng, 1);
      }
      ASSERT_OK(file->Write(at, false, patch));
      data.replace(at, patch.size(), patch);
    }
    ASSERT_TRUE(ReadAll(file) == data) << seed;
    ASSERT_EQ(SettledRoot(file), RootOf(data)) << seed;
    ASSERT_TRUE(ReadAll(file) == data) << seed;
  }
}

TEST_F(FileMarkersTest, OtherTimesCostHeadersAlone) {
  RootOf(Archive(4, 3000, 40'000, 1'700'000'000));
  ASSERT_OK(chunks_->Flush());
  const uint64_t before = chunks_->TotalUsage().plain_bytes;
  const std::string again = Archive(4, 3000, 40'000, 1'710'000'000);
  EXPECT_TRUE(ReadAll(Make(RootOf(again))) == again);
  ASSERT_OK(chunks_->Flush());
  EXPECT_LT(chunks_->TotalUsage().plain_bytes - before, 3000 * 1024u);
}

TEST_F(FileMarkersTest, ReferenceCopiesOfRangesKeepTheBytes) {
  const std::string data = Archive(5, 400, 30'000, 5);
  auto from = Make(RootOf(data));
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    std::mt19937_64 rng(seed);
    std::string model = Archive(seed, 100, 20'000, 6);
    auto to = Make(RootOf(model));
    const uint64_t at = rng() % data.size(), length = 1 + rng() % (data.size() - at);
    auto placed = from->Extract(at, length);
    ASSERT_OK(placed);
    std::vector<tree::Ref> refs;
    uint64_t bytes = 0;
    for (const tree::PlacedRef& ref : *placed) {
      refs.push_back(ref.ref);
      bytes += ref.ref.length;
    }
    const uint64_t target = rng() % model.size();
    ASSERT_OK(to->Insert(target, bytes, refs));
    model.resize(std::max<size_t>(model.size(), target + bytes));
    model.replace(target, bytes, data, placed->front().offset, bytes);
    ASSERT_TRUE(ReadAll(to) == model) << seed;
    // What follows a copy that ends in the middle of a span: written over, cut, and added to.
    for (int i = 0; i < 6; ++i) {
      const std::string patch = Words(rng, 1 + rng() % 9000);
      const size_t place = rng() % model.size();
      ASSERT_OK(to->Write(place, false, patch));
      model.resize(std::max(model.size(), place + patch.size()));
      model.replace(place, patch.size(), patch);
      if (rng() % 3 == 0) {
        model.resize(1 + rng() % model.size());
        ASSERT_OK(to->Truncate(model.size()));
      }
      if (rng() % 2) to = Make(SettledRoot(to));
      ASSERT_OK(to->Write(0, true, data.substr(0, 5000)));
      model += data.substr(0, 5000);
    }
    ASSERT_TRUE(ReadAll(to) == model) << seed;
  }
}

TEST_F(FileMarkersTest, RandomOperationsMatchAString) {
  const std::string source = Archive(6, 800, 30'000, 5);
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 rng(seed);
    std::string model;
    auto file = Make();
    for (int op = 0; op < 250; ++op) {
      const size_t from = rng() % (source.size() - 200'000) / 512 * 512;
      const std::string data = source.substr(from, 1 + rng() % (op % 10 == 0 ? 200'000 : 20'000));
      switch (rng() % 9) {
        case 0:
        case 1:
        case 2:
          ASSERT_OK(file->Write(0, true, data));
          model += data;
          break;
        case 3:
        case 4: {
          size_t at = rng() % (model.size() + 20'000);
          if (rng() % 2) at = at / 512 * 512;
          ASSERT_OK(file->Write(at, false, data));
          model.resize(std::max(model.size(), at + data.size()));
          model.replace(at, data.size(), data);
          break;
        }
        case 5: {
          const size_t size = model.size() * (rng() % 110) / 100;
          ASSERT_OK(file->Truncate(size));
          model.resize(size);
          break;
        }
        case 6: {
          const size_t at = rng() % (model.size() + 1), length = 1 + rng() % 20'000;
          ASSERT_OK(file->PunchHole(at, length));
          const size_t end = std::min(model.size(), at + length);
          if (at < end) model.replace(at, end - at, end - at, '\0');
          break;
        }
        case 7:
          file = Make(SettledRoot(file));
          break;
        default: {
          const size_t at = rng() % (model.size() + 1);
          auto bytes = file->Read(at, 100'000);
          ASSERT_OK(bytes);
          ASSERT_TRUE(bytes->Joined() == model.substr(at, 100'000));
        }
      }
      ASSERT_EQ(file->size(), model.size());
    }
    ASSERT_TRUE(ReadAll(file) == model);
    ASSERT_TRUE(ReadAll(Make(SettledRoot(file))) == model);
  }
}

TEST_F(FileMarkersTest, ManyEmptyMembersNeedFewChunks) {
  std::string data;
  for (int i = 0; i < 40'000; ++i) data += Header("link" + std::to_string(i), 0, i, '2');
  const tree::Root root = RootOf(data);
  auto refs = tree::Lookup(*chunks_, root, 0, root.length());
  ASSERT_OK(refs);
  EXPECT_LT(refs->size(), 40'000u / 10);
  EXPECT_TRUE(ReadAll(Make(root)) == data);
}

TEST_F(FileMarkersTest, CountsWhatItRecognised) {
  const std::string data = Archive(7, 300, 30'000, 5);
  RootOf(data);
  auto again = Make(RootOf(Words(*std::make_unique<std::mt19937_64>(1), 100'000)));
  uint64_t streams = 0;
  for (const auto& count : counters_->streams) streams += count;
  EXPECT_EQ(streams, 1u);
  EXPECT_GT(counters_->headers, 300u);
  EXPECT_EQ(counters_->header_bytes + counters_->payload_bytes, data.size());
}

}  // namespace
}  // namespace oca::engine
