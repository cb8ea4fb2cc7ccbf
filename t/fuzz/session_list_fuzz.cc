// What tgtadm says of sessions, with names that hosts chose: lines, and no more sessions than
// lines.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "gateways/vtl/ocavtl/session_list.h"
#include "t/fuzz/target.h"

OCA_FUZZ(session_list_fuzz) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto lines = std::count(text.begin(), text.end(), '\n') + 1;
  auto sessions = oca::vtl::ParseSessions(text);
  if (static_cast<int64_t>(sessions.size()) > lines) std::abort();
  for (const auto& session : sessions) {
    if ((session.initiator + session.address).find('\n') != std::string::npos) std::abort();
  }
  return 0;
}
