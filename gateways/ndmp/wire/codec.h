// Bodies of messages to bytes and back, and the table of all messages of all versions. Pure.
#ifndef OCA_GATEWAYS_NDMP_WIRE_CODEC_H_
#define OCA_GATEWAYS_NDMP_WIRE_CODEC_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gateways/ndmp/wire/messages_connect.h"
#include "gateways/ndmp/wire/xdr.h"

namespace oca::ndmp {

inline constexpr size_t kHeaderBytes = 24;

template <typename Body>
std::string Encode(const Body& body, int version) {
  XdrWriter writer(version);
  writer(body);
  return writer.Take();
}

// Nothing when the bytes are no `Body` of this version, or more than one.
template <typename Body>
std::optional<Body> Decode(std::string_view bytes, int version) {
  XdrReader reader(bytes, version);
  Body body;
  reader(body);
  if (!reader.ok() || reader.remaining() != 0) return std::nullopt;
  return body;
}

// One message: in which versions it is there, and how its bodies look.
struct MessageSpec {
  // The body decoded and encoded again; nothing when it does not decode.
  using Recode = std::optional<std::string> (*)(std::string_view bytes, int version);
  Code code;
  int first_version;
  int last_version;
  Recode request;
  Recode reply;  // nullptr: a post, or CONNECT_CLOSE, which nobody answers
};
std::span<const MessageSpec> AllMessages();

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_WIRE_CODEC_H_
