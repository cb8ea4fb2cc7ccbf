#include "services/config/replication_links.h"

#include <utility>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "services/config/find.h"
#include "services/config/rules.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;

constexpr char kNoContainer[] = "the name of the container is missing";

const ReplicationLink* LinkInRole(const std::vector<ReplicationLink>& links, ReplicationRole role) {
  for (const ReplicationLink& link : links) {
    if (link.role() == role) return &link;
  }
  return nullptr;
}

absl::Status NoSuchLink(const std::string& container, ReplicationRole role) {
  return absl::NotFoundError(
      fmt::format("container '{}' is not the {} of a replication link; oca replication --show "
                  "lists those that there are",
                  container, ReplicationRoleWord(role)));
}

}  // namespace

absl::StatusOr<ContainerRow> ReplicationLinks::Container(const std::string& name) {
  if (name.empty()) return absl::InvalidArgumentError(kNoContainer);
  OCA_ASSIGN_OR_RETURN(Desired desired, store_.Load());
  const ContainerRow* found = FindByName(desired.containers, name);
  if (found != nullptr) return *found;
  return UnknownName(Kind::kContainer, name, NamesOf(desired.containers));
}

absl::Status ReplicationLinks::CheckContainer(const std::string& name, ReplicationRole role) {
  OCA_ASSIGN_OR_RETURN(ContainerRow container, Container(name));
  OCA_RETURN_IF_ERROR(CheckReplicable(container));
  if (role != mgmt::REPLICATION_ROLE_TARGET) return absl::OkStatus();
  OCA_ASSIGN_OR_RETURN(fs::v1::Retention retention, filesystem_.GetRetention(container.fs_id));
  return CheckReplicationTarget(name, retention.mode());
}

absl::StatusOr<std::vector<ReplicationLink>> ReplicationLinks::List(const std::string& container,
                                                                    ReplicationRole role) {
  if (!container.empty()) OCA_RETURN_IF_ERROR(Container(container).status());
  if (role != mgmt::REPLICATION_ROLE_UNSPECIFIED) OCA_RETURN_IF_ERROR(CheckReplicationRole(role));
  OCA_ASSIGN_OR_RETURN(std::vector<ReplicationLink> links, links_.List(container, role));
  for (ReplicationLink& link : links) {
    link.set_state(link.enabled() ? mgmt::REPLICATION_STATE_NOT_SERVED
                                  : mgmt::REPLICATION_STATE_STOPPED);
  }
  return links;
}

absl::StatusOr<ReplicationLink> ReplicationLinks::Get(const std::string& container,
                                                      ReplicationRole role) {
  if (container.empty()) return absl::InvalidArgumentError(kNoContainer);
  OCA_RETURN_IF_ERROR(CheckReplicationRole(role));
  OCA_ASSIGN_OR_RETURN(std::vector<ReplicationLink> links, List(container, role));
  if (links.empty()) return NoSuchLink(container, role);
  return std::move(links.front());
}

absl::Status ReplicationLinks::Add(const mgmt::AddReplicationLinkRequest& request) {
  OCA_ASSIGN_OR_RETURN(ReplicationLink link, NewReplicationLink(request));
  Turn turn(turns_);
  OCA_RETURN_IF_ERROR(turn.status());
  OCA_RETURN_IF_ERROR(CheckContainer(link.name(), link.role()));
  OCA_ASSIGN_OR_RETURN(std::vector<ReplicationLink> links,
                       links_.List(link.name(), mgmt::REPLICATION_ROLE_UNSPECIFIED));
  if (const ReplicationLink* there = LinkInRole(links, link.role())) {
    return absl::AlreadyExistsError(fmt::format(
        "container '{}' is {} already, of '{}' at {}: update that link, or delete it first",
        link.name(), ReplicationRoleWord(link.role()), there->peer_name(), there->peer()));
  }
  OCA_RETURN_IF_ERROR(CheckNoReplicationLoop(link, links));
  return links_.Insert(link);
}

