#include "fs/engine/overlay.h"

#include <random>
#include <string>

#include "gtest/gtest.h"

namespace oca::engine {
namespace {

TEST(Overlay, RandomOperationsMatchAByteArray) {
  std::mt19937 rng(7);
  constexpr int kSize = 200;
  Overlay overlay;
  std::string bytes(kSize, '\0');
  std::string set(kSize, '\0');
  for (int round = 0; round < 3000; ++round) {
    size_t begin = rng() % kSize;
    size_t length =
        1 + rng() % (round % 10 == 0 ? kSize - begin : std::min<size_t>(20, kSize - begin));
    if (rng() % 3 != 0) {
      std::string data(length, static_cast<char>('a' + rng() % 26));
      overlay.Write(begin, data);
      bytes.replace(begin, length, data);
      set.replace(begin, length, length, '\1');
    } else {
      overlay.Erase(begin, begin + length);
      set.replace(begin, length, length, '\0');
    }
    if (round % 500 == 0) {
      overlay.Truncate(begin);
      set.replace(begin, kSize - begin, kSize - begin, '\0');
    }
    uint64_t count = 0;
    uint64_t next = 0;
    for (size_t i = 0; i < kSize; ++i) {
      if (set[i] == 0) continue;
      ++count;
      next = overlay.Next(next);
      ASSERT_EQ(next, i);
      ASSERT_GT(overlay.ExtentEnd(i), i);
      ++next;
    }
    ASSERT_EQ(overlay.Next(next), Overlay::kNone);
    ASSERT_EQ(overlay.bytes(), count);
    std::string out(kSize, '?');
    uint64_t last = overlay.CopyTo(0, out.data(), kSize);
    size_t last_set = set.rfind('\1');
    ASSERT_EQ(last, last_set == std::string::npos ? 0 : last_set + 1);
    for (size_t i = 0; i < kSize; ++i) ASSERT_EQ(out[i], set[i] != 0 ? bytes[i] : '?') << i;
  }
}

}  // namespace
}  // namespace oca::engine
