// oca connection
#include <memory>
#include <string>

#include "absl/strings/str_join.h"
#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/tape_libraries.grpc.pb.h"
#include "lib/base/status.h"
#include "lib/crypto/secret.h"

namespace oca::cli {
namespace {

using management::v1::TapeLibraries;

namespace mgmt = management::v1;

struct ConnectionFlags {
  std::string name;
  std::string type;
  std::string initiators;
  std::string chap_user = "iscsi_user";
  std::string target_user;
  bool verbose = false;
  uint64_t revision = 0;
};

absl::StatusOr<mgmt::ConnectionType> ParseConnectionType(const std::string& text) {
  if (text == "ISCSI" || text == "iscsi") return mgmt::CONNECTION_TYPE_ISCSI;
  return absl::InvalidArgumentError(fmt::format(
      "'{}' is no connection that can be added: ISCSI (the mount is always there)", text));
}

std::string ConnectionText(const mgmt::Connection& connection) {
  Record record;
  record.Add("Container", connection.name())
      .Add("Type", EnumWord(connection.type()))
      .Add("Enabled", connection.enabled() ? "yes" : "no");
  if (connection.type() == mgmt::CONNECTION_TYPE_MOUNT) {
    return record.Add("Mount Path", connection.mount_path()).Text();
  }
  record.Add("Initiators", absl::StrJoin(connection.initiators(), ", "))
      .Add("CHAP User", connection.chap_user())
      .Add("Target User", connection.target_user())
      .Add("Target", connection.target())
      .Add("Portal", connection.portal())
      .Add("Revision", std::to_string(connection.revision()));
  if (!connection.problem().empty()) record.Add("Problem", connection.problem());
  return record.Text();
}

void PrintConnection(Session& session, std::string_view done, const mgmt::Connection& connection) {
  if (session.json()) {
    session.PrintJson(ToJson(connection));
  } else {
    session.Print(fmt::format("{}{}", done, ConnectionText(connection)));
  }
}

absl::Status ShowConnections(Session& session, const ConnectionFlags& flags) {
  mgmt::ListConnectionsRequest request;
  request.set_name(flags.name);
  mgmt::ListConnectionsResponse list;
  OCA_RETURN_IF_ERROR(session.Call(&TapeLibraries::Stub::ListConnections, request, &list));
  if (session.json()) {
    session.PrintJson(ToJson(list));
    return absl::OkStatus();
  }
  if (!flags.name.empty() || flags.verbose) {
    std::string text;
    for (const mgmt::Connection& each : list.connections()) {
      text += (text.empty() ? "" : "\n") + ConnectionText(each);
    }
    session.Print(text.empty() ? "There is no connection.\n" : text);
    return absl::OkStatus();
  }
  Table table({"Container", "Type", "Enabled", "CHAP User", "Where"});
  for (const mgmt::Connection& each : list.connections()) {
    const bool mount = each.type() == mgmt::CONNECTION_TYPE_MOUNT;
    table.Add({each.name(), EnumWord(each.type()),
               !each.enabled()          ? "no"
               : each.problem().empty() ? "yes"
                                        : "yes, with a problem",
               each.chap_user(), mount ? each.mount_path() : each.portal()});
  }
  session.Print(table.empty() ? "There is no connection.\n" : table.Text());
  return absl::OkStatus();
}

absl::Status MakeConnection(Session& session, ConnectionFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the container"));
  OCA_RETURN_IF_ERROR(session.Require(&flags.type, "--type", "Type of the connection (ISCSI)"));
  OCA_RETURN_IF_ERROR(
      session.Require(&flags.initiators, "--initiators", "iSCSI names or addresses of hosts"));
  mgmt::AddConnectionRequest request;
  request.set_name(flags.name);
  OCA_ASSIGN_OR_RETURN(auto type, ParseConnectionType(flags.type));
  request.set_type(type);
  for (std::string& each : ParseList(flags.initiators)) request.add_initiators(std::move(each));
  request.set_chap_user(flags.chap_user);
  request.set_target_user(flags.target_user);
  if (!flags.target_user.empty()) {
    OCA_ASSIGN_OR_RETURN(
        *request.mutable_target_password(),
        session.AskSecret("password", "Password by which the target proves itself", true));
  }
  mgmt::Connection made;
  absl::Status status =
      session.Call(&TapeLibraries::Stub::AddConnection, request, &made, Patience::kChange);
  crypto::Wipe(request.mutable_target_password()->data(), request.target_password().size());
  OCA_RETURN_IF_ERROR(status);
  PrintConnection(session, "Connection added.\n", made);
  return absl::OkStatus();
}

absl::Status UpdateConnection(Session& session, ConnectionFlags& flags, const CLI::App& verb) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the container"));
  mgmt::UpdateConnectionRequest request;
  request.set_name(flags.name);
  request.set_revision(flags.revision);
  if (verb.count("--initiators") > 0) {
    for (std::string& each : ParseList(flags.initiators)) {
      request.mutable_initiators()->add_initiators(std::move(each));
    }
  }
  if (verb.count("--chap_user") > 0) request.set_chap_user(flags.chap_user);
  if (verb.count("--target_user") > 0) {
    request.set_target_user(flags.target_user == "none" ? "" : flags.target_user);
  }
  if (!request.target_user().empty()) {
    OCA_ASSIGN_OR_RETURN(
        *request.mutable_target_password(),
        session.AskSecret("password", "Password by which the target proves itself", true));
  }
  mgmt::Connection changed;
  absl::Status status =
      session.Call(&TapeLibraries::Stub::UpdateConnection, request, &changed, Patience::kChange);
  crypto::Wipe(request.mutable_target_password()->data(), request.target_password().size());
  OCA_RETURN_IF_ERROR(status);
  PrintConnection(session, "Connection updated.\n", changed);
  return absl::OkStatus();
}

absl::Status EnableConnection(Session& session, ConnectionFlags& flags, bool on) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the container"));
  mgmt::UpdateConnectionRequest request;
  request.set_name(flags.name);
  request.set_enabled(on);
  mgmt::Connection changed;
  OCA_RETURN_IF_ERROR(
      session.Call(&TapeLibraries::Stub::UpdateConnection, request, &changed, Patience::kChange));
  PrintConnection(session, on ? "Connection enabled.\n" : "Connection disabled.\n", changed);
  return absl::OkStatus();
}

