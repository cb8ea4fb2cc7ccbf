// What the parts of a pack, and the repository's format file, have in common. Private to fs/format.
#ifndef OCA_FS_FORMAT_PACK_PARTS_H_
#define OCA_FS_FORMAT_PACK_PARTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "fs/format/pack.h"
#include "lib/base/coding.h"
#include "lib/base/crc32c.h"

namespace oca::format {

inline constexpr size_t kCrcSize = 4;

// Appends the CRC of what `out` holds.
inline void PutCrc(std::string* out) { PutLe<uint32_t>(out, Crc32c(*out)); }

// True when the last four bytes are the CRC of those before them. `bytes` holds at least four.
inline bool CrcHolds(std::string_view bytes) {
  size_t body = bytes.size() - kCrcSize;
  return Crc32c(bytes.substr(0, body)) == GetLe<uint32_t>(bytes.data() + body);
}

// Only for bytes whose checksum holds.
inline absl::Status CheckVersion(uint16_t version, std::string_view part) {
  if (version == kPackVersion) return absl::OkStatus();
  if (version == 0) return absl::DataLossError(fmt::format("{}: version 0", part));
  return absl::FailedPreconditionError(fmt::format(
      "{} has format version {}; this version of Oca reads up to {}", part, version, kPackVersion));
}

// Length in the low 24 bits, kind in the high 8.
inline uint32_t PackLengthAndKind(uint32_t length, ChunkKind kind) {
  return length | static_cast<uint32_t>(kind) << 24;
}
// False when length or kind is outside its limits.
inline bool UnpackLengthAndKind(uint32_t word, uint32_t* length, ChunkKind* kind) {
  *length = word & 0xffffff;
  *kind = static_cast<ChunkKind>(word >> 24);
  return *length >= 1 && *length <= kMaxChunkBytes && (word >> 24) <= 1;
}

}  // namespace oca::format

#endif  // OCA_FS_FORMAT_PACK_PARTS_H_
