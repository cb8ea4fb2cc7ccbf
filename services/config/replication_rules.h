// What replication links, their windows and limits may be. Pure.
#ifndef OCA_SERVICES_CONFIG_REPLICATION_RULES_H_
#define OCA_SERVICES_CONFIG_REPLICATION_RULES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/api/fs.pb.h"
#include "lib/api/replication.pb.h"
#include "services/config/store.h"

namespace oca::config {

using ReplicationLink = management::v1::ReplicationLink;
using ReplicationRole = management::v1::ReplicationRole;

// "source", "target".
std::string_view ReplicationRoleWord(ReplicationRole role);
// "c1 (source)", for messages.
std::string LinkText(const ReplicationLink& link);

// A host as it is kept: a name in small letters, or an address as it is commonly written.
// kInvalidArgument, naming `what`, for what is neither, for this machine as only itself sees it
// (localhost), and for addresses of no one machine.
absl::StatusOr<std::string> NormalHost(std::string_view what, const std::string& text);

// kInvalidArgument for what is neither source nor target.
absl::Status CheckReplicationRole(ReplicationRole role);
// As it shall be kept. kInvalidArgument.
absl::StatusOr<ReplicationLink> NewReplicationLink(
    const management::v1::AddReplicationLinkRequest& request);
// `link` with what is given. kInvalidArgument.
absl::StatusOr<ReplicationLink> ChangedReplicationLink(
    ReplicationLink link, const management::v1::UpdateReplicationLinkRequest& request);
// kInvalidArgument when one of `links` of the same container leads back to where `link` leads.
absl::Status CheckNoReplicationLoop(const ReplicationLink& link,
                                    const std::vector<ReplicationLink>& links);

// kFailedPrecondition for a container that cannot have a link: it has a tape library, or it is
// being made or deleted.
absl::Status CheckReplicable(const ContainerRow& container);
bool LocksFiles(fs::v1::RetentionMode mode);
// kFailedPrecondition for one that locks files.
absl::Status CheckReplicationTarget(std::string_view container, fs::v1::RetentionMode mode);

// Sets the window of its day, or of each; takes it away when both minutes are 0. kInvalidArgument.
absl::Status SetWindowOf(ReplicationLink* link, const fs::v1::CleanerWindow& window);

// KiB/s; 0 = none. kInvalidArgument.
absl::Status CheckReplicationLimit(uint64_t kib_per_second);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_REPLICATION_RULES_H_
