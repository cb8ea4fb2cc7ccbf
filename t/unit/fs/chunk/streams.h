// Byte streams for the tests of fs/chunk: all deterministic.
#ifndef OCA_T_UNIT_FS_CHUNK_STREAMS_H_
#define OCA_T_UNIT_FS_CHUNK_STREAMS_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace oca::chunk {

// SplitMix64 (Steele, Lea, Flood 2014): the documented stream of docs/format/chunking.md.
class SplitMix {
 public:
  explicit SplitMix(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  uint64_t Below(uint64_t limit) { return Next() % limit; }

 private:
  uint64_t state_;
};

// The outputs of SplitMix(seed), each as eight little-endian bytes, cut to `bytes`.
inline std::string RandomBytes(uint64_t seed, size_t bytes) {
  SplitMix random(seed);
  std::string out((bytes + 7) / 8 * 8, '\0');
  for (size_t i = 0; i < out.size(); i += 8) {
    const uint64_t v = random.Next();
    for (size_t b = 0; b < 8; ++b) out[i + b] = static_cast<char>(v >> (8 * b));
  }
  out.resize(bytes);
  return out;
}

// Lines of words with indentation: few distinct words, as in source text.
inline std::string Text(uint64_t seed, size_t bytes) {
  static constexpr std::string_view kWords[] = {
      "int",    "return", "if (", ") {",    "}",    "const ", "static", "size_t", " = ", "value;",
      "buffer", "0",      "->",   "length", "next", "// the", "data",   "of",     "and", "struct"};
  SplitMix random(seed);
  std::string out;
  out.reserve(bytes + 128);
  while (out.size() < bytes) {
    out.append(4 * random.Below(5), ' ');
    for (uint64_t words = random.Below(9); words > 0; --words) {
      out += kWords[random.Below(std::size(kWords))];
      out += ' ';
    }
    out += '\n';
  }
  out.resize(bytes);
  return out;
}

// `bytes` of a random block of `period` bytes, repeated.
inline std::string Periodic(uint64_t seed, size_t period, size_t bytes) {
  const std::string block = RandomBytes(seed, period);
  std::string out(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) out[i] = block[i % period];
  return out;
}

// 64-bit little-endian counters, each up to 200 more than the one before: mostly zero bytes.
inline std::string Counters(uint64_t seed, size_t bytes) {
  SplitMix random(seed);
  std::string out(bytes, '\0');
  uint64_t value = 0;
  for (size_t i = 0; i + 8 <= bytes; i += 8) {
    value += random.Below(200);
    std::memcpy(out.data() + i, &value, 8);
  }
  return out;
}

struct NamedStream {
  std::string name;
  std::string data;
};

// One of each kind, about `bytes` long each, and a mix of them.
inline std::vector<NamedStream> AllStreams(size_t bytes) {
  std::vector<NamedStream> all = {
      {"random", RandomBytes(1, bytes)},         {"text", Text(2, bytes)},
      {"zeros", std::string(bytes, '\0')},       {"ones", std::string(bytes, '\xff')},
      {"counters", Counters(3, bytes)},          {"period 3", Periodic(4, 3, bytes)},
      {"period 32", Periodic(5, 32, bytes)},     {"period 100", Periodic(6, 100, bytes)},
      {"period 1000", Periodic(7, 1000, bytes)}, {"period 4096", Periodic(8, 4096, bytes)}};
  std::string mix;
  SplitMix random(9);
  while (mix.size() < bytes) {
    const std::string& from = all[random.Below(all.size())].data;
    const size_t at = random.Below(bytes);
    mix += from.substr(at, random.Below(60000));
  }
  mix.resize(bytes);
  all.push_back({"mix", std::move(mix)});
  return all;
}

}  // namespace oca::chunk

#endif  // OCA_T_UNIT_FS_CHUNK_STREAMS_H_
