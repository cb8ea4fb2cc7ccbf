// The files of a container, or of a folder in it, as a tar stream (pax).
#ifndef OCA_GATEWAYS_NDMP_DATA_BACKUP_H_
#define OCA_GATEWAYS_NDMP_DATA_BACKUP_H_

#include "absl/status/status.h"
#include "gateways/ndmp/data/orders.h"
#include "gateways/ndmp/data/stream.h"
#include "gateways/ndmp/data/tree.h"

namespace oca::ndmp {

// Behind the last file the stream has so many zeros at least: who looks for a file by its offset
// may ask for as much without coming to the stream's end.
inline constexpr uint64_t kTailBytes = 32 << 10;

// Whether what is ordered is there, and is a folder.
absl::Status CheckTop(const Tree& tree, const BackupOrder& order);

// Writes the stream. A folder's files follow it at once, and nothing else comes between. A file
// that cannot be read is reported, and is no failure; kNotFound and others when the top cannot be
// read, kCancelled, and what the sink says.
absl::Status BackUp(const Tree& tree, const BackupOrder& order, Sink& sink, Reporter& reporter);

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_DATA_BACKUP_H_
