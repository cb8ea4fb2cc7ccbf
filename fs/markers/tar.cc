#include "fs/markers/tar.h"

#include "lib/base/crc32c.h"

namespace oca::markers {
namespace {

// Places in a header, POSIX.1-2017 "pax", section "ustar Interchange Format".
constexpr size_t kSizeAt = 124, kSizeBytes = 12;
constexpr size_t kChecksumAt = 148, kChecksumBytes = 8;
constexpr size_t kTypeAt = 156;
constexpr size_t kMagicAt = 257;

// Of 16 headers one leads a span, so that spans begin at the same headers after an insertion.
constexpr uint32_t kLeadMask = 15;

bool IsDigit(char c) { return c >= '0' && c <= '7'; }

// A number as tar writes it: spaces, octal digits, then spaces or NULs; none when it is not one.
std::optional<uint64_t> Octal(std::string_view field) {
  size_t i = 0;
  while (i < field.size() && field[i] == ' ') ++i;
  const size_t first = i;
  uint64_t value = 0;
  for (; i < field.size() && IsDigit(field[i]); ++i) value = value * 8 + (field[i] - '0');
  if (i == first) return std::nullopt;
  if (i < field.size() && field[i] != ' ' && field[i] != '\0') return std::nullopt;
  return value;
}

// The sum of all bytes, the checksum's own taken as spaces. Old writers took bytes as signed.
bool ChecksumHolds(std::string_view block, uint64_t stored) {
  uint32_t plain = 0, high = 0;
  for (char c : block) {
    plain += static_cast<uint8_t>(c);
    high += static_cast<uint8_t>(c) >> 7;
  }
  for (char c : block.substr(kChecksumAt, kChecksumBytes)) plain -= static_cast<uint8_t>(c);
  plain += kChecksumBytes * ' ';
  return stored == plain || stored + 256 * uint64_t{high} == plain;
}

Format FormatOf(std::string_view block) {
  std::string_view magic = block.substr(kMagicAt, 6);
  if (magic == std::string_view("ustar ", 6)) return Format::kTarGnu;
  if (magic != std::string_view("ustar\0", 6)) return Format::kTarV7;
  const char type = block[kTypeAt];
  return type == 'x' || type == 'g' || type == 'X' ? Format::kTarPax : Format::kTarUstar;
}

// Bytes after the block that tell of the next member too: pax records, a long name or link.
size_t ExtensionBytes(std::string_view block) {
  if (std::string_view("xgXLK").find(block[kTypeAt]) == std::string_view::npos) return 0;
  const std::optional<uint64_t> size = Octal(block.substr(kSizeAt, kSizeBytes));
  if (!size || *size > kMaxRecordBytes - kBlockBytes) return 0;
  return (*size + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
}

}  // namespace

std::string_view FormatName(Format format) {
  constexpr std::string_view kNames[kFormats] = {"tar-v7", "tar-ustar", "tar-gnu", "tar-pax"};
  return kNames[static_cast<size_t>(format)];
}

std::optional<Record> TarHeader(std::string_view block) {
  // Nearly all blocks that are none end here, by one cache line.
  const char first = block[kChecksumAt], second = block[kChecksumAt + 1];
  if ((first != ' ' && !IsDigit(first)) || (second != ' ' && !IsDigit(second))) return std::nullopt;
  const std::optional<uint64_t> stored = Octal(block.substr(kChecksumAt, kChecksumBytes));
  if (!stored || !ChecksumHolds(block, *stored)) return std::nullopt;
  return Record{.format = FormatOf(block),
                .bytes = kBlockBytes + ExtensionBytes(block),
                .leads = (Crc32c(block) & kLeadMask) == 0};
}

}  // namespace oca::markers
