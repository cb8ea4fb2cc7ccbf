#include "fs/engine/stream_buffer.h"

#include <cstdint>
#include <random>
#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace oca::engine {
namespace {

TEST(StreamBufferTest, RandomOperationsMatchAString) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 rng(seed);
    const size_t scale = seed % 2 == 0 ? 1000 : 200'000;
    std::string model;
    StreamBuffer buffer;
    for (int op = 0; op < 300; ++op) {
      const std::string bytes(rng() % scale, static_cast<char>(rng()));
      switch (rng() % 8) {
        case 0:
        case 1:
          buffer.Append(bytes);
          model += bytes;
          break;
        case 2:
        case 3:
          buffer.Prepend(bytes);
          model.insert(0, bytes);
          break;
        case 4:
          buffer.AppendZeros(bytes.size());
          model.append(bytes.size(), '\0');
          break;
        case 5:
          model.resize(rng() % (model.size() + 1));
          buffer.Resize(model.size());
          break;
        case 6:
          buffer.Reserve(rng() % (4 * scale));
          break;
        default:
          if (rng() % 4 == 0) {
            buffer.Clear();
            model.clear();
          }
      }
      ASSERT_TRUE(std::string_view(buffer) == model);
      if (model.size() > 4'000'000) {
        buffer = StreamBuffer(std::string_view("short"));
        model = "short";
      }
    }
  }
}

TEST(StreamBufferTest, WhatFitsBeforeTheBytesDoesNotMoveThem) {
  StreamBuffer buffer;
  buffer.Reserve(1 << 20);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % 4096, 0u);
  buffer.Append(std::string(1 << 20, 'b'));
  const char* bytes = buffer.data();
  buffer.Prepend(std::string(StreamBuffer::kHeadroom, 'a'));
  EXPECT_EQ(buffer.data() + StreamBuffer::kHeadroom, bytes);
  EXPECT_EQ(buffer.headroom(), 0u);
  buffer.Clear();
  EXPECT_EQ(buffer.data(), bytes);
}

TEST(StreamBufferTest, MovedFromHasNothing) {
  StreamBuffer from(std::string_view("bytes"));
  StreamBuffer to = std::move(from);
  EXPECT_EQ(std::string_view(to), "bytes");
  EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(from.capacity(), 0u);
  from.Append("again");
  EXPECT_EQ(std::string_view(from), "again");
}

}  // namespace
}  // namespace oca::engine
