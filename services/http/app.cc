#include "services/http/app.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "lib/api/options.pb.h"
#include "lib/api/services.h"
#include "lib/api/users.pb.h"
#include "lib/base/status.h"
#include "lib/log/log.h"
#include "lib/log/request.h"
#include "lib/rpc/request_id.h"
#include "services/http/metrics.h"
#include "services/http/openapi.h"
#include "services/http/page.h"
#include "services/http/problems.h"
#include "services/http/transcode.h"
#include "services/http/visitor.h"

namespace oca::httpd {
namespace {

namespace mgmt = management::v1;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;

// Besides the brake by user that ocaconfigsvc has: so many tries of one address, whatever the user.
constexpr int kSignInsAtOnce = 20;
constexpr absl::Duration kSignInPause = absl::Seconds(3);

bool IsJson(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  return absl::AsciiStrToLower(absl::StripAsciiWhitespace({type.data(), type.size()})) ==
         "application/json";
}

http::Response Text(std::string_view type, std::string body) {
  http::Response response;
  response.content_type = std::string(type);
  response.body = std::move(body);
  return response;
}

http::Response WrongVerb(const http::Request& request, const std::vector<std::string>& verbs) {
  const std::string allowed = absl::StrJoin(verbs, ", ");
  http::Response response =
      http::Problem(405, fmt::format("{} does not do here, but {}", request.verb, allowed));
  response.headers.emplace_back("Allow", allowed);
  return response;
}

http::Response NotFound(std::string_view path) {
  return http::Problem(404, fmt::format("nothing is at {}; /openapi.json says what is", path));
}

http::Response TryLater(absl::Duration wait) {
  http::Response response = http::Problem(429, "too many attempts to sign in from this address");
  response.headers.emplace_back(
      "Retry-After", std::to_string(absl::ToInt64Seconds(absl::Ceil(wait, absl::Seconds(1)))));
  return response;
}

}  // namespace

App::App(Backend& backend, std::function<absl::Time()> now)
    : backend_(backend),
      routes_(api::UserServices()),
      sign_ins_(kSignInsAtOnce, kSignInPause, std::move(now)) {}

http::Response App::Answer(const http::Request& request) {
  const std::string id = rpc::RequestIdOr(request.Header("x-request-id"));
  const log::RequestScope scope(id);
  // An answer to HEAD is one to GET of which only the header is sent.
  http::Request asked = request;
  if (asked.verb == "HEAD") asked.verb = "GET";
  absl::StatusOr<http::Target> target = http::ParseTarget(asked.target);
  http::Response response = target.ok() ? Dispatch(asked, *target) : ProblemOf(target.status());
  log::Debug("request", "verb", request.verb, "path", target.ok() ? target->path : "", "peer",
             request.peer, "status", response.status);
  response.headers.emplace_back("X-Request-Id", id);
  return response;
}

http::Response App::Dispatch(const http::Request& request, const http::Target& target) {
  if (target.segments.front() == "v1") return CallApi(request, target);
  const std::string& path = target.path;
  if (path != "/" && path != "/openapi.json" && path != "/metrics" && path != "/healthz") {
    return NotFound(path);
  }
  if (request.verb != "GET") return WrongVerb(request, {"GET", "HEAD"});
  if (path == "/healthz") return Health();
  if (path == "/openapi.json") return Text("application/json", std::string(OpenApi()));
  if (path == "/") {
    http::Response page = Text("text/html; charset=utf-8", Page(backend_.Answers()));
    page.headers.emplace_back(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    return page;
  }
  absl::StatusOr<Visitor> visitor = VisitorOf(request);
  if (!visitor.ok()) return ProblemOf(visitor.status());
  absl::StatusOr<std::string> metrics = Metrics(backend_, *visitor);
  if (!metrics.ok()) return ProblemOf(metrics.status());
  return Text("text/plain; version=0.0.4; charset=utf-8", *std::move(metrics));
}

http::Response App::Health() {
  absl::Status status = backend_.Answers();
  if (!status.ok()) {
    return ProblemOf(absl::UnavailableError(
        fmt::format("the configuration service does not answer: {}", MessageOf(status))));
  }
  return Text("application/json", "{\"status\": \"ok\"}\n");
}

http::Response App::CallApi(const http::Request& request, const http::Target& target) {
  Routes::Found found = routes_.Find(request.verb, target.segments);
  if (found.verbs.empty()) return NotFound(target.path);
  if (found.method == nullptr) return WrongVerb(request, found.verbs);
  const bool signs_in =
      found.method->options().GetExtension(oca::rule).permission() == PERMISSION_NONE;
  absl::StatusOr<Visitor> visitor = VisitorOf(request);
  if (!visitor.ok()) return ProblemOf(visitor.status());
  if (!signs_in && visitor->token.empty()) {
    return ProblemOf(absl::UnauthenticatedError(
        "sign in (POST /v1/login), or give a token: Authorization: Bearer TOKEN"));
  }
  if (signs_in) {
    absl::Duration wait = sign_ins_.Take(request.peer);
    if (wait > absl::ZeroDuration()) return TryLater(wait);
  }
  // A browser asks before it sends this type to another site, so a foreign page cannot.
  if (!request.body.empty() && !IsJson(request.Header("content-type"))) {
    return http::Problem(415, "the body must be JSON, and say so: Content-Type: application/json");
  }
  auto message = ToMessage(found, target.parameters, request);
  if (!message.ok()) return ProblemOf(message.status());
  std::unique_ptr<Message> answer(
      MessageFactory::generated_factory()->GetPrototype(found.method->output_type())->New());
  absl::Status status = backend_.Call(*found.method, *visitor, **message, answer.get());
  if (!status.ok()) return ProblemOf(status);
  absl::StatusOr<std::string> json = ToJson(*answer);
  if (!json.ok()) return ProblemOf(json.status());
  http::Response response = Text("application/json", *std::move(json));
  SetCookie(*found.method, *answer, &response);
  return response;
}

void App::SetCookie(const MethodDescriptor& method, const Message& answer,
                    http::Response* response) {
  constexpr std::string_view kAttributes = "Path=/; Secure; HttpOnly; SameSite=Strict";
  if (method.output_type() == mgmt::LoginResponse::descriptor()) {
    const auto& login = static_cast<const mgmt::LoginResponse&>(answer);
    response->headers.emplace_back("Set-Cookie",
                                   fmt::format("{}={}; {}", kCookie, login.token(), kAttributes));
  } else if (method.output_type() == mgmt::LogoutResponse::descriptor()) {
    response->headers.emplace_back("Set-Cookie",
                                   fmt::format("{}=; Max-Age=0; {}", kCookie, kAttributes));
  }
}

}  // namespace oca::httpd
