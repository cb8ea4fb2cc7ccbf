// oca replication
#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "cli/replication_text.h"
#include "cli/session.h"
#include "fmt/format.h"
#include "lib/api/replication.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::Replication;

namespace mgmt = management::v1;

struct ReplicationFlags {
  std::string name;
  std::string role;
  std::string peer;
  std::string peer_name;
  std::string peer_group_name;
  std::string traffic;
  std::string encryption;
  std::string username;
  uint64_t revision = 0;
  bool verbose = false;
  bool limits = false;
  bool force = false;

  bool changes_nothing() const {
    return peer.empty() && traffic.empty() && encryption.empty() && username.empty();
  }
};

absl::StatusOr<mgmt::ReplicationRole> ParseLinkRole(const std::string& text) {
  const std::string word = absl::AsciiStrToLower(text);
  if (word == "source") return mgmt::REPLICATION_ROLE_SOURCE;
  if (word == "target") return mgmt::REPLICATION_ROLE_TARGET;
  return absl::InvalidArgumentError(
      fmt::format("--role is source (the container is copied to the peer) or target (it is a copy "
                  "of the peer's), not '{}'",
                  text));
}

absl::StatusOr<mgmt::ReplicationEncryption> ParseLinkEncryption(const std::string& text) {
  const std::string word = absl::AsciiStrToLower(text);
  if (word == "none") return mgmt::REPLICATION_ENCRYPTION_NONE;
  if (word == "aes256") return mgmt::REPLICATION_ENCRYPTION_AES256;
  return absl::InvalidArgumentError(fmt::format("--encryption is none or aes256, not '{}'", text));
}

template <typename Request>
absl::Status FillLinkKey(Session& session, ReplicationFlags& flags, Request* request) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the container"));
  OCA_RETURN_IF_ERROR(session.Require(&flags.role, "--role", "Its role (source or target)"));
  request->set_name(flags.name);
  OCA_ASSIGN_OR_RETURN(mgmt::ReplicationRole role, ParseLinkRole(flags.role));
  request->set_role(role);
  return absl::OkStatus();
}

absl::Status ShowLinks(Session& session, const ReplicationFlags& flags) {
  if (flags.limits) {
    if (flags.name.empty() && flags.role.empty()) return ShowReplicationLimits(session);
    return absl::InvalidArgumentError("limits are of peers: --limits goes without --name, --role");
  }
  mgmt::ListReplicationLinksRequest request;
  request.set_name(flags.name);
  if (!flags.role.empty()) {
    OCA_ASSIGN_OR_RETURN(mgmt::ReplicationRole role, ParseLinkRole(flags.role));
    request.set_role(role);
  }
  mgmt::ListReplicationLinksResponse list;
  OCA_RETURN_IF_ERROR(session.Call(&Replication::Stub::ListReplicationLinks, request, &list));
  if (session.json()) {
    session.PrintJson(ToJson(list));
  } else {
    session.Print(ReplicationLinksText(list, flags.verbose));
  }
  return absl::OkStatus();
}

absl::Status AddLink(Session& session, ReplicationFlags flags) {
  mgmt::AddReplicationLinkRequest request;
  OCA_RETURN_IF_ERROR(FillLinkKey(session, flags, &request));
  OCA_RETURN_IF_ERROR(session.Require(&flags.peer, "--peer", "Host of the other appliance"));
  request.set_peer(flags.peer);
  request.set_peer_name(flags.peer_name);
  request.set_peer_group_name(flags.peer_group_name);
  if (flags.traffic != kAsPeerWord) request.set_replication_traffic(flags.traffic);
  if (!flags.encryption.empty()) {
    OCA_ASSIGN_OR_RETURN(auto encryption, ParseLinkEncryption(flags.encryption));
    request.set_encryption(encryption);
  }
  if (flags.username != kNobodyWord) request.set_username(flags.username);
  mgmt::ReplicationLink made;
  OCA_RETURN_IF_ERROR(
      session.Call(&Replication::Stub::AddReplicationLink, request, &made, Patience::kChange));
  PrintReplicationLink(session, "Replication link added.\n", made);
  return absl::OkStatus();
}

