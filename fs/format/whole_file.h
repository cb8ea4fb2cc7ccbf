// What small files that are written and read whole have in common: a magic of eight bytes, a
// version of four, the contents, and a CRC-32C over all of it.
#ifndef OCA_FS_FORMAT_WHOLE_FILE_H_
#define OCA_FS_FORMAT_WHOLE_FILE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace oca::format {

// The beginning; contents are appended, then EndFile.
std::string BeginFile(std::string_view magic, uint32_t version);
void EndFile(std::string* file);
// The contents, a view into `file`. kDataLoss, beginning with `what`, when it is another file, has
// another version or is damaged.
absl::StatusOr<std::string_view> ContentsOfFile(std::string_view what, std::string_view magic,
                                                uint32_t version, std::string_view file);

}  // namespace oca::format

#endif  // OCA_FS_FORMAT_WHOLE_FILE_H_
