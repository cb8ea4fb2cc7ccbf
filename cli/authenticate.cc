// oca authenticate: who may use containers over CIFS, as far as users of the appliance go
#include <algorithm>
#include <memory>
#include <string>

#include "cli/password_call.h"
#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/users.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::Users;

namespace mgmt = management::v1;

struct AuthenticateFlags {
  std::string user;
  bool users = false;
};

// kNotFound when there is none of this name.
absl::StatusOr<mgmt::User> FindUser(Session& session, const std::string& name) {
  mgmt::ListUsersRequest request;
  request.set_name(name);
  mgmt::ListUsersResponse list;
  OCA_RETURN_IF_ERROR(session.Call(&Users::Stub::ListUsers, request, &list));
  if (list.users_size() != 1) return absl::NotFoundError(fmt::format("no user '{}'", name));
  return list.users(0);
}

bool IsCifsUser(const mgmt::User& user) {
  return std::find(user.roles().begin(), user.roles().end(), mgmt::ROLE_CIFS) != user.roles().end();
}

void PrintCifsUser(Session& session, std::string_view done, const mgmt::User& user) {
  if (session.json()) {
    session.PrintJson(ToJson(user));
  } else {
    session.Print(fmt::format("{} '{}'.\n", done, user.name()));
  }
}

absl::Status ShowCifsUsers(Session& session) {
  mgmt::ListUsersRequest request;
  request.set_role(mgmt::ROLE_CIFS);
  mgmt::ListUsersResponse list;
  OCA_RETURN_IF_ERROR(session.Call(&Users::Stub::ListUsers, request, &list));
  if (session.json()) {
    session.PrintJson(ToJson(list));
    return absl::OkStatus();
  }
  Table table({"User", "Enabled", "Password Set", "Full Name"});
  for (const mgmt::User& user : list.users()) {
    table.Add({user.name(), user.enabled() ? "yes" : "no", TimeText(user.password_changed()),
               user.full_name()});
  }
  session.Print(table.empty() ? "There is no user for CIFS.\n" : table.Text());
  return absl::OkStatus();
}

// Of the user, without or with the role cifs; the others stay.
absl::StatusOr<mgmt::User> ChangeCifsRole(Session& session, const mgmt::User& user, bool has_role) {
  mgmt::UpdateUserRequest request;
  request.set_name(user.name());
  request.set_revision(user.revision());
  request.mutable_roles();
  for (int role : user.roles()) {
    if (role != mgmt::ROLE_CIFS) request.mutable_roles()->add_roles(static_cast<mgmt::Role>(role));
  }
  if (has_role) request.mutable_roles()->add_roles(mgmt::ROLE_CIFS);
  mgmt::User changed;
  OCA_RETURN_IF_ERROR(session.Call(&Users::Stub::UpdateUser, request, &changed, Patience::kChange));
  changed.set_name(user.name());
  return changed;
}

absl::StatusOr<mgmt::User> MakeCifsUser(Session& session, const std::string& name) {
  mgmt::AddUserRequest request;
  request.set_name(name);
  request.add_roles(mgmt::ROLE_CIFS);
  OCA_ASSIGN_OR_RETURN(
      *request.mutable_password(),
      session.AskSecret("password", fmt::format("Password of the new user '{}'", name),
                        /*twice=*/true));
  mgmt::UserWithPassword made;
  OCA_RETURN_IF_ERROR(CallAndWipe(session, &Users::Stub::AddUser, &request, &made));
  return made.user();
}

absl::Status AddCifsUser(Session& session, AuthenticateFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.user, "--user", "Name of the user"));
  absl::StatusOr<mgmt::User> user = FindUser(session, flags.user);
  if (user.ok() && IsCifsUser(*user)) {
    return absl::AlreadyExistsError(fmt::format("user '{}' may use CIFS already", flags.user));
  }
  if (absl::IsNotFound(user.status())) {
    user = MakeCifsUser(session, flags.user);
  } else if (user.ok()) {
    user = ChangeCifsRole(session, *user, /*has_role=*/true);
  }
  OCA_RETURN_IF_ERROR(user.status());
  PrintCifsUser(session, "CIFS is open to user", *user);
  return absl::OkStatus();
}

absl::Status DeleteCifsUser(Session& session, AuthenticateFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.user, "--user", "Name of the user"));
  OCA_ASSIGN_OR_RETURN(mgmt::User user, FindUser(session, flags.user));
  if (!IsCifsUser(user)) {
    return absl::FailedPreconditionError(fmt::format("user '{}' may not use CIFS", flags.user));
  }
  OCA_RETURN_IF_ERROR(session.Confirm(
      fmt::format("User '{}' will no longer be let in over CIFS. Go on?", flags.user)));
  OCA_ASSIGN_OR_RETURN(user, ChangeCifsRole(session, user, /*has_role=*/false));
  PrintCifsUser(session, "CIFS is closed to user", user);
  return absl::OkStatus();
}

absl::Status SetCifsPassword(Session& session, AuthenticateFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.user, "--user", "Name of the user"));
  mgmt::SetUserPasswordRequest request;
  request.set_name(flags.user);
  OCA_ASSIGN_OR_RETURN(
      *request.mutable_password(),
      session.AskSecret("password", fmt::format("New password of user '{}'", flags.user),
                        /*twice=*/true));
  mgmt::UserWithPassword changed;
  OCA_RETURN_IF_ERROR(CallAndWipe(session, &Users::Stub::SetUserPassword, &request, &changed));
  changed.mutable_user()->set_name(flags.user);
  PrintCifsUser(session, "A new password is set for user", changed.user());
  return absl::OkStatus();
}

}  // namespace

void AddAuthenticate(CLI::App* group, Session& session) {
  auto flags = std::make_shared<AuthenticateFlags>();
  CLI::App* show = group->add_subcommand("show", "List users with the role cifs");
  show->add_flag("--users", flags->users, "The same: there are users of the appliance alone");
  session.Bind(show, [&session, flags] { return ShowCifsUsers(session); });

  const auto add_verb = [&](const char* name, const char* what, auto action) {
    CLI::App* verb = group->add_subcommand(name, what);
    verb->add_option("--user", flags->user, "Name of the user");
    session.Bind(verb, [&session, flags, action] { return action(session, *flags); });
    return verb;
  };
  add_verb("add", "Open CIFS to a user; a new one where there is none of this name", AddCifsUser);
  session.AddYes(add_verb("delete", "Close CIFS to a user, who stays", DeleteCifsUser));
  add_verb("set", "Set the user's password, which is that of all protocols", SetCifsPassword);
}

}  // namespace oca::cli
