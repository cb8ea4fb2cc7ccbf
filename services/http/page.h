// The page at /.
#ifndef OCA_SERVICES_HTTP_PAGE_H_
#define OCA_SERVICES_HTTP_PAGE_H_

#include <string>

#include "absl/status/status.h"

namespace oca::httpd {

// HTML: what this is, whether it can be administered (`state`), and where to go on. Shows nothing
// that is not for everybody.
std::string Page(const absl::Status& state);

}  // namespace oca::httpd

#endif  // OCA_SERVICES_HTTP_PAGE_H_
