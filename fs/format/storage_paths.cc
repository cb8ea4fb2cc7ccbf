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
constexpr size_t kBeginSize = 16;  // magic, version, a number

void PutBegin(std::string_view magic, uint32_t number, std::string* out) {
  out->append(magic);
  PutLe<uint32_t>(out, kVersion);
  PutLe<uint32_t>(out, number);
}

// What follows magic and version, up to the checksum.
absl::StatusOr<ByteReader> Begin(std::string_view magic, std::string_view what,
                                 std::string_view bytes) {
  if (bytes.size() < kBeginSize + kCrcSize || !bytes.starts_with(magic)) {
    return absl::DataLossError(fmt::format("{}: not such a file", what));
  }
  if (!CrcHolds(bytes)) return absl::DataLossError(fmt::format("{}: checksum is wrong", what));
  ByteReader in(bytes.substr(0, bytes.size() - kCrcSize).substr(magic.size()));
  const uint32_t version = in.Le<uint32_t>();
  if (version == 0) return absl::DataLossError(fmt::format("{}: version 0", what));
  if (version > kVersion) {
    return absl::FailedPreconditionError(
        fmt::format("{} has format version {}, but this version of Oca reads up to {}; use a newer "
                    "Oca",
                    what, version, kVersion));
  }
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
  PutBegin(kIdentityMagic, kPathIdentitySize, &out);
  PutUuid(identity.path, &out);
  PutUuid(identity.repository, &out);
  out.resize(kPathIdentitySize - kCrcSize, '\0');
  PutCrc(&out);
  return out;
}

absl::StatusOr<PathIdentity> DecodePathIdentity(std::string_view bytes) {
  constexpr std::string_view kWhat = "storage path identity";
  auto in = Begin(kIdentityMagic, kWhat, bytes);
  if (!in.ok()) return in.status();
  const uint32_t size = in->Le<uint32_t>();
  PathIdentity identity{TakeUuid(*in), TakeUuid(*in)};
  const std::string_view reserved = in->Take(in->remaining());
  if (!in->ok() || size != kPathIdentitySize || bytes.size() != kPathIdentitySize ||
      reserved.find_first_not_of('\0') != std::string_view::npos) {
    return absl::DataLossError(fmt::format("{}: its fields contradict each other", kWhat));
  }
  return identity;
}

std::string EncodeStoragePaths(const std::vector<StoragePath>& paths) {
  std::string out;
  PutBegin(kListMagic, static_cast<uint32_t>(paths.size()), &out);
  for (const StoragePath& path : paths) {
    PutUuid(path.uuid, &out);
    PutLengthPrefixed(&out, path.dir);
  }
  PutCrc(&out);
  return out;
}

absl::StatusOr<std::vector<StoragePath>> DecodeStoragePaths(std::string_view bytes) {
  constexpr std::string_view kWhat = "list of storage paths";
  auto in = Begin(kListMagic, kWhat, bytes);
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
    paths.push_back(std::move(path));
  }
  if (!sane || !in->ok() || !in->empty()) {
    return absl::DataLossError(fmt::format("{}: its fields contradict each other", kWhat));
  }
  return paths;
}

std::string EncodePackIdBound(uint64_t bound) {
  std::string out;
  PutBegin(kBoundMagic, 0, &out);
  PutLe<uint64_t>(&out, bound);
  PutCrc(&out);
  return out;
}

absl::StatusOr<uint64_t> DecodePackIdBound(std::string_view bytes) {
  constexpr std::string_view kWhat = "bound of pack ids";
  auto in = Begin(kBoundMagic, kWhat, bytes);
  if (!in.ok()) return in.status();
  const uint32_t zero = in->Le<uint32_t>();
  const uint64_t bound = in->Le<uint64_t>();
  if (zero != 0 || !in->ok() || !in->empty()) {
    return absl::DataLossError(fmt::format("{}: its fields contradict each other", kWhat));
  }
  return bound;
}

}  // namespace oca::format