absl::Status ReplicationLinks::Update(const mgmt::UpdateReplicationLinkRequest& request) {
  Turn turn(turns_);
  OCA_RETURN_IF_ERROR(turn.status());
  OCA_ASSIGN_OR_RETURN(ReplicationLink before, Get(request.name(), request.role()));
  OCA_RETURN_IF_ERROR(CheckRevision(Kind::kReplicationLink, LinkText(before), before.revision(),
                                    request.revision()));
  OCA_ASSIGN_OR_RETURN(ReplicationLink link, ChangedReplicationLink(std::move(before), request));
  OCA_ASSIGN_OR_RETURN(std::vector<ReplicationLink> links,
                       links_.List(link.name(), mgmt::REPLICATION_ROLE_UNSPECIFIED));
  OCA_RETURN_IF_ERROR(CheckNoReplicationLoop(link, links));
  return links_.Update(link);
}

absl::Status ReplicationLinks::Delete(const std::string& container, ReplicationRole role) {
  Turn turn(turns_);
  OCA_RETURN_IF_ERROR(turn.status());
  OCA_ASSIGN_OR_RETURN(ReplicationLink link, Get(container, role));
  if (link.enabled()) {
    return absl::FailedPreconditionError(
        fmt::format("replication link '{}' is started; stop it first: oca replication --stop "
                    "--name {} --role {}",
                    LinkText(link), container, ReplicationRoleWord(role)));
  }
  return links_.Delete(link);
}

absl::StatusOr<std::vector<ReplicationLimit>> ReplicationLinks::Limits() { return links_.Limits(); }

absl::StatusOr<ReplicationLimit> ReplicationLinks::LimitOf(const std::string& peer) {
  OCA_ASSIGN_OR_RETURN(std::string host, NormalHost("the peer", peer));
  return links_.LimitOf(host);
}

absl::Status ReplicationLinks::SetLimit(const mgmt::SetReplicationLimitRequest& request) {
  OCA_RETURN_IF_ERROR(CheckReplicationLimit(request.kib_per_second()));
  Turn turn(turns_);
  OCA_RETURN_IF_ERROR(turn.status());
  OCA_ASSIGN_OR_RETURN(ReplicationLimit limit, LimitOf(request.name()));
  OCA_RETURN_IF_ERROR(
      CheckRevision(Kind::kReplicationLimit, limit.peer(), limit.revision(), request.revision()));
  limit.set_kib_per_second(request.kib_per_second());
  return links_.SetLimit(limit);
}

absl::Status ReplicationLinks::SetWindow(const mgmt::SetReplicationWindowRequest& request) {
  Turn turn(turns_);
  OCA_RETURN_IF_ERROR(turn.status());
  OCA_ASSIGN_OR_RETURN(ReplicationLink link, Get(request.name(), mgmt::REPLICATION_ROLE_SOURCE));
  OCA_RETURN_IF_ERROR(
      CheckRevision(Kind::kReplicationLink, LinkText(link), link.revision(), request.revision()));
  OCA_RETURN_IF_ERROR(SetWindowOf(&link, request.window()));
  return links_.Update(link);
}

absl::Status ReplicationLinks::UnlessTarget(const std::string& container,
                                            const std::function<absl::Status()>& work) {
  Turn turn(turns_);
  OCA_RETURN_IF_ERROR(turn.status());
  absl::StatusOr<std::vector<ReplicationLink>> known =
      links_.List(container, mgmt::REPLICATION_ROLE_TARGET);
  if (absl::IsUnavailable(known.status())) return work();
  OCA_ASSIGN_OR_RETURN(std::vector<ReplicationLink> links, std::move(known));
  if (links.empty()) return work();
  return absl::FailedPreconditionError(
      fmt::format("container '{}' is the target of a replication link, from '{}' at {}: files that "
                  "are locked could not follow it. Delete the link first: oca replication --delete "
                  "--name {} --role target",
                  container, links.front().peer_name(), links.front().peer(), container));
}

}  // namespace oca::config
