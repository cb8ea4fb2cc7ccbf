// What a session says: replies, and posts, which wait until the reply of the request that provoked
// them is on its way.
#ifndef OCA_GATEWAYS_NDMP_SESSION_OUTBOX_H_
#define OCA_GATEWAYS_NDMP_SESSION_OUTBOX_H_

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gateways/ndmp/wire/codec.h"

namespace oca::ndmp {

// Not thread-safe.
class Outbox {
 public:
  // `send` takes a whole message, unframed.
  explicit Outbox(std::function<void(std::string)> send) : send_(std::move(send)) {}

  // Of the protocol, as it was agreed.
  int version() const { return version_; }
  void set_version(int version) { version_ = version; }

  void Reply(const Header& request, Error error, std::string_view body) {
    Header header{0, 0, MessageType::kReply, request.code, request.sequence, error};
    Send(header, body);
    Flush();
  }
  template <typename Body>
  void Post(Code code, const Body& body) {
    posts_.emplace_back(code, Encode(body, version_));
  }
  // Sends what was posted.
  void Flush() {
    for (const auto& [code, body] : std::exchange(posts_, {})) {
      Send({0, 0, MessageType::kRequest, code, 0, Error::kNone}, body);
    }
  }

 private:
  void Send(Header header, std::string_view body) {
    header.sequence = ++sequence_;
    header.time_stamp = static_cast<uint32_t>(absl::ToUnixSeconds(absl::Now()));
    send_(Encode(header, version_).append(body));
  }

  const std::function<void(std::string)> send_;
  int version_ = kNewestVersion;
  uint32_t sequence_ = 0;
  std::vector<std::pair<Code, std::string>> posts_;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_SESSION_OUTBOX_H_
