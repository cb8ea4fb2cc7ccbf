// What ocahttp answers: the API, its description, metrics, health, and a page that says what it is.
#ifndef OCA_SERVICES_HTTP_APP_H_
#define OCA_SERVICES_HTTP_APP_H_

#include <functional>
#include <string>

#include "absl/time/time.h"
#include "lib/http/message.h"
#include "lib/http/rate_limit.h"
#include "lib/http/url.h"
#include "services/http/backend.h"
#include "services/http/routes.h"

namespace oca::httpd {

// Thread-safe.
class App {
 public:
  // Borrows the backend; it must outlive this. `now` may be called by several threads at once.
  App(Backend& backend, std::function<absl::Time()> now);

  // Under the id that the header X-Request-Id gives, where that is one (lib/log/request.h), or else
  // under a new one; the answer says which.
  http::Response Answer(const http::Request& request);

 private:
  http::Response Dispatch(const http::Request& request, const http::Target& target);
  http::Response CallApi(const http::Request& request, const http::Target& target);
  http::Response Health();
  // The method is one that signs in, out, or neither: what the browser shall keep.
  void SetCookie(const google::protobuf::MethodDescriptor& method,
                 const google::protobuf::Message& answer, http::Response* response);

  Backend& backend_;
  const Routes routes_;
  http::RateLimit sign_ins_;  // by address
};

}  // namespace oca::httpd

#endif  // OCA_SERVICES_HTTP_APP_H_