// Everything, with what is there as the answer of who says nothing.
absl::Status AskForLink(Session& session, const mgmt::UpdateReplicationLinkRequest& key,
                        ReplicationFlags* flags) {
  mgmt::ListReplicationLinksRequest request;
  request.set_name(key.name());
  request.set_role(key.role());
  mgmt::ListReplicationLinksResponse list;
  OCA_RETURN_IF_ERROR(session.Call(&Replication::Stub::ListReplicationLinks, request, &list));
  if (list.links().empty()) {
    return absl::NotFoundError(fmt::format("container '{}' is not the {} of a replication link",
                                           key.name(), EnumWord(key.role())));
  }
  const mgmt::ReplicationLink& link = list.links(0);
  OCA_RETURN_IF_ERROR(session.Offer("Host of the other appliance", link.peer(), &flags->peer));
  OCA_RETURN_IF_ERROR(
      session.Offer("Host there that data goes to", ReplicationTrafficText(link), &flags->traffic));
  OCA_RETURN_IF_ERROR(session.Offer("Encryption of data on its way (none or aes256)",
                                    EnumWord(link.encryption()), &flags->encryption));
  OCA_RETURN_IF_ERROR(
      session.Offer("User of the other appliance", ReplicationUserText(link), &flags->username));
  if (flags->revision == 0) flags->revision = link.revision();
  return flags->changes_nothing() ? absl::CancelledError("nothing is changed") : absl::OkStatus();
}

absl::Status SendChange(Session& session, std::string_view done,
                        const mgmt::UpdateReplicationLinkRequest& request) {
  mgmt::ReplicationLink changed;
  OCA_RETURN_IF_ERROR(session.Call(&Replication::Stub::UpdateReplicationLink, request, &changed,
                                   Patience::kChange));
  PrintReplicationLink(session, done, changed);
  return absl::OkStatus();
}

absl::Status UpdateLink(Session& session, ReplicationFlags flags) {
  mgmt::UpdateReplicationLinkRequest request;
  OCA_RETURN_IF_ERROR(FillLinkKey(session, flags, &request));
  if (flags.changes_nothing() && session.can_ask()) {
    OCA_RETURN_IF_ERROR(AskForLink(session, request, &flags));
  }
  if (flags.changes_nothing()) {
    return absl::InvalidArgumentError(
        "nothing to change: give --peer, --replication_traffic, --encryption or --username");
  }
  if (!flags.peer.empty()) request.set_peer(flags.peer);
  if (!flags.traffic.empty()) {
    request.set_replication_traffic(flags.traffic == kAsPeerWord ? "" : flags.traffic);
  }
  if (!flags.encryption.empty()) {
    OCA_ASSIGN_OR_RETURN(auto encryption, ParseLinkEncryption(flags.encryption));
    request.set_encryption(encryption);
  }
  if (!flags.username.empty()) {
    request.set_username(flags.username == kNobodyWord ? "" : flags.username);
  }
  request.set_revision(flags.revision);
  return SendChange(session, "Replication link updated.\n", request);
}

absl::Status EnableLink(Session& session, ReplicationFlags flags, bool enabled) {
  mgmt::UpdateReplicationLinkRequest request;
  OCA_RETURN_IF_ERROR(FillLinkKey(session, flags, &request));
  request.set_enabled(enabled);
  request.set_revision(flags.revision);
  return SendChange(
      session, enabled ? "Replication link started.\n" : "Replication link stopped.\n", request);
}