absl::Status DeleteConnection(Session& session, ConnectionFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the container"));
  OCA_RETURN_IF_ERROR(session.Confirm(fmt::format(
      "Hosts will no longer reach tape library '{}', and their sessions end. Go on?", flags.name)));
  mgmt::DeleteConnectionRequest request;
  request.set_name(flags.name);
  mgmt::DeleteConnectionResponse response;
  OCA_RETURN_IF_ERROR(
      session.Call(&TapeLibraries::Stub::DeleteConnection, request, &response, Patience::kChange));
  if (session.json()) {
    session.PrintJson({{"name", flags.name}, {"deleted", true}});
  } else {
    session.Print(fmt::format("Connection of '{}' deleted.\n", flags.name));
  }
  return absl::OkStatus();
}

}  // namespace

void AddConnection(CLI::App* group, Session& session) {
  auto flags = std::make_shared<ConnectionFlags>();
  CLI::App* show = group->add_subcommand("show", "List how containers are reached");
  show->add_option("--name", flags->name, "Of this container");
  show->add_flag("--verbose", flags->verbose, "A record of each instead of a table");
  session.Bind(show, [&session, flags] { return ShowConnections(session, *flags); });

  CLI::App* add = group->add_subcommand("add", "Let hosts into a tape library by iSCSI");
  add->add_option("--name", flags->name, "Of the container");
  add->add_option("--type", flags->type, "ISCSI");
  add->add_option("--initiators", flags->initiators,
                  "Hosts: iSCSI names, or addresses and networks, with commas between them");
  add->add_option("--chap_user", flags->chap_user,
                  "User with the role iscsi, whose password hosts give (iscsi_user)");
  add->add_option("--target_user", flags->target_user,
                  "By which the target proves itself; its password is asked for");
  session.Bind(add, [&session, flags] { return MakeConnection(session, *flags); });
  add->footer(
      "Example:\n  oca connection --add --name lib1 --type ISCSI --initiators "
      "iqn.2026-11.com.example:host");

  CLI::App* update = group->add_subcommand("update", "Change who may log in");
  update->add_option("--name", flags->name, "Of the container");
  update->add_option("--initiators", flags->initiators, "These hosts and no others");
  update->add_option("--chap_user", flags->chap_user, "Whose password hosts give");
  update->add_option("--target_user", flags->target_user,
                     "By which the target proves itself, or none");
  update->add_option("--revision", flags->revision, "Only when it still has this revision");
  session.Bind(update,
               [&session, flags, update] { return UpdateConnection(session, *flags, *update); });

  CLI::App* remove = group->add_subcommand("delete", "Let no host in any more");
  remove->add_option("--name", flags->name, "Of the container");
  session.AddYes(remove);
  session.Bind(remove, [&session, flags] { return DeleteConnection(session, *flags); });

  for (bool on : {true, false}) {
    CLI::App* verb = group->add_subcommand(on ? "enable" : "disable",
                                           on ? "Let hosts in again" : "Let no host in for now");
    verb->add_option("--name", flags->name, "Of the container");
    session.Bind(verb, [&session, flags, on] { return EnableConnection(session, *flags, on); });
  }
}

}  // namespace oca::cli
