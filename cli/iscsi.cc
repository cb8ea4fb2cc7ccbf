// oca iscsi
#include <memory>
#include <string>

#include "cli/password_call.h"
#include "cli/session.h"
#include "fmt/format.h"
#include "lib/api/iscsi.h"
#include "lib/api/tape_libraries.grpc.pb.h"
#include "lib/api/users.grpc.pb.h"
#include "lib/base/status.h"
#include "lib/crypto/secret.h"

namespace oca::cli {
namespace {

using management::v1::TapeLibraries;
using management::v1::Users;

namespace mgmt = management::v1;

struct IscsiFlags {
  std::string name;
  std::string user = "iscsi_user";
  bool users = false;
  bool generate = false;
};

absl::StatusOr<mgmt::ListTapeLibrariesResponse> LibrariesOf(Session& session,
                                                            const IscsiFlags& flags) {
  mgmt::ListTapeLibrariesRequest request;
  request.set_name(flags.name);
  mgmt::ListTapeLibrariesResponse list;
  OCA_RETURN_IF_ERROR(session.Call(&TapeLibraries::Stub::ListTapeLibraries, request, &list));
  return list;
}

// A target with its units as a host numbers them.
std::string TargetText(const mgmt::TapeLibrary& library) {
  const vtl::v1::LibraryState& live = library.live();
  std::string text = fmt::format("Target {}: {}\n  Portal: {}\n  State: {}\n", library.name(),
                                 live.target(), live.portal(), EnumWord(live.state()));
  if (!live.error().empty()) text += fmt::format("  Error: {}\n", live.error());
  for (const vtl::v1::Session& each : live.sessions()) {
    text += fmt::format("  Session: {} from {}\n", each.initiator(), each.address());
  }
  int lun = 0;
  text += fmt::format("  LUN {}: controller\n", lun++);
  text += fmt::format("  LUN {}: changer {} {} {}\n", lun++, live.vendor(), live.product(),
                      live.serial());
  for (const vtl::v1::Element& element : live.elements()) {
    if (element.type() != vtl::v1::ELEMENT_TYPE_DRIVE) continue;
    text += fmt::format("  LUN {}: tape {} {}\n", lun++, element.product(), element.serial());
  }
  return text;
}

absl::Status ShowTargetUsers(Session& session) {
  mgmt::ListUsersRequest request;
  request.set_role(mgmt::ROLE_ISCSI);
  mgmt::ListUsersResponse list;
  OCA_RETURN_IF_ERROR(session.Call(&Users::Stub::ListUsers, request, &list));
  if (session.json()) {
    session.PrintJson(ToJson(list));
    return absl::OkStatus();
  }
  Table table({"CHAP User", "Enabled", "Password Kept"});
  for (const mgmt::User& user : list.users()) {
    table.Add({user.name(), user.enabled() ? "yes" : "no", user.has_secret() ? "sealed" : "no"});
  }
  session.Print(table.empty() ? "No user has the role iscsi. Make one: oca iscsi --setpassword\n"
                              : table.Text());
  return absl::OkStatus();
}

absl::Status ShowTargets(Session& session, const IscsiFlags& flags) {
  if (flags.users) return ShowTargetUsers(session);
  OCA_ASSIGN_OR_RETURN(mgmt::ListTapeLibrariesResponse list, LibrariesOf(session, flags));
  if (session.json()) {
    session.PrintJson(ToJson(list));
    return absl::OkStatus();
  }
  std::string text;
  for (const mgmt::TapeLibrary& library : list.libraries()) text += TargetText(library);
  session.Print(text.empty() ? "There is no iSCSI target.\n" : text);
  return absl::OkStatus();
}

absl::Status ShowTargetSessions(Session& session, const IscsiFlags& flags) {
  OCA_ASSIGN_OR_RETURN(mgmt::ListTapeLibrariesResponse list, LibrariesOf(session, flags));
  Json rows = Json::array();
  Table table({"Container", "Initiator", "Address", "Target"});
  for (const mgmt::TapeLibrary& library : list.libraries()) {
    for (const vtl::v1::Session& each : library.live().sessions()) {
      table.Add({library.name(), each.initiator(), each.address(), library.live().target()});
      rows.push_back({{"name", library.name()},
                      {"initiator", each.initiator()},
                      {"address", each.address()},
                      {"target", library.live().target()}});
    }
  }
  if (session.json()) {
    session.PrintJson({{"sessions", rows}});
  } else {
    session.Print(table.empty() ? "Nobody is logged in.\n" : table.Text());
  }
  return absl::OkStatus();
}

// Sets the password, and makes the user where there is none.
absl::Status PutTargetPassword(Session& session, const IscsiFlags& flags,
                               const std::string& password, mgmt::UserWithPassword* changed) {
  mgmt::SetUserPasswordRequest set;
  set.set_name(flags.user);
  set.set_password(password);
  set.set_generate_password(flags.generate);
  absl::Status status = CallAndWipe(session, &Users::Stub::SetUserPassword, &set, changed);
  if (!absl::IsNotFound(status)) return status;
  mgmt::AddUserRequest add;
  add.set_name(flags.user);
  add.add_roles(mgmt::ROLE_ISCSI);
  add.set_password(password);
  add.set_generate_password(flags.generate);
  return CallAndWipe(session, &Users::Stub::AddUser, &add, changed);
}

absl::Status SetTargetPassword(Session& session, IscsiFlags& flags) {
  std::string password;
  if (!flags.generate) {
    OCA_ASSIGN_OR_RETURN(
        password,
        session.AskSecret("password", fmt::format("New password of CHAP user '{}'", flags.user),
                          /*twice=*/true));
    OCA_RETURN_IF_ERROR(api::CheckChapAccount("CHAP", flags.user, password));
  }
  mgmt::UserWithPassword changed;
  absl::Status status = PutTargetPassword(session, flags, password, &changed);
  crypto::Wipe(password.data(), password.size());
  OCA_RETURN_IF_ERROR(status);
  if (session.json()) {
    Json json = ToJson(changed.user());
    if (flags.generate) json["generated_password"] = changed.generated_password();
    session.PrintJson(json);
    return absl::OkStatus();
  }
  session.Print(fmt::format(
      "Password of CHAP user '{}' set. Sessions of hosts that log in with it end.\n", flags.user));
  if (flags.generate) {
    session.Print(
        fmt::format("\nPassword: {}\nIt is not shown again.\n", changed.generated_password()));
  }
  return absl::OkStatus();
}

}  // namespace

void AddIscsi(CLI::App* group, Session& session) {
  auto flags = std::make_shared<IscsiFlags>();
  CLI::App* show = group->add_subcommand("show", "Targets with their units, or CHAP users");
  show->add_option("--name", flags->name, "Only of this container");
  show->add_flag("--user", flags->users, "Users with the role iscsi");
  session.Bind(show, [&session, flags] { return ShowTargets(session, *flags); });

  CLI::App* sessions = group->add_subcommand("sessions", "Who is logged in");
  sessions->add_option("--name", flags->name, "Only to this container");
  session.Bind(sessions, [&session, flags] { return ShowTargetSessions(session, *flags); });

  CLI::App* set = group->add_subcommand(
      "setpassword",
      "Set the password of a CHAP user, 12 to 16 characters; it is asked for, or "
      "read from standard input");
  set->add_option("--user", flags->user, "Which one (iscsi_user); made where it is missing");
  set->add_flag("--generate_password", flags->generate, "Make one, and show it once");
  session.Bind(set, [&session, flags] { return SetTargetPassword(session, *flags); });
  set->footer("Example:\n  oca iscsi --setpassword --generate_password");
}

}  // namespace oca::cli