absl::Status DeleteLink(Session& session, ReplicationFlags flags) {
  mgmt::DeleteReplicationLinkRequest request;
  OCA_RETURN_IF_ERROR(FillLinkKey(session, flags, &request));
  const std::string role = EnumWord(request.role());
  if (!flags.force) {
    OCA_RETURN_IF_ERROR(session.Confirm(
        fmt::format("The replication link of container '{}' as {} will be deleted; its data stays. "
                    "Go on?",
                    flags.name, role)));
  }
  mgmt::DeleteReplicationLinkResponse response;
  OCA_RETURN_IF_ERROR(session.Call(&Replication::Stub::DeleteReplicationLink, request, &response,
                                   Patience::kChange));
  if (session.json()) {
    session.PrintJson({{"name", flags.name}, {"role", role}, {"deleted", true}});
  } else {
    session.Print("Replication link deleted.\n");
  }
  return absl::OkStatus();
}

CLI::App* AddLinkVerb(CLI::App* group, ReplicationFlags* flags, const std::string& verb,
                      const std::string& what) {
  CLI::App* added = group->add_subcommand(verb, what);
  added->add_option("--name", flags->name, "Which container");
  added->add_option("--role", flags->role,
                    "source: it is copied to the peer; target: it is a copy of the peer's");
  return added;
}

void AddLinkFields(CLI::App* verb, ReplicationFlags* flags) {
  verb->add_option("--peer", flags->peer, "Host name or address of the other appliance");
  verb->add_option("--replication_traffic", flags->traffic,
                   "Host there that data goes to; as_peer (the default)");
  verb->add_option("--encryption", flags->encryption,
                   "Of data on its way: aes256 (the default), none");
  verb->add_option("--username", flags->username,
                   "User of the other appliance who has allowed the link; none (the default)");
}

void AddStartAndStop(CLI::App* group, Session& session,
                     const std::shared_ptr<ReplicationFlags>& flags) {
  for (const bool enabled : {true, false}) {
    const std::string word = enabled ? "start" : "stop";
    CLI::App* verb =
        AddLinkVerb(group, flags.get(), word,
                    enabled ? "Want a link to run" : "Want a link not to run, until it is started");
    verb->add_option("--revision", flags->revision, "Only when it still has this revision");
    session.Bind(verb, [&session, flags, enabled] { return EnableLink(session, *flags, enabled); });
    verb->footer(
        fmt::format("Example:\n  oca replication --{} --name backups --role source", word));
  }
}

}  // namespace

void AddReplication(CLI::App* group, Session& session) {
  auto flags = std::make_shared<ReplicationFlags>();
  CLI::App* show = AddLinkVerb(group, flags.get(), "show", "List links, or those of a container");
  show->add_flag("--verbose", flags->verbose, "A record of each instead of a table");
  show->add_flag("--limits", flags->limits, "Limits of peers instead of links");
  session.Bind(show, [&session, flags] { return ShowLinks(session, *flags); });
  show->footer("Example:\n  oca replication --show --name backups --verbose");

  CLI::App* add = AddLinkVerb(group, flags.get(), "add",
                              "Make a link between a container and one of another appliance");
  AddLinkFields(add, flags.get());
  add->add_option("--peer_name", flags->peer_name, "Container there (the same name)");
  add->add_option("--peer_group_name", flags->peer_group_name, "Its storage group there");
  session.Bind(add, [&session, flags] { return AddLink(session, *flags); });
  add->footer(
      "Example:\n  oca replication --add --name backups --role source --peer oca2.example.com");

  CLI::App* update =
      AddLinkVerb(group, flags.get(), "update",
                  "Set what is given; on a terminal and without options it asks for everything");
  AddLinkFields(update, flags.get());
  update->add_option("--revision", flags->revision, "Only when it still has this revision");
  session.Bind(update, [&session, flags] { return UpdateLink(session, *flags); });
  update->footer(
      "Example:\n  oca replication --update --name backups --role source --peer oca3.example.com");

  CLI::App* remove = AddLinkVerb(group, flags.get(), "delete", "Delete a link that is stopped");
  remove->add_flag("--force", flags->force, "Do not ask, as --yes");
  session.AddYes(remove);
  session.Bind(remove, [&session, flags] { return DeleteLink(session, *flags); });
  remove->footer("Example:\n  oca replication --delete --name backups --role source");

  AddStartAndStop(group, session, flags);
  AddReplicationLimit(group, session);
}

}  // namespace oca::cli
