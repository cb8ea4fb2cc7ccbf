#include "services/http/visitor.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "lib/base/status.h"

namespace oca::httpd {
namespace {

constexpr std::string_view kScheme = "Bearer ";
constexpr size_t kMostTokenBytes = 256;

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

// RFC 6750's b64token, and so what may go on as gRPC's metadata.
bool CanBeToken(std::string_view token) {
  return !token.empty() && token.size() <= kMostTokenBytes &&
         std::all_of(token.begin(), token.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) ||
                  std::string_view("-._~+/=").find(static_cast<char>(c)) != std::string_view::npos;
         });
}

std::string CookieOf(const http::Request& request) {
  for (absl::string_view part : absl::StrSplit(View(request.Header("cookie")), ';')) {
    part = absl::StripAsciiWhitespace(part);
    const size_t equals = part.find('=');
    if (equals == absl::string_view::npos) continue;
    if (part.substr(0, equals) == View(kCookie)) return std::string(part.substr(equals + 1));
  }
  return "";
}

}  // namespace

absl::StatusOr<Visitor> VisitorOf(const http::Request& request) {
  Visitor visitor;
  visitor.peer = request.peer;
  const std::string_view header = request.Header("authorization");
  if (!header.empty()) {
    if (!absl::StartsWithIgnoreCase(View(header), View(kScheme))) {
      return absl::UnauthenticatedError("the header Authorization must be: Bearer TOKEN");
    }
    visitor.token = std::string(absl::StripAsciiWhitespace(View(header.substr(kScheme.size()))));
  } else {
    visitor.token = CookieOf(request);
    const std::string_view origin = request.Header("origin");
    if (!visitor.token.empty() && request.verb != "GET" && !origin.empty() &&
        origin != fmt::format("https://{}", request.Header("host"))) {
      return absl::PermissionDeniedError(
          fmt::format("a page of {} may not change anything here", origin));
    }
    if (visitor.token.empty()) return visitor;
  }
  if (!CanBeToken(visitor.token)) return absl::UnauthenticatedError("this can be no token");
  return visitor;
}

}  // namespace oca::httpd
