// The table from statuses to those of HTTP.
#ifndef OCA_SERVICES_HTTP_PROBLEMS_H_
#define OCA_SERVICES_HTTP_PROBLEMS_H_

#include "absl/status/status.h"
#include "lib/http/message.h"

namespace oca::httpd {

// 500 for what has no better row.
int HttpStatusOf(absl::StatusCode code);

// The body that says it; with WWW-Authenticate at 401, with Retry-After at 503. Faults of our own
// (500) keep their message: who may call us may know it.
http::Response ProblemOf(const absl::Status& status);

}  // namespace oca::httpd

#endif  // OCA_SERVICES_HTTP_PROBLEMS_H_
