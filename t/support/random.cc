#include "t/support/random.h"

#include <algorithm>
#include <cstring>

namespace oca::support {

std::string Random::Bytes(size_t n) {
  std::string bytes(n, '\0');
  for (size_t i = 0; i < n; i += sizeof(uint64_t)) {
    uint64_t word = Next();
    std::memcpy(bytes.data() + i, &word, std::min(sizeof word, n - i));
  }
  return bytes;
}

std::string Random::Text(size_t n) {
  std::string text;
  text.reserve(n + 16);
  while (text.size() < n) {
    uint64_t word =
        (Below(512) + 1) * 0x9E3779B97F4A7C15;  // spells the letters of one vocabulary entry
    size_t length = 2 + word % 9;
    for (size_t i = 0; i < length; ++i) {
      word = word * 6364136223846793005 + 1442695040888963407;
      text.push_back(static_cast<char>('a' + (word >> 40) % 26));
    }
    text.push_back(OneIn(12) ? '\n' : ' ');
  }
  text.resize(n);
  return text;
}

std::string RandomBytes(size_t n, uint64_t seed) { return Random(seed).Bytes(n); }

}  // namespace oca::support
