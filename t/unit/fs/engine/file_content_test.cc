#include "fs/engine/file_content.h"

#include <algorithm>
#include <random>

#include "t/unit/fs/engine/file_content_fixture.h"

namespace oca::engine {
namespace {

std::string Noise(std::mt19937_64& rng, size_t size) {
  std::string bytes(size, '\0');
  uint64_t kind = rng() % 4;
  for (size_t i = 0; i < size; ++i) {
    bytes[i] = kind == 0   ? '\0'
               : kind == 1 ? static_cast<char>('a' + i % 7)
                           : static_cast<char>(rng());
  }
  return bytes;
}

class FileContentTest : public FileContentFixture {};

TEST_F(FileContentTest, CutsDoNotDependOnHowTheWriterSplitItsCalls) {
  std::mt19937_64 rng(3);
  std::string data(5 << 20, '\0');
  for (char& c : data) c = static_cast<char>(rng());
  auto whole = Make();
  ASSERT_OK(whole->Write(0, false, data));
  auto expected = whole->Settle();
  ASSERT_OK(expected);
  for (size_t step : {4096u, 10000u, 65536u, 1u << 20}) {
    auto file = Make();
    for (size_t at = 0; at < data.size(); at += step) {
      ASSERT_OK(file->Write(at, false, std::string_view(data).substr(at, step)));
      if (at / step % 37 == 5) {
        ASSERT_OK(file->Settle());
      }
    }
    auto settled = file->Settle();
    ASSERT_OK(settled);
    EXPECT_EQ(settled->root, expected->root) << step;
  }
}

TEST_F(FileContentTest, MemoryThatIsTakenGivesTheSameRecipe) {
  std::mt19937_64 rng(5);
  std::string data(9 << 20, '\0');
  for (char& c : data) c = static_cast<char>(rng());
  auto whole = Make();
  ASSERT_OK(whole->Write(0, false, data));
  auto expected = whole->Settle();
  ASSERT_OK(expected);
  for (size_t step : {1u << 20, (1u << 20) + 5000, 3u << 20, 300'000u}) {
    SCOPED_TRACE(step);
    auto file = Make();
    StreamBuffer memory;
    for (size_t at = 0; at < data.size(); at += step) {
      const std::string_view piece = std::string_view(data).substr(at, step);
      memory.Clear();
      memory.Reserve(1 << 20);
      memory.Append(piece);
      ASSERT_OK(file->WriteFrom(memory, at));
      if (at / step == 4) {
        ASSERT_OK(file->Settle());
      }
    }
    auto settled = file->Settle();
    ASSERT_OK(settled);
    EXPECT_EQ(settled->root, expected->root);
  }
}

TEST_F(FileContentTest, MemoryIsTakenAndOtherMemoryGivenForIt) {
  auto file = Make();
  StreamBuffer memory;
  uint64_t at = 0;
  int same = 0;
  for (int i = 0; i < 20; ++i, at += 1 << 20) {
    memory.Clear();
    memory.Reserve(1 << 20);
    memory.Append(std::string(1 << 20, static_cast<char>('a' + i)));
    const char* before = memory.data();
    ASSERT_OK(file->WriteFrom(memory, at));
    memory.Clear();
    same += memory.capacity() > 0 && memory.data() == before;
  }
  EXPECT_EQ(same, 0);
}

TEST_F(FileContentTest, RandomWritesOfStreamsAmongOthersMatchAString) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 rng(seed);
    std::string model;
    auto file = Make();
    StreamBuffer memory;
    for (int op = 0; op < 60; ++op) {
      const uint64_t kind = rng() % 10;
      if (kind < 6) {  // mostly at the end
        const size_t at = rng() % 8 == 0 ? rng() % (model.size() + 100'000) : model.size();
        const std::string data = Noise(rng, (1 << 20) - 50'000 + rng() % 100'000);
        memory.Clear();
        memory.Reserve(1 << 20);
        memory.Append(data);
        ASSERT_OK(file->WriteFrom(memory, at));
        if (model.size() < at + data.size()) model.resize(at + data.size());
        model.replace(at, data.size(), data);
      } else if (kind < 8) {
        const size_t at = model.size() - rng() % (model.size() / 8 + 1);
        const std::string data = Noise(rng, 1 + rng() % 400'000);
        ASSERT_OK(file->Write(at, false, data));
        if (model.size() < at + data.size()) model.resize(at + data.size());
        model.replace(at, data.size(), data);
      } else if (kind == 8) {
        model.resize(model.size() - rng() % (model.size() / 4 + 1));
        ASSERT_OK(file->Truncate(model.size()));
      } else if (rng() % 2 == 0) {
        ASSERT_OK(file->Settle());
      }
      const size_t at = rng() % (model.size() + 1);
      auto read = file->Read(at, 3'000'000);
      ASSERT_OK(read);
      ASSERT_TRUE(read->Joined() == model.substr(at, 3'000'000));
    }
    ASSERT_OK(file->Settle());
    auto read = file->Read(0, model.size() + 10);
    ASSERT_OK(read);
    ASSERT_TRUE(read->Joined() == model);
  }
}

TEST_F(FileContentTest, OverwriteInTheMiddleGivesTheRecipeOfTheWholeNewContent) {
  std::mt19937_64 rng(4);
  std::string data(3 << 20, '\0');
  for (char& c : data) c = static_cast<char>(rng());
  auto file = Make();
  ASSERT_OK(file->Write(0, false, data));
  ASSERT_OK(file->Settle());
  for (int i = 0; i < 20; ++i) {
    size_t at = rng() % (data.size() - 70000);
    std::string patch(1 + rng() % 70000, '\0');
    for (char& c : patch) c = static_cast<char>(rng());
    ASSERT_OK(file->Write(at, false, patch));
    data.replace(at, patch.size(), patch);
  }
  auto settled = file->Settle();
  ASSERT_OK(settled);
  auto fresh = Make();
  ASSERT_OK(fresh->Write(0, false, data));
  auto expected = fresh->Settle();
  ASSERT_OK(expected);
  EXPECT_EQ(settled->root, expected->root);
}

TEST_F(FileContentTest, RandomOperationsMatchAString) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 rng(seed);
    std::string model;
    auto file = Make();
    size_t scale = seed % 3 == 0 ? 300'000 : 40'000;
    for (int op = 0; op < 250; ++op) {
      uint64_t kind = rng() % 100;
      if (kind < 35) {
        std::string data = Noise(rng, 1 + rng() % scale);
        ASSERT_OK(file->Write(0, true, data));
        model += data;
      } else if (kind < 65) {
        size_t at = rng() % (model.size() + 20000);
        std::string data = Noise(rng, 1 + rng() % scale);
        ASSERT_OK(file->Write(at, false, data));
        if (model.size() < at + data.size()) model.resize(at + data.size());
        model.replace(at, data.size(), data);
      } else if (kind < 73) {
        size_t size = rng() % (model.size() + 30000);
        if (rng() % 2) size = model.size() * (rng() % 100) / 100;
        ASSERT_OK(file->Truncate(size));
        model.resize(size);
      } else if (kind < 80) {
        size_t at = rng() % (model.size() + 1), length = 1 + rng() % scale;
        ASSERT_OK(file->PunchHole(at, length));
        for (size_t i = at; i < std::min(model.size(), at + length); ++i) model[i] = '\0';
      } else if (kind < 85 && !model.empty()) {
        size_t from = rng() % model.size(), to = rng() % (model.size() + 10000);
        auto refs = file->Extract(from, model.size() - from);
        ASSERT_OK(refs);
        if (refs->empty() || (*refs)[0].offset < from) continue;  // whole refs only
        tree::PlacedRef ref = (*refs)[0];
        ASSERT_OK(file->Insert(to, ref.ref.length, {ref.ref}));
        std::string moved = model.substr(ref.offset, ref.ref.length);
        if (model.size() < to + moved.size()) model.resize(to + moved.size());
        model.replace(to, moved.size(), moved);
      } else if (kind < 92) {
        auto settled = file->Settle();
        ASSERT_OK(settled);
        ASSERT_EQ(settled->root.length(), model.size());
        if (rng() % 2) file = Make(settled->root);
      } else {
        ASSERT_EQ(file->size(), model.size());
        size_t at = rng() % (model.size() + 1), length = rng() % (2 * scale);
        auto read = file->Read(at, length);
        ASSERT_OK(read);
        ASSERT_EQ(read->Joined(), model.substr(at, length));
      }
      if (model.size() > 4'000'000) {
        ASSERT_OK(file->Truncate(1000));
        model.resize(1000);
      }
    }
    auto read = file->Read(0, model.size() + 10);
    ASSERT_OK(read);
    ASSERT_TRUE(read->Joined() == model);
  }
}

TEST_F(FileContentTest, InsertBeyondTheEndOfASettledFileLeavesAHole) {
  auto file = Make();
  ASSERT_OK(file->Write(0, false, std::string(20000, 'x')));
  ASSERT_OK(file->Settle());
  auto refs = file->Extract(0, 20000);
  ASSERT_OK(refs);
  ASSERT_OK(file->Insert(100000, refs->front().ref.length, {refs->front().ref}));
  EXPECT_EQ(file->size(), 100000 + refs->front().ref.length);
  EXPECT_EQ(file->Read(19999, 2)->Joined(), std::string("x\0", 2));
  EXPECT_EQ(file->Read(99999, 2)->Joined(), std::string("\0x", 2));
}

TEST_F(FileContentTest, ZerosBecomeHoles) {
  auto file = Make();
  ASSERT_OK(file->Write(0, false, std::string(2 << 20, '\0')));
  auto settled = file->Settle();
  ASSERT_OK(settled);
  EXPECT_EQ(settled->root.data_length(), 0u);
  EXPECT_EQ(settled->root.entries.size(), 1u);
  EXPECT_EQ(*file->Seek(0, false), 0u);
}

TEST_F(FileContentTest, TebibyteSparseFileIsCheap) {
  auto file = Make();
  ASSERT_OK(file->Truncate(1ull << 40));
  ASSERT_OK(file->Write((1ull << 40) - 5, false, "hello"));
  ASSERT_OK(file->Write(1ull << 39, false, "middle"));
  auto settled = file->Settle();
  ASSERT_OK(settled);
  EXPECT_EQ(settled->root.length(), 1ull << 40);
  EXPECT_EQ(file->Read((1ull << 40) - 6, 100)->Joined(), std::string("\0hello", 6));
  EXPECT_EQ(*file->Seek(1, true), 1ull << 39);
}

}  // namespace
}  // namespace oca::engine
