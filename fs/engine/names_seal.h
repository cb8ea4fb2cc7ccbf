// The seal on the names database: a list of its files with sizes and checksums, written when the
// repository is closed and broken when it is opened. RocksDB finds most damage by itself, but takes
// a log that lost its end, or is gone, for a crash, and goes on with an older state: after an
// orderly end that would be acknowledged data lost in silence.
#ifndef OCA_FS_ENGINE_NAMES_SEAL_H_
#define OCA_FS_ENGINE_NAMES_SEAL_H_

#include <string>

#include "absl/status/status.h"
#include "lib/io/file_system.h"

namespace oca::engine {

// Writes `repository`/names.seal for what is in `repository`/names. Nobody may have that open.
absl::Status SealNames(io::FileSystem& fs, const std::string& repository);

// Compares, and changes nothing. OK without a seal; kInvalidArgument when the seal itself is
// damaged and says nothing; kDataLoss as BreakNamesSeal.
absl::Status CheckNamesSeal(io::FileSystem& fs, const std::string& repository);

// Compares, then removes the seal. OK without one (after a crash). kDataLoss, naming the file, when
// what it says is not there: then the seal stays.
absl::Status BreakNamesSeal(io::FileSystem& fs, const std::string& repository);

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_NAMES_SEAL_H_
