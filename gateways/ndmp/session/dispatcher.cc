#include "gateways/ndmp/session/dispatcher.h"

namespace oca::ndmp {
namespace {

bool IsOf(Code code, int version) {
  for (const MessageSpec& spec : AllMessages()) {
    if (spec.code == code) return version >= spec.first_version && version <= spec.last_version;
  }
  return false;
}

}  // namespace

bool Dispatcher::Dispatch(std::string_view message) {
  const int version = outbox_.version();
  std::optional<Header> header = Decode<Header>(message.substr(0, kHeaderBytes), version);
  if (!header) return false;
  // Nothing that we ask is answered.
  if (header->type != MessageType::kRequest) return true;
  if (auto found = unanswered_.find(header->code); found != unanswered_.end()) {
    found->second();
    return true;
  }
  auto found = handlers_.find(header->code);
  if (found == handlers_.end() || !IsOf(header->code, version)) {
    outbox_.Reply(*header, Error::kNotSupported, "");
    return true;
  }
  std::optional<Error> refusal;
  if (found->second.access == Access::kAuthorized && !authorized_()) {
    refusal = Error::kNotAuthorized;
  }
  std::optional<std::string> reply =
      found->second.handler(message.substr(kHeaderBytes), version, refusal);
  if (reply) {
    outbox_.Reply(*header, Error::kNone, *reply);
  } else {
    outbox_.Reply(*header, Error::kXdrDecode, "");
  }
  return true;
}

}  // namespace oca::ndmp
