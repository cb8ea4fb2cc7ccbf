// The cleaner's count of a storage group, as it stands on disk while nobody serves the repository.
// Byte map in docs/format/references.md.
#ifndef OCA_FS_FORMAT_REFERENCE_COUNTS_H_
#define OCA_FS_FORMAT_REFERENCE_COUNTS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/ids.h"

namespace oca::format {

inline constexpr uint8_t kManyReferences = 255;  // the number stands in `many`

struct ReferenceCounts {
  struct Pack {
    PackId id;
    uint64_t file_bytes = 0;
    uint64_t plain_bytes = 0;  // of all chunks
    uint64_t dead_bytes = 0;   // of those without a reference; at most plain_bytes
    std::string counts;        // a byte for each chunk, at most kMaxChunksPerPack
    std::string bases;         // bases of deltas: a bit for each chunk, up to the last one
    friend bool operator==(const Pack&, const Pack&) = default;
  };
  struct Many {
    PackId pack;
    uint32_t ordinal = 0;
    uint32_t references = 0;  // at least kManyReferences
    friend bool operator==(const Many&, const Many&) = default;
  };
  struct Missing {
    Fingerprint fp;
    uint32_t references = 0;
    friend bool operator==(const Missing&, const Missing&) = default;
  };
  // An inode's content when it was counted, and now; as in the inode record, empty = none.
  struct Change {
    InodeNo ino;
    std::string before;
    std::string after;
    friend bool operator==(const Change&, const Change&) = default;
  };
  // Which state of which names this belongs to.
  std::string names_state;
  // File bytes that were dropped since the count.
  uint64_t dropped_bytes = 0;
  std::vector<Pack> packs;  // ascending
  std::vector<Many> many;   // exactly one for each count of kManyReferences
  std::vector<Missing> missing;
  std::vector<Change> changes;
  friend bool operator==(const ReferenceCounts&, const ReferenceCounts&) = default;
};

std::string EncodeReferenceCounts(const ReferenceCounts& counts);
// kDataLoss when it is damaged or disagrees with itself.
absl::StatusOr<ReferenceCounts> DecodeReferenceCounts(std::string_view bytes);

}  // namespace oca::format

#endif  // OCA_FS_FORMAT_REFERENCE_COUNTS_H_
