// Finding the whole groups of a pack that has no good footer.
#ifndef OCA_FS_STORE_PACK_SCAN_H_
#define OCA_FS_STORE_PACK_SCAN_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "fs/format/pack.h"
#include "fs/store/group_keys.h"
#include "lib/io/file_system.h"

namespace oca::store {

struct ScanResult {
  format::PackFooter footer;  // groups in the order of their offsets; `pack` is left empty
  uint64_t end = 0;           // of the last whole group; kPackHeaderSize when there is none
};

// Looks through [kPackHeaderSize, limit) of `file` for whole groups: checksums hold, the payload
// decodes. What is between them is skipped, whatever it is. A group whose chunks all came before is
// left out: a failed Append that was tried again elsewhere may have left it. Fingerprints are
// computed from the payloads. Errors: of reading; kFailedPrecondition when a group has a newer
// version; kDataLoss when there are more chunks than a pack may hold.
//
// Encrypted groups are opened with `keys` (null: none are known) as those of pack `id`. A key that
// is missing there is an error whose errno is ENOKEY, not damage.
absl::StatusOr<ScanResult> ScanPack(io::File& file, uint64_t limit, PackId id,
                                    const GroupKeys* keys);

}  // namespace oca::store

#endif  // OCA_FS_STORE_PACK_SCAN_H_
