// Who sends a request, from its headers.
#ifndef OCA_SERVICES_HTTP_VISITOR_H_
#define OCA_SERVICES_HTTP_VISITOR_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/http/message.h"
#include "services/http/backend.h"

namespace oca::httpd {

// Where a browser keeps the token of its login.
inline constexpr std::string_view kCookie = "oca_session";

// The token of "Authorization: Bearer ...", or else of the cookie. kUnauthenticated for a header of
// another scheme and for what can be no token. kPermissionDenied when a change comes by cookie from
// the page of another site (its Origin is not the Host).
absl::StatusOr<Visitor> VisitorOf(const http::Request& request);

}  // namespace oca::httpd

#endif  // OCA_SERVICES_HTTP_VISITOR_H_
