// The request that a thread works for: its id stands at the end of each line that the thread logs.
#ifndef OCA_LIB_LOG_REQUEST_H_
#define OCA_LIB_LOG_REQUEST_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace oca::log {

inline constexpr size_t kMostRequestIdBytes = 64;

// Whether `text` may stand in logs and headers as it is: 1 to 64 letters, digits, '-', '_' and '.'
// of ASCII. What comes from outside and is none is replaced, never repeated.
bool IsRequestId(std::string_view text);

// Of the calling thread; empty while it works for no request. Valid until the thread sets another.
std::string_view CurrentRequest();
// From now on the calling thread works for `id`; empty: for none. For those who have no scope that
// ends with the request.
void SetCurrentRequest(std::string_view id);

// While it lives, the thread that made it works for `id`. They nest.
class RequestScope {
 public:
  explicit RequestScope(std::string_view id);
  ~RequestScope();
  RequestScope(const RequestScope&) = delete;
  RequestScope& operator=(const RequestScope&) = delete;

 private:
  const std::string before_;
};

}  // namespace oca::log

#endif  // OCA_LIB_LOG_REQUEST_H_
