// Who is logged in, as tgtadm tells it. Pure.
#ifndef OCA_GATEWAYS_VTL_OCAVTL_SESSION_LIST_H_
#define OCA_GATEWAYS_VTL_OCAVTL_SESSION_LIST_H_

#include <string>
#include <string_view>
#include <vector>

namespace oca::vtl {

struct SessionInfo {
  std::string initiator;  // the name by which it logged in; its own word
  std::string address;
  bool operator==(const SessionInfo&) const = default;
};

// From what `tgtadm --op show --mode conn` prints: one for each session, with the address of its
// first connection. Never fails: lines that it does not know say nothing.
std::vector<SessionInfo> ParseSessions(std::string_view text);

}  // namespace oca::vtl

#endif  // OCA_GATEWAYS_VTL_OCAVTL_SESSION_LIST_H_
