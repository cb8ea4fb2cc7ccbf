#include "services/http/routes.h"

#include <algorithm>

#include "absl/strings/str_split.h"
#include "lib/api/options.pb.h"
#include "lib/http/url.h"

namespace oca::httpd {

Routes::Routes(std::span<const google::protobuf::ServiceDescriptor* const> services) {
  for (const auto* service : services) {
    for (int i = 0; i < service->method_count(); ++i) {
      const oca::MethodRule& rule = service->method(i)->options().GetExtension(oca::rule);
      if (rule.http_path().empty()) continue;
      Route route{service->method(i), rule.http_verb(), {}};
      for (absl::string_view segment : absl::StrSplit(rule.http_path().substr(1), '/')) {
        const std::string text(segment);
        const size_t close = text.find('}');
        if (text.front() == '{' && close != std::string::npos) {
          route.parts.push_back({text.substr(1, close - 1), text.substr(close + 1)});
        } else {
          route.parts.push_back({"", text});
        }
      }
      routes_.push_back(std::move(route));
    }
  }
}

bool Routes::Matches(const Route& route, const std::vector<std::string>& segments, Found* found) {
  if (route.parts.size() != segments.size()) return false;
  found->fields.clear();
  for (size_t i = 0; i < segments.size(); ++i) {
    const Part& part = route.parts[i];
    std::string_view segment = segments[i];
    if (part.field.empty()) {
      if (segment != part.text) return false;
      continue;
    }
    if (!segment.ends_with(part.text)) return false;
    segment.remove_suffix(part.text.size());
    if (segment.empty() || segment.find(':') != std::string_view::npos) return false;
    auto value = http::PercentDecode(segment, false);
    if (!value.ok()) return false;
    found->fields.emplace_back(part.field, *std::move(value));
  }
  return true;
}

Routes::Found Routes::Find(std::string_view verb, const std::vector<std::string>& segments) const {
  Found result;
  for (const Route& route : routes_) {
    Found found;
    if (!Matches(route, segments, &found)) continue;
    result.verbs.push_back(route.verb);
    if (route.verb != verb || result.method != nullptr) continue;
    result.method = route.method;
    result.fields = std::move(found.fields);
  }
  std::sort(result.verbs.begin(), result.verbs.end());
  return result;
}

}  // namespace oca::httpd
