#include "fs/format/repository.h"

#include <algorithm>

#include "fmt/format.h"
#include "fs/format/pack_parts.h"
#include "lib/base/coding.h"

namespace oca::format {
namespace {

constexpr std::string_view kRepositoryMagic = "OCA-REPO";
// Magic, version and size: their places hold for every version, so that an old program can tell a
// newer file from damage.
constexpr size_t kFixedSize = 16;
constexpr size_t kMaxSize = 4096;

}  // namespace

std::string EncodeRepositoryFormat(const RepositoryFormat& format) {
  std::string out(kRepositoryMagic);
  PutLe<uint32_t>(&out, format.version);
  PutLe<uint32_t>(&out, kRepositoryFormatSize);
  out.append(reinterpret_cast<const char*>(format.uuid.data()), format.uuid.size());
  PutLe<uint64_t>(&out, format.compatible);
  PutLe<uint64_t>(&out, format.read_only_compatible);
  PutLe<uint64_t>(&out, format.incompatible);
  out.resize(kRepositoryFormatSize - kCrcSize, '\0');
  PutCrc(&out);
  return out;
}

absl::StatusOr<RepositoryFormat> DecodeRepositoryFormat(std::string_view bytes) {
  if (bytes.size() < kFixedSize + kCrcSize || bytes.size() > kMaxSize ||
      !bytes.starts_with(kRepositoryMagic)) {
    return absl::DataLossError("repository format: not such a file");
  }
  ByteReader in(bytes.substr(kRepositoryMagic.size()));
  RepositoryFormat format;
  format.version = in.Le<uint32_t>();
  uint32_t size = in.Le<uint32_t>();
  if (size != bytes.size() || !CrcHolds(bytes)) {
    return absl::DataLossError("repository format: checksum or size is wrong");
  }
  if (format.version > kRepositoryVersion) {
    return absl::FailedPreconditionError(
        fmt::format("the repository has format version {}, but this version of Oca reads up to {}; "
                    "use a newer Oca",
                    format.version, kRepositoryVersion));
  }
  if (format.version == 0 || size != kRepositoryFormatSize) {
    return absl::DataLossError("repository format: version and size contradict each other");
  }
  std::string_view uuid = in.Take(format.uuid.size());
  std::copy(uuid.begin(), uuid.end(), format.uuid.begin());
  format.compatible = in.Le<uint64_t>();
  format.read_only_compatible = in.Le<uint64_t>();
  format.incompatible = in.Le<uint64_t>();
  std::string_view reserved = in.Take(in.remaining() - kCrcSize);
  if (reserved.find_first_not_of('\0') != std::string_view::npos) {
    return absl::DataLossError("repository format: reserved bytes are set");
  }
  if (uint64_t unknown = format.incompatible & ~kKnownIncompatible; unknown != 0) {
    return absl::FailedPreconditionError(
        fmt::format("the repository (format version {}) uses incompatible features {:#x} that this "
                    "version of Oca "
                    "(format version {}) does not know; use a newer Oca",
                    format.version, unknown, kRepositoryVersion));
  }
  return format;
}

absl::Status CheckWritable(const RepositoryFormat& format) {
  uint64_t unknown = format.read_only_compatible & ~kKnownReadOnlyCompatible;
  if (unknown == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("the repository (format version {}) uses features {:#x} that this version of Oca "
                  "(format version "
                  "{}) can read but not write; use a newer Oca",
                  format.version, unknown, kRepositoryVersion));
}

RepositoryUuid UuidFromRandom(RepositoryUuid random) {
  random[6] = static_cast<uint8_t>((random[6] & 0x0f) | 0x40);
  random[8] = static_cast<uint8_t>((random[8] & 0x3f) | 0x80);
  return random;
}

std::string UuidToText(const RepositoryUuid& uuid) {
  std::string out;
  for (size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out.push_back('-');
    out += fmt::format("{:02x}", uuid[i]);
  }
  return out;
}

}  // namespace oca::format
