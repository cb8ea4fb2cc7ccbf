#include "gateways/vtl/ocavtl/session_list.h"

#include "absl/strings/str_split.h"

namespace oca::vtl {
namespace {

constexpr std::string_view kSession = "Session: ";
constexpr std::string_view kInitiator = "        Initiator: ";
constexpr std::string_view kAddress = "        IP Address: ";

}  // namespace

std::vector<SessionInfo> ParseSessions(std::string_view text) {
  std::vector<SessionInfo> sessions;
  for (absl::string_view each : absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    const std::string_view line(each.data(), each.size());
    if (line.starts_with(kSession)) sessions.emplace_back();
    if (sessions.empty()) continue;
    SessionInfo& session = sessions.back();
    // Whatever a name holds, the first line of each kind counts.
    if (line.starts_with(kInitiator) && session.initiator.empty()) {
      session.initiator = line.substr(kInitiator.size());
    }
    if (line.starts_with(kAddress) && session.address.empty()) {
      session.address = line.substr(kAddress.size());
    }
  }
  return sessions;
}

}  // namespace oca::vtl
