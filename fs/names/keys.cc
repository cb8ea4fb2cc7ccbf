#include "fs/names/keys.h"

#include "fmt/format.h"
#include "lib/base/coding.h"
#include "lib/base/status.h"

namespace oca::names {
namespace {

constexpr uint8_t kEntryVersion = 1;
constexpr size_t kNumberedBytes = 1 + sizeof(uint64_t);

std::string Key32(char prefix, uint32_t number) {
  std::string key(1, prefix);
  PutBe32(&key, number);
  return key;
}

std::string TimedKey(char prefix, ContainerId container, int64_t ns, InodeNo ino) {
  std::string key = Key32(prefix, container.value);
  PutBe64(&key, static_cast<uint64_t>(ns));
  PutBe64(&key, ino.value);
  return key;
}

void PutEntryHead(std::string* out, const EntryValue& entry) {
  PutLe<uint8_t>(out, kEntryVersion);
  PutLe<uint8_t>(out, static_cast<uint8_t>(entry.type >> 12));
  PutLe<uint64_t>(out, entry.ino.value);
}

absl::Status TakeEntryHead(ByteReader* in, EntryValue* entry) {
  const uint8_t version = in->Le<uint8_t>();
  entry->type = uint32_t{in->Le<uint8_t>()} << 12;
  entry->ino = InodeNo(in->Le<uint64_t>());
  if (!in->ok() || version == 0 || entry->ino.value == 0 || entry->type > 0xf000) {
    return absl::DataLossError("names: damaged directory entry");
  }
  if (version > kEntryVersion) {
    return absl::DataLossError(fmt::format("names: directory entry of version {}", version));
  }
  return absl::OkStatus();
}

}  // namespace

std::string NumberedPrefix(char prefix, uint64_t number) {
  std::string key;
  key.reserve(kNumberedBytes + sizeof(uint64_t));
  key.push_back(prefix);
  PutBe64(&key, number);
  return key;
}

std::string InodeKey(InodeNo ino) { return NumberedPrefix(kInodePrefix, ino.value); }
std::string OrphanKey(InodeNo ino) { return NumberedPrefix(kOrphanPrefix, ino.value); }

std::string EntryKey(InodeNo parent, std::string_view name) {
  std::string key = NumberedPrefix(kEntryPrefix, parent.value);
  key.append(name);
  return key;
}

std::string OrderKey(InodeNo parent, uint64_t cookie) {
  std::string key = NumberedPrefix(kOrderPrefix, parent.value);
  PutBe64(&key, cookie);
  return key;
}

std::string XattrKey(InodeNo ino, std::string_view name) {
  std::string key = NumberedPrefix(kXattrPrefix, ino.value);
  key.append(name);
  return key;
}

std::string GroupKey(GroupId id) { return Key32(kGroupPrefix, id.value); }
std::string ContainerKey(ContainerId id) { return Key32(kContainerPrefix, id.value); }
std::string CountersKey(ContainerId id) { return Key32(kCountersPrefix, id.value); }

std::string SuperKey(SuperItem item) { return {kSuperPrefix, static_cast<char>(item)}; }

std::string RetentionPrefix(ContainerId container) {
  return Key32(kRetentionPrefix, container.value);
}

std::string RetentionKey(ContainerId container, int64_t until_ns, InodeNo ino) {
  return TimedKey(kRetentionPrefix, container, until_ns, ino);
}

std::string RetentionAfter(ContainerId container, int64_t ns) {
  return RetentionKey(container, ns + 1, InodeNo());
}

std::string RecyclePrefix(ContainerId container) { return Key32(kRecyclePrefix, container.value); }

std::string RecycleKey(ContainerId container, int64_t recycled_ns, InodeNo ino) {
  return TimedKey(kRecyclePrefix, container, recycled_ns, ino);
}

absl::StatusOr<TimedKeyParts> ParseTimedKey(std::string_view key) {
  ByteReader in(key);
  in.Take(1);
  in.Be32();
  TimedKeyParts parts;
  parts.ns = static_cast<int64_t>(in.Be64());
  parts.ino = InodeNo(in.Be64());
  if (!in.ok() || !in.empty()) return absl::DataLossError("names: damaged key of a time");
  return parts;
}

std::string PrefixEnd(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<uint8_t>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) ++end.back();
  return end;
}

absl::StatusOr<uint64_t> NumberOfKey(std::string_view key) {
  if (key.size() < kNumberedBytes) return absl::DataLossError("names: short key");
  return ByteReader(key.substr(1)).Be64();
}

std::string_view TailOfKey(std::string_view key) {
  return key.size() < kNumberedBytes ? std::string_view() : key.substr(kNumberedBytes);
}

absl::StatusOr<uint64_t> CookieOfKey(std::string_view key) {
  const std::string_view tail = TailOfKey(key);
  if (tail.size() != sizeof(uint64_t)) return absl::DataLossError("names: damaged order key");
  return ByteReader(tail).Be64();
}

std::string EncodeEntry(const EntryValue& entry) {
  std::string out;
  PutEntryHead(&out, entry);
  PutLe<uint64_t>(&out, entry.cookie);
  return out;
}

absl::StatusOr<EntryValue> DecodeEntry(std::string_view bytes) {
  ByteReader in(bytes);
  EntryValue entry;
  OCA_RETURN_IF_ERROR(TakeEntryHead(&in, &entry));
  entry.cookie = in.Le<uint64_t>();
  if (!in.ok() || !in.empty()) return absl::DataLossError("names: damaged directory entry");
  return entry;
}

std::string EncodeOrder(const EntryValue& entry, std::string_view name) {
  std::string out;
  PutEntryHead(&out, entry);
  out.append(name);
  return out;
}

absl::Status DecodeOrder(std::string_view bytes, EntryValue* entry, std::string_view* name) {
  ByteReader in(bytes);
  OCA_RETURN_IF_ERROR(TakeEntryHead(&in, entry));
  entry->cookie = 0;
  *name = in.rest();
  if (name->empty()) return absl::DataLossError("names: directory entry without a name");
  return absl::OkStatus();
}

std::string EncodeNumber(uint64_t value) {
  std::string out;
  PutLe<uint64_t>(&out, value);
  return out;
}

absl::StatusOr<uint64_t> DecodeNumber(std::string_view bytes) {
  if (bytes.size() != sizeof(uint64_t)) return absl::DataLossError("names: damaged number");
  return GetLe<uint64_t>(bytes.data());
}

}  // namespace oca::names
