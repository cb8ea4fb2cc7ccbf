// What an operation of the data service tells, as posts of every version of the protocol.
#ifndef OCA_GATEWAYS_NDMP_SESSION_DATA_POSTS_H_
#define OCA_GATEWAYS_NDMP_SESSION_DATA_POSTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gateways/ndmp/data/orders.h"
#include "gateways/ndmp/data/stream.h"
#include "gateways/ndmp/session/outbox.h"

namespace oca::ndmp {

// FH_ADD_FILE or FH_ADD_DIR and FH_ADD_NODE; FH_ADD_UNIX_ of v2.
void PostHistory(const std::vector<HistoryEntry>& entries, HistoryKind kind, Outbox& outbox);
// LOG_FILE.
void PostFileResult(const std::string& name, const absl::Status& status, Outbox& outbox);
// LOG_MESSAGE; LOG_LOG of v2. `id`: a number of its own in the session.
void PostText(LogType type, const std::string& text, uint32_t id, Outbox& outbox);

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_SESSION_DATA_POSTS_H_
