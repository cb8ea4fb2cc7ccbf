// Replication links as people read them, and the verbs of limits.
#ifndef OCA_CLI_REPLICATION_TEXT_H_
#define OCA_CLI_REPLICATION_TEXT_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "cli/session.h"
#include "lib/api/replication.pb.h"

namespace oca::cli {

// What stands for a field that is empty.
inline constexpr char kAsPeerWord[] = "as_peer";
inline constexpr char kNobodyWord[] = "none";

inline constexpr char kNothingIsCopied[] =
    "Nothing is copied: this release has no replication service. Links are kept for one that "
    "has.\n";

std::string ReplicationTrafficText(const management::v1::ReplicationLink& link);
std::string ReplicationUserText(const management::v1::ReplicationLink& link);
// A table, or a record of each; and what becomes of links in this release.
std::string ReplicationLinksText(const management::v1::ListReplicationLinksResponse& list,
                                 bool verbose);
// Prints `done`, the link, and what becomes of it; or its JSON.
void PrintReplicationLink(Session& session, std::string_view done,
                          const management::v1::ReplicationLink& link);

// replication_limits.cc
absl::Status ShowReplicationLimits(Session& session);
void AddReplicationLimit(CLI::App* group, Session& session);

}  // namespace oca::cli

#endif  // OCA_CLI_REPLICATION_TEXT_H_
