// Decoders of the names database: records, values of keys, keys, ACLs, and framed logs. The first
// byte says what the rest is. What decodes must encode to bytes that decode to the same, and a
// log's reader must end whatever the file holds.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "fs/names/acl.h"
#include "fs/names/framed_log.h"
#include "fs/names/keys.h"
#include "fs/names/records.h"
#include "lib/io/testing/memory_file_system.h"
#include "t/fuzz/target.h"

namespace oca::names {
namespace {

using oca::fuzz::Require;

template <typename Decode, typename Encode>
void RoundTrip(std::string_view bytes, Decode decode, Encode encode) {
  const auto value = decode(bytes);
  if (!value.ok()) return;
  const std::string encoded = encode(*value);
  const auto again = decode(encoded);
  Require(again.ok() && encode(*again) == encoded);
}

void FuzzOrder(std::string_view bytes) {
  EntryValue entry;
  std::string_view name;
  if (!DecodeOrder(bytes, &entry, &name).ok()) return;
  Require(!name.empty() && EncodeOrder(entry, name) == bytes);
}

void FuzzKey(std::string_view key) {
  const auto number = NumberOfKey(key);
  const auto cookie = CookieOfKey(key);
  const std::string_view tail = TailOfKey(key);
  Require(tail.empty() || number.ok());
  if (number.ok())
    Require(NumberedPrefix(key[0], *number) == key.substr(0, key.size() - tail.size()));
  if (cookie.ok()) {
    Require(OrderKey(InodeNo(*number), *cookie).substr(1) == key.substr(1));
  }
  const std::string end = PrefixEnd(key);
  Require(end.empty() || end > key);
}

void FuzzAcl(std::string_view bytes) {
  const auto acl = ParseAcl(bytes);
  if (!acl.ok()) return;
  const std::string formatted = FormatAcl(*acl);
  Require(ParseAcl(formatted).ok() && formatted.size() == bytes.size());
  if (acl->empty()) return;
  Acl changed = *acl;
  ApplyModeToAcl(0640, &changed);
  Require(ModeOfAcl(changed) == 0640);
  Acl inherited = *acl;
  Require((InheritAcl(0640, &inherited) & ~0640u) == 0 && ParseAcl(FormatAcl(inherited)).ok());
}

// Reads in steps of `step`; all that the log holds, and whether it ended well.
std::pair<std::string, bool> ReadLog(io::FileSystem& fs, size_t step) {
  auto file = fs.Open("/log", io::OpenMode::kRead);
  Require(file.ok());
  FramedLogReader reader(*std::move(file), /*number=*/7);
  std::string all;
  for (std::string part(step, '\0');;) {
    const auto n = reader.Read(part);
    if (!n.ok()) return {all, false};
    Require(*n <= step);
    all.append(part, 0, *n);
    if (*n < step) return {all, true};
  }
}

void FuzzLog(std::string_view bytes) {
  io::MemoryFileSystem fs;
  auto file = fs.Open("/log", io::OpenMode::kCreateNew);
  Require(file.ok() && (*file)->WriteAt(0, bytes).ok());
  const auto [whole, sound] = ReadLog(fs, 1u << 16);
  const auto [parts, sound_parts] = ReadLog(fs, 3);
  Require(sound == sound_parts && (!sound || whole == parts) && whole.size() <= bytes.size());
  auto opened = fs.Open("/log", io::OpenMode::kRead);
  Require(opened.ok());
  const auto skipped = FramedLogReader(*std::move(opened), 7).SkipToEnd();
  Require(skipped.ok() == sound && (!sound || *skipped == whole.size()));
}

void Fuzz(char what, std::string_view bytes) {
  switch (what) {
    case 'I':
      return RoundTrip(bytes, DecodeInode, EncodeInode);
    case 'G':
      return RoundTrip(bytes, DecodeStorageGroup, EncodeStorageGroup);
    case 'C':
      return RoundTrip(bytes, DecodeContainer, EncodeContainer);
    case 'N':
      return RoundTrip(bytes, DecodeCounters, EncodeCounters);
    case 'B':
      return RoundTrip(bytes, DecodeRecycledName, EncodeRecycledName);
    case 'D':
      return RoundTrip(bytes, DecodeEntry, EncodeEntry);
    case 'S':
      return RoundTrip(bytes, DecodeNumber, EncodeNumber);
    case 'W':
      return RoundTrip(bytes, DecodeCleanerSchedule, EncodeCleanerSchedule);
    case 'L':
      return FuzzOrder(bytes);
    case 'K':
      return FuzzKey(bytes);
    case 'A':
      return FuzzAcl(bytes);
    case 'F':
      return FuzzLog(bytes);
    default:
      return;
  }
}

}  // namespace
}  // namespace oca::names

OCA_FUZZ(names_records_fuzz) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  oca::names::Fuzz(bytes[0], bytes.substr(1));
  return 0;
}
