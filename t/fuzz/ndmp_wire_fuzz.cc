// Everything that an NDMP peer can send. The input: a byte that chooses the version, two that
// choose the message and its direction, then the body; the same bytes go through the framing too.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateways/ndmp/wire/codec.h"
#include "gateways/ndmp/wire/framing.h"
#include "t/fuzz/target.h"

namespace {

using oca::fuzz::Require;

}  // namespace

OCA_FUZZ(ndmp_wire_fuzz) {
  using namespace oca::ndmp;  // NOLINT
  std::string_view input(reinterpret_cast<const char*>(data), size);
  Unframer unframer(1 << 16);
  unframer.Feed(input);
  while (std::optional<std::string> message = unframer.Next()) Require(message->size() <= 1 << 16);
  if (input.size() < 3) return 0;
  const int version = kOldestVersion + data[0] % 3;
  const MessageSpec& spec = AllMessages()[data[1] % AllMessages().size()];
  MessageSpec::Recode recode =
      data[2] % 2 == 0 || spec.reply == nullptr ? spec.request : spec.reply;
  std::optional<std::string> once = recode(input.substr(3), version);
  if (!once) return 0;
  // What was decoded can be sent, and means the same.
  std::optional<std::string> twice = recode(*once, version);
  Require(twice.has_value() && *twice == *once);
  return 0;
}
