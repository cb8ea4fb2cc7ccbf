// The target of a request: path segments and query parameters (RFC 3986).
#ifndef OCA_LIB_HTTP_URL_H_
#define OCA_LIB_HTTP_URL_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace oca::http {

struct Target {
  std::string path;                                             // as it came
  std::vector<std::string> segments;                            // of the path, not decoded
  std::vector<std::pair<std::string, std::string>> parameters;  // decoded, in order
};

// "/a/b?x=1". kInvalidArgument: no leading '/', control bytes, a broken percent-encoding, more than
// 64 segments or parameters, or parts that are no UTF-8 once decoded.
absl::StatusOr<Target> ParseTarget(std::string_view target);

// kInvalidArgument for a '%' without two hexadecimal digits, for a byte 0, and for what is no
// UTF-8. plus_is_blank: as in queries.
absl::StatusOr<std::string> PercentDecode(std::string_view text, bool plus_is_blank);

// Whether the bytes are well-formed UTF-8 (RFC 3629).
bool IsUtf8(std::string_view text);

}  // namespace oca::http

#endif  // OCA_LIB_HTTP_URL_H_
