#include "lib/http/url.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/base/utf8.h"

namespace oca::http {
namespace {

constexpr size_t kMostParts = 64;

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

absl::Status ParseQuery(std::string_view query, Target* target) {
  for (absl::string_view part :
       absl::StrSplit(absl::string_view(query.data(), query.size()), '&', absl::SkipEmpty())) {
    if (target->parameters.size() == kMostParts) {
      return absl::InvalidArgumentError(
          fmt::format("more than {} parameters in the query", kMostParts));
    }
    const std::string_view pair(part.data(), part.size());
    const size_t equals = std::min(pair.find('='), pair.size());
    OCA_ASSIGN_OR_RETURN(std::string name, PercentDecode(pair.substr(0, equals), true));
    OCA_ASSIGN_OR_RETURN(std::string value,
                         PercentDecode(equals == pair.size() ? "" : pair.substr(equals + 1), true));
    target->parameters.emplace_back(std::move(name), std::move(value));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = Utf8SequenceBytes(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

absl::StatusOr<std::string> PercentDecode(std::string_view text, bool plus_is_blank) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_blank) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      const int high = i + 2 < text.size() ? DigitOf(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? DigitOf(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return absl::InvalidArgumentError(
            "a '%' in the path or query without two hexadecimal digits");
      }
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  if (decoded.find('\0') != std::string::npos || !IsUtf8(decoded)) {
    return absl::InvalidArgumentError("path and query must be UTF-8 without zero bytes");
  }
  return decoded;
}

absl::StatusOr<Target> ParseTarget(std::string_view text) {
  if (text.empty() || text.front() != '/') {
    return absl::InvalidArgumentError("the target must be a path that begins with '/'");
  }
  if (std::any_of(text.begin(), text.end(),
                  [](unsigned char c) { return absl::ascii_iscntrl(c) || c == ' '; })) {
    return absl::InvalidArgumentError("control characters or blanks in the path");
  }
  text = text.substr(0, text.find('#'));
  Target target;
  const size_t question = std::min(text.find('?'), text.size());
  target.path = std::string(text.substr(0, question));
  for (absl::string_view segment : absl::StrSplit(target.path.substr(1), '/')) {
    if (target.segments.size() == kMostParts) {
      return absl::InvalidArgumentError(
          fmt::format("more than {} segments in the path", kMostParts));
    }
    // What cannot be decoded later is refused now.
    OCA_RETURN_IF_ERROR(PercentDecode({segment.data(), segment.size()}, false).status());
    target.segments.emplace_back(segment);
  }
  if (question < text.size()) OCA_RETURN_IF_ERROR(ParseQuery(text.substr(question + 1), &target));
  return target;
}

}  // namespace oca::http
