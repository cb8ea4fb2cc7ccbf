// Which method of the API a verb and a path mean, from the methods' annotations.
#ifndef OCA_SERVICES_HTTP_ROUTES_H_
#define OCA_SERVICES_HTTP_ROUTES_H_

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace oca::httpd {

// Thread-safe.
class Routes {
 public:
  struct Found {
    // Null: no method has this path (`verbs` empty), or not with this verb.
    const google::protobuf::MethodDescriptor* method = nullptr;
    // Fields of the request and their values, decoded.
    std::vector<std::pair<std::string, std::string>> fields = {};
    // That the path can be asked with, sorted.
    std::vector<std::string> verbs = {};
  };

  // Of all methods that have a path.
  explicit Routes(std::span<const google::protobuf::ServiceDescriptor* const> services);

  // `segments`: of a path that lib/http/url.h took apart. A ':' ends what stands for a field, and
  // begins a word of the template; within a field's value it is written %3A.
  Found Find(std::string_view verb, const std::vector<std::string>& segments) const;

 private:
  struct Part {
    std::string field;  // empty: `text` stands there as it is
    std::string text;   // after a field: ":word" or nothing
  };
  struct Route {
    const google::protobuf::MethodDescriptor* method;
    std::string verb;
    std::vector<Part> parts;
  };
  static bool Matches(const Route& route, const std::vector<std::string>& segments, Found* found);

  std::vector<Route> routes_;
};

}  // namespace oca::httpd

#endif  // OCA_SERVICES_HTTP_ROUTES_H_
