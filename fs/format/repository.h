// The file `format` at the root of a repository: what a program must understand before it may touch
// anything else there. Byte map in docs/format/overview.md. Pure: no I/O.
#ifndef OCA_FS_FORMAT_REPOSITORY_H_
#define OCA_FS_FORMAT_REPOSITORY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace oca::format {

// Newest repository version that this code reads, and the one that it writes.
inline constexpr uint32_t kRepositoryVersion = 1;
// Bits that this code knows; version 1 has none yet.
inline constexpr uint64_t kKnownReadOnlyCompatible = 0;
inline constexpr uint64_t kKnownIncompatible = 0;

using RepositoryUuid = std::array<uint8_t, 16>;

struct RepositoryFormat {
  uint32_t version = kRepositoryVersion;
  RepositoryUuid uuid{};              // random, made once with the repository
  uint64_t compatible = 0;            // a program that does not know such a bit may read and write
  uint64_t read_only_compatible = 0;  // ... may only read
  uint64_t incompatible = 0;          // ... must not open the repository
  friend bool operator==(const RepositoryFormat&, const RepositoryFormat&) = default;
};

inline constexpr size_t kRepositoryFormatSize = 80;
std::string EncodeRepositoryFormat(const RepositoryFormat& format);
// kDataLoss when the bytes are damaged; kFailedPrecondition, naming both versions, when they are
// whole but of a newer version or with an incompatible bit that this code does not know.
absl::StatusOr<RepositoryFormat> DecodeRepositoryFormat(std::string_view bytes);
// kFailedPrecondition when a read-only-compatible bit is unknown: then the repository may be read,
// not written.
absl::Status CheckWritable(const RepositoryFormat& format);

// 16 random bytes made a version 4 UUID (RFC 4122 section 4.4).
RepositoryUuid UuidFromRandom(RepositoryUuid random);
// "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx".
std::string UuidToText(const RepositoryUuid& uuid);

}  // namespace oca::format

#endif  // OCA_FS_FORMAT_REPOSITORY_H_
