// Which part of a session answers which message.
#ifndef OCA_GATEWAYS_NDMP_SESSION_DISPATCHER_H_
#define OCA_GATEWAYS_NDMP_SESSION_DISPATCHER_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "gateways/ndmp/session/outbox.h"
#include "gateways/ndmp/wire/codec.h"

namespace oca::ndmp {

// Not thread-safe.
class Dispatcher {
 public:
  enum class Access { kAnybody, kAuthorized };

  // Borrows the outbox. `authorized`: whether the peer has proved who it is.
  Dispatcher(Outbox& outbox, std::function<bool()> authorized)
      : outbox_(outbox), authorized_(std::move(authorized)) {}

  // `handler` fills a reply whose error is already what it returns.
  template <typename Request, typename Reply>
  void On(Code code, std::function<Error(const Request&, Reply&)> handler,
          Access access = Access::kAuthorized) {
    handlers_[code] = {
        access,
        [handler = std::move(handler)](std::string_view bytes, int version,
                                       std::optional<Error> refusal) -> std::optional<std::string> {
          std::optional<Request> request = Decode<Request>(bytes, version);
          if (!request && !refusal) return std::nullopt;
          Reply reply;
          reply.error = refusal ? *refusal : handler(*request, reply);
          return Encode(reply, version);
        }};
  }
  // For messages that nobody answers.
  void OnUnanswered(Code code, std::function<void()> handler) {
    unanswered_[code] = std::move(handler);
  }

  // Does what the message asks, and answers it. False: it is no message.
  bool Dispatch(std::string_view message);

 private:
  using Handler = std::function<std::optional<std::string>(std::string_view bytes, int version,
                                                           std::optional<Error> refusal)>;
  struct Entry {
    Access access;
    Handler handler;
  };

  Outbox& outbox_;
  const std::function<bool()> authorized_;
  std::map<Code, Entry> handlers_;
  std::map<Code, std::function<void()>> unanswered_;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_SESSION_DISPATCHER_H_
