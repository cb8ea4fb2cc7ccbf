// Headers of tar archives: v7, ustar, GNU and pax, also those of bsdtar, star, busybox and Python.
#ifndef OCA_FS_MARKERS_TAR_H_
#define OCA_FS_MARKERS_TAR_H_

#include <optional>

#include "fs/markers/record.h"

namespace oca::markers {

// The header that `block` (kBlockBytes long) is, or none. Thread-safe.
std::optional<Record> TarHeader(std::string_view block);

}  // namespace oca::markers

#endif  // OCA_FS_MARKERS_TAR_H_
