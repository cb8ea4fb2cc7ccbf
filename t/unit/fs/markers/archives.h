// Tar archives for tests, made here so that every field can be what a test needs.
#ifndef OCA_T_UNIT_FS_MARKERS_ARCHIVES_H_
#define OCA_T_UNIT_FS_MARKERS_ARCHIVES_H_

#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <string_view>

namespace oca::markers::testing {

inline std::string Octal(uint64_t value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%0*lo", digits, static_cast<unsigned long>(value));
  return text;
}

// A header with a valid checksum. `magic` is 8 bytes: "ustar\0" "00", "ustar  \0", or zeros (v7).
inline std::string Header(std::string_view name, uint64_t size, int64_t mtime, char type = '0',
                          std::string_view magic = std::string_view("ustar\00000", 8)) {
  std::string block(512, '\0');
  auto put = [&block](size_t at, std::string_view text) { block.replace(at, text.size(), text); };
  put(0, name.substr(0, 100));
  put(100, "0000644");
  put(108, "0001750");
  put(116, "0001750");
  put(124, Octal(size, 11));
  put(136, Octal(static_cast<uint64_t>(mtime), 11));
  block[156] = type;
  put(257, magic);
  put(148, "        ");
  unsigned sum = 0;
  for (char c : block) sum += static_cast<unsigned char>(c);
  put(148, Octal(sum, 6) + std::string("\0 ", 2));
  return block;
}

inline std::string Padded(std::string bytes) {
  bytes.resize((bytes.size() + 511) / 512 * 512);
  return bytes;
}

inline std::string Words(std::mt19937_64& rng, size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(rng());
  return bytes;
}

// An archive of `members` files of 0 to `most` bytes, contents by `seed`, headers by `mtime` too.
// Every so often a directory, a long GNU name or pax records.
inline std::string Archive(uint64_t seed, int members, size_t most, int64_t mtime) {
  std::mt19937_64 rng(seed);
  std::string out;
  for (int i = 0; i < members; ++i) {
    std::string name = "tree/dir" + std::to_string(i / 10) + "/file" + std::to_string(i);
    const uint64_t kind = rng() % 8;
    if (kind == 0) out += Header(name + ".d/", 0, mtime, '5');
    if (kind == 1) {
      out += Header("././@LongLink", 300, 0, 'L', std::string_view("ustar  \0", 8));
      out += Padded(name + std::string(299 - name.size(), 'x'));
    }
    if (kind == 2) {
      out += Header("PaxHeaders/" + name, 31, mtime, 'x');
      out += Padded("31 mtime=" + std::to_string(mtime) + ".123456789");
    }
    std::string payload = Words(rng, rng() % 4 == 0 ? rng() % (most + 1) : rng() % 3000);
    out += Header(name, payload.size(), mtime + i);
    out += Padded(std::move(payload));
  }
  out.resize((out.size() + 1024 + 10239) / 10240 * 10240);
  return out;
}

}  // namespace oca::markers::testing

#endif  // OCA_T_UNIT_FS_MARKERS_ARCHIVES_H_
