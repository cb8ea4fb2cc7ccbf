#include "fs/engine/names_seal.h"

#include <algorithm>
#include <vector>

#include "fmt/format.h"
#include "lib/base/coding.h"
#include "lib/base/crc32c.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {
namespace {

constexpr std::string_view kMagic = "OCANSEAL";

std::string SealPath(const std::string& repository) {
  return io::JoinPath(repository, "names.seal");
}

// Tables are found damaged by RocksDB's own checksums, block by block: their sizes are enough.
bool ChecksumCounts(std::string_view name) { return !name.ends_with(".sst"); }

absl::StatusOr<uint32_t> ChecksumOf(io::FileSystem& fs, const std::string& path,
                                    std::string_view name) {
  if (!ChecksumCounts(name)) return 0;
  OCA_ASSIGN_OR_RETURN(std::string bytes, io::ReadFile(fs, path));
  return Crc32c(bytes);
}

absl::Status CompareFile(io::FileSystem& fs, const std::string& path, std::string_view name,
                         uint64_t size, uint32_t checksum) {
  absl::StatusOr<io::FileInfo> info = fs.Stat(path);
  if (ErrnoOf(info.status()) == ENOENT) {
    return absl::DataLossError(fmt::format("{}: the file is missing", path));
  }
  if (!info.ok()) return info.status();
  if (info->size_bytes != size) {
    return absl::DataLossError(
        fmt::format("{}: {} bytes, but {} when it was closed", path, info->size_bytes, size));
  }
  OCA_ASSIGN_OR_RETURN(uint32_t now, ChecksumOf(fs, path, name));
  if (now == checksum) return absl::OkStatus();
  return absl::DataLossError(fmt::format("{}: other contents than when it was closed", path));
}

}  // namespace

absl::Status SealNames(io::FileSystem& fs, const std::string& repository) {
  const std::string dir = io::JoinPath(repository, "names");
  OCA_ASSIGN_OR_RETURN(std::vector<std::string> names, fs.List(dir));
  std::sort(names.begin(), names.end());
  std::string files;
  uint32_t count = 0;
  for (const std::string& name : names) {
    const std::string path = io::JoinPath(dir, name);
    OCA_ASSIGN_OR_RETURN(io::FileInfo info, fs.Stat(path));
    if (info.is_directory || name == "LOCK") continue;
    OCA_ASSIGN_OR_RETURN(uint32_t checksum, ChecksumOf(fs, path, name));
    PutLengthPrefixed(&files, name);
    PutLe<uint64_t>(&files, info.size_bytes);
    PutLe<uint32_t>(&files, checksum);
    ++count;
  }
  std::string seal(kMagic);
  PutLe<uint32_t>(&seal, count);
  seal += files;
  PutLe<uint32_t>(&seal, Crc32c(seal));
  return io::WriteFileAtomically(fs, SealPath(repository), seal);
}

absl::Status CheckNamesSeal(io::FileSystem& fs, const std::string& repository) {
  const std::string path = SealPath(repository);
  absl::StatusOr<std::string> seal = io::ReadFile(fs, path);
  if (absl::IsNotFound(seal.status())) return absl::OkStatus();
  if (!seal.ok()) return seal.status();
  const std::string_view bytes = *seal;
  if (bytes.size() < kMagic.size() + 8 || !bytes.starts_with(kMagic) ||
      Crc32c(bytes.substr(0, bytes.size() - 4)) !=
          GetLe<uint32_t>(bytes.data() + bytes.size() - 4)) {
    return absl::InvalidArgumentError(fmt::format("{}: damaged", path));
  }
  ByteReader in(bytes.substr(kMagic.size(), bytes.size() - kMagic.size() - 4));
  for (uint32_t left = in.Le<uint32_t>(); left > 0 && in.ok(); --left) {
    const std::string name(in.LengthPrefixed());
    const uint64_t size = in.Le<uint64_t>();
    const uint32_t checksum = in.Le<uint32_t>();
    if (!in.ok()) break;
    OCA_RETURN_IF_ERROR(CompareFile(fs, io::JoinPath(io::JoinPath(repository, "names"), name), name,
                                    size, checksum));
  }
  return absl::OkStatus();
}

absl::Status BreakNamesSeal(io::FileSystem& fs, const std::string& repository) {
  absl::Status status = CheckNamesSeal(fs, repository);
  if (absl::IsInvalidArgument(status)) {
    // It guards others; by itself it holds nothing that anybody needs.
    log::Warning("the seal on the names database says nothing", "error", MessageOf(status));
  } else if (!status.ok()) {
    return status;
  }
  status = io::RemoveFileDurably(fs, SealPath(repository));
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

}  // namespace oca::engine
