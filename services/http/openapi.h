// docs/openapi.json, built into the program.
#ifndef OCA_SERVICES_HTTP_OPENAPI_H_
#define OCA_SERVICES_HTTP_OPENAPI_H_

#include <string_view>

namespace oca::httpd {

std::string_view OpenApi();

}  // namespace oca::httpd

#endif  // OCA_SERVICES_HTTP_OPENAPI_H_
