// Requests and responses of HTTP as values, and bodies that say what went wrong.
#ifndef OCA_LIB_HTTP_MESSAGE_H_
#define OCA_LIB_HTTP_MESSAGE_H_

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace oca::http {

struct Request {
  std::string verb;                                 // "GET"
  std::string target;                               // path and query as they came, percent-encoded
  std::map<std::string, std::string> headers = {};  // names in small letters; the first of each
  std::string body = {};
  std::string peer = {};  // the client's address, without its port

  // Empty when there is none. `name` in small letters.
  std::string_view Header(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type = {};
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};  // besides type and length
};

// "Not Found"; "Error" for a number without a name.
std::string_view ReasonOf(int status);

// RFC 9457: application/problem+json with type (a URI), title, status, detail, and `code` where
// there is one. Bytes of `detail` that are no UTF-8 are replaced.
Response Problem(int status, std::string_view detail, std::string_view code = "",
                 std::string_view type = "about:blank");

}  // namespace oca::http

#endif  // OCA_LIB_HTTP_MESSAGE_H_
