#include "fs/format/storage_paths.h"

#include <algorithm>

#include "fmt/format.h"
#include "fs/format/pack_parts.h"
#include "lib/base/coding.h"

namespace oca::format {
namespace {

constexpr std::string_view kIdentityMagic = "OCA-PATH";
constexpr std::string_view kListMagic = "OCAPATHS";
constexpr std::string_view kBoundMagic = "OCAPKIDS";
constexpr uint32_t kVersion = 1;
constexpr uint32_t kTierVersion = 2;  // paths of the performance tier, and such as are drained
constexpr uint32_t kTierUse = 1;      // of an identity
constexpr uint64_t kTierFlag = 1;     // of an entry of the list
constexpr uint64_t kDrainingFlag = 2;
constexpr size_t kBeginSize = 16;  // magic, version, a number

void PutBegin(std::string_view magic, uint32_t version, uint32_t number, std::string* out) {
  out->append(magic);
  PutLe<uint32_t>(out, version);
  PutLe<uint32_t>(out, number);
}

// What follows magic and version, up to the checksum.
absl::StatusOr<ByteReader> Begin(std::string_view magic, std::string_view what, uint32_t newest,
                                 std::string_view bytes, uint32_t* version_out = nullptr) {
  if (bytes.size() < kBeginSize + kCrcSize || !bytes.starts_with(magic)) {
    return absl::DataLossError(fmt::format("{}: not such a file", what));
  }
  if (!CrcHolds(bytes)) return absl::DataLossError(fmt::format("{}: checksum is wrong", what));
  ByteReader in(bytes.substr(0, bytes.size() - kCrcSize).substr(magic.size()));
  const uint32_t version = in.Le<uint32_t>();
  if (version == 0) return absl::DataLossError(fmt::format("{}: version 0", what));
  if (version > newest) {
    return absl::FailedPreconditionError(
        fmt::format("{} has format version {}, but this version of Oca reads up to {}; use a newer "
                    "Oca",
                    what, version, newest));
  }
  if (version_out != nullptr) *version_out = version;
  return in;
}

void PutUuid(const RepositoryUuid& uuid, std::string* out) {
  out->append(reinterpret_cast<const char*>(uuid.data()), uuid.size());
}

RepositoryUuid TakeUuid(ByteReader& in) {
  RepositoryUuid uuid{};
  const std::string_view bytes = in.Take(uuid.size());
  std::copy(bytes.begin(), bytes.end(), uuid.begin());
  return uuid;
}

}  // namespace

std::string EncodePathIdentity(const PathIdentity& identity) {
  std::string out;
  PutBegin(kIdentityMagic, identity.tier ? kTierVersion : kVersion, kPathIdentitySize, &out);
  PutUuid(identity.path, &out);
  PutUuid(identity.repository, &out);
  if (identity.tier) PutLe<uint32_t>(&out, kTierUse);
  out.resize(kPathIdentitySize - kCrcSize, '\0');
  PutCrc(&out);
  return out;
}

absl::StatusOr<PathIdentity> DecodePathIdentity(std::string_view bytes) {
  constexpr std::string_view kWhat = "storage path identity";
  uint32_t version = 0;
  auto in = Begin(kIdentityMagic, kWhat, kTierVersion, bytes, &version);
  if (!in.ok()) return in.status();
  const uint32_t size = in->Le<uint32_t>();
  PathIdentity identity;
  identity.path = TakeUuid(*in);
  identity.repository = TakeUuid(*in);
  const uint32_t use = version >= kTierVersion ? in->Le<uint32_t>() : 0;
  identity.tier = use == kTierUse;
  const std::string_view reserved = in->Take(in->remaining());
  if (!in->ok() || size != kPathIdentitySize || bytes.size() != kPathIdentitySize ||
      (version >= kTierVersion && use != kTierUse) ||
      reserved.find_first_not_of('\0') != std::string_view::npos) {
    return absl::DataLossError(fmt::format("{}: its fields contradict each other", kWhat));
  }
  return identity;
}

std::string EncodeStoragePaths(const std::vector<StoragePath>& paths) {
  // An older version of Oca reads what it can understand.
  const bool plain = std::none_of(paths.begin(), paths.end(), [](const StoragePath& path) {
    return path.tier || path.draining;
  });
  std::string out;
  PutBegin(kListMagic, plain ? kVersion : kTierVersion, static_cast<uint32_t>(paths.size()), &out);
  for (const StoragePath& path : paths) {
    PutUuid(path.uuid, &out);
    PutLengthPrefixed(&out, path.dir);
    if (plain) continue;
    PutVarint(&out, (path.tier ? kTierFlag : 0) | (path.draining ? kDrainingFlag : 0));
    if (path.draining) PutVarint(&out, path.drain_from_bytes);
  }
  PutCrc(&out);
  return out;
}

absl::StatusOr<std::vector<StoragePath>> DecodeStoragePaths(std::string_view bytes) {
  constexpr std::string_view kWhat = "list of storage paths";
  uint32_t version = 0;
  auto in = Begin(kListMagic, kWhat, kTierVersion, bytes, &version);
  if (!in.ok()) return in.status();
  const uint32_t count = in->Le<uint32_t>();
  std::vector<StoragePath> paths;
  bool sane = count <= kMaxStoragePaths;
  for (uint32_t i = 0; sane && i < count && in->ok(); ++i) {
    StoragePath path;
    path.uuid = TakeUuid(*in);
    path.dir = std::string(in->LengthPrefixed());
    sane = path.dir.size() <= kMaxStoragePathBytes && path.dir.starts_with('/') &&
           path.dir.find('\0') == std::string::npos;
    if (version >= kTierVersion) {
      const uint64_t flags = in->Varint();
      path.tier = (flags & kTierFlag) != 0;
      path.draining = (flags & kDrainingFlag) != 0;
      if (path.draining) path.drain_from_bytes = in->Varint();
      sane = sane && flags <= (kTierFlag | kDrainingFlag);
    }
    paths.push_back(std::move(path));
  }
  if (!sane || !in->ok() || !in->empty()) {
    return absl::DataLossError(fmt::format("{}: its fields contradict each other", kWhat));
  }
  return paths;
}

std::string EncodePackIdBound(uint64_t bound) {
  std::string out;
  PutBegin(kBoundMagic, kVersion, 0, &out);
  PutLe<uint64_t>(&out, bound);
  PutCrc(&out);
  return out;
}

absl::StatusOr<uint64_t> DecodePackIdBound(std::string_view bytes) {
  constexpr std::string_view kWhat = "bound of pack ids";
  auto in = Begin(kBoundMagic, kWhat, kVersion, bytes);
  if (!in.ok()) return in.status();
  const uint32_t zero = in->Le<uint32_t>();
  const uint64_t bound = in->Le<uint64_t>();
  if (zero != 0 || !in->ok() || !in->empty()) {
    return absl::DataLossError(fmt::format("{}: its fields contradict each other", kWhat));
  }
  return bound;
}

}  // namespace oca::format
