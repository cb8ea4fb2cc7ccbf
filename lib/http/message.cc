#include "lib/http/message.h"

#include "nlohmann/json.hpp"

namespace oca::http {

std::string_view Request::Header(std::string_view name) const {
  auto found = headers.find(std::string(name));
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

// The registry of RFC 9110, as far as we use it.
std::string_view ReasonOf(int status) {
  static const std::map<int, std::string_view> kReasons = {
      {200, "OK"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {415, "Unsupported Media Type"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
  };
  auto found = kReasons.find(status);
  return found == kReasons.end() ? "Error" : found->second;
}

Response Problem(int status, std::string_view detail, std::string_view code,
                 std::string_view type) {
  nlohmann::ordered_json body = {
      {"type", type}, {"title", ReasonOf(status)}, {"status", status}, {"detail", detail}};
  if (!code.empty()) body["code"] = code;
  Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = body.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  return response;
}

}  // namespace oca::http
