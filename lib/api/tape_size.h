// Sizes of tapes as they are sold.
#ifndef OCA_LIB_API_TAPE_SIZE_H_
#define OCA_LIB_API_TAPE_SIZE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace oca::api {

// Bytes of "10GB", "800GB", "2.5TB": the decimal units that tapes are sold by. kInvalidArgument.
absl::StatusOr<uint64_t> ParseTapeSize(std::string_view text);
// "800 GB", "2.5 TB".
std::string TapeSizeText(uint64_t bytes);

}  // namespace oca::api

#endif  // OCA_LIB_API_TAPE_SIZE_H_
