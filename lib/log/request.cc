#include "lib/log/request.h"

#include <algorithm>

namespace oca::log {
namespace {

thread_local std::string current_request;

bool IsIdByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

}  // namespace

bool IsRequestId(std::string_view text) {
  return !text.empty() && text.size() <= kMostRequestIdBytes &&
         std::all_of(text.begin(), text.end(), IsIdByte);
}

std::string_view CurrentRequest() { return current_request; }

void SetCurrentRequest(std::string_view id) { current_request.assign(id); }

RequestScope::RequestScope(std::string_view id) : before_(current_request) {
  SetCurrentRequest(id);
}

RequestScope::~RequestScope() { SetCurrentRequest(before_); }

}  // namespace oca::log
