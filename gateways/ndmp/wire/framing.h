// ONC RPC record marking (RFC 5531, 11): where a message ends on a TCP connection. Pure.
#ifndef OCA_GATEWAYS_NDMP_WIRE_FRAMING_H_
#define OCA_GATEWAYS_NDMP_WIRE_FRAMING_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace oca::ndmp {

// `message` as one fragment.
std::string Frame(std::string_view message);

// Takes messages out of bytes as they arrive. Not thread-safe.
class Unframer {
 public:
  // A message of more bytes breaks the connection.
  explicit Unframer(size_t max_bytes) : max_bytes_(max_bytes) {}

  void SetLimit(size_t max_bytes) { max_bytes_ = max_bytes; }
  void Feed(std::string_view bytes) { buffer_.append(bytes); }
  // The next message that is whole.
  std::optional<std::string> Next();
  // The peer sent what cannot be a message; nothing comes any more.
  bool broken() const { return broken_; }

 private:
  size_t max_bytes_;
  std::string buffer_;   // not yet looked at
  std::string message_;  // fragments so far
  bool broken_ = false;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_WIRE_FRAMING_H_
