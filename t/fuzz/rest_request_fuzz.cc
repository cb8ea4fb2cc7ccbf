// A request as it comes over HTTP: "VERB TARGET\nBODY". Path, query and body become a message or an
// error; what has become one can be written and read again.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "lib/api/services.h"
#include "lib/http/url.h"
#include "services/http/routes.h"
#include "services/http/transcode.h"
#include "t/fuzz/target.h"

OCA_FUZZ(rest_request_fuzz) {
  using oca::httpd::Routes;
  static const auto* const kRoutes = new Routes(oca::api::UserServices());
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view line = input.substr(0, input.find('\n'));
  oca::http::Request request;
  request.verb = std::string(line.substr(0, line.find(' ')));
  request.target =
      line.size() > request.verb.size() ? std::string(line.substr(request.verb.size() + 1)) : "";
  request.body = input.size() > line.size() ? std::string(input.substr(line.size() + 1)) : "";

  auto target = oca::http::ParseTarget(request.target);
  if (!target.ok()) return 0;
  const Routes::Found found = kRoutes->Find(request.verb, target->segments);
  if (found.method == nullptr) return 0;
  auto message = oca::httpd::ToMessage(found, target->parameters, request);
  if (!message.ok()) return 0;
  std::string bytes;
  if (!(*message)->SerializeToString(&bytes)) std::abort();
  std::unique_ptr<google::protobuf::Message> again((*message)->New());
  if (!again->ParseFromString(bytes)) std::abort();
  if (!oca::httpd::ToJson(**message).ok()) std::abort();
  return 0;
}
