// Requests and answers of the API as JSON, by the methods' descriptors.
#ifndef OCA_SERVICES_HTTP_TRANSCODE_H_
#define OCA_SERVICES_HTTP_TRANSCODE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "lib/http/message.h"
#include "services/http/routes.h"

namespace oca::httpd {

// The request of `found.method`: of POST and PATCH from the body, which is its JSON (nothing = no
// field); of the others from the query's parameters, which are its fields; and from the path.
// kInvalidArgument, saying what is wrong where: no JSON, unknown fields or parameters, values of
// another type, a field that path and body give differently.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> ToMessage(
    const Routes::Found& found, const std::vector<std::pair<std::string, std::string>>& parameters,
    const http::Request& request);

// With the names of the protos, and with fields that have their default value.
absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message);

}  // namespace oca::httpd

#endif  // OCA_SERVICES_HTTP_TRANSCODE_H_
