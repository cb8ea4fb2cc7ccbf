// oca user
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "cli/password_call.h"
#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/users.grpc.pb.h"
#include "lib/base/status.h"
#include "lib/crypto/secret.h"

namespace oca::cli {
namespace {

using management::v1::Users;

namespace mgmt = management::v1;

struct UserFlags {
  std::string name;
  std::string roles;
  std::string full_name;
  std::string email_addr;
  std::string phone;
  std::string description;
  std::string key;
  std::string fingerprint;
  uint64_t revision = 0;
  bool generate = false;
  bool no_password = false;
  bool enable = false;
  bool disable = false;
  bool users = false;
  bool logins = false;
  bool tokens = false;
  bool verbose = false;
  bool names_only = false;
};

// Of "administrator,cifs"; "none" = none.
absl::StatusOr<std::vector<mgmt::Role>> ParseRoles(const std::string& text) {
  std::vector<mgmt::Role> roles;
  if (text == "none") return roles;
  for (absl::string_view word : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    OCA_ASSIGN_OR_RETURN(mgmt::Role role,
                         ParseRole(absl::AsciiStrToLower(absl::StripAsciiWhitespace(word))));
    roles.push_back(role);
  }
  return roles;
}

std::string RolesText(const mgmt::User& user) {
  std::string text;
  for (int i = 0; i < user.roles_size(); ++i) {
    text += (i == 0 ? "" : ",") + EnumWord(user.roles(i));
  }
  return text.empty() ? "none" : text;
}

std::string UserText(const mgmt::User& user) {
  Record record;
  record.Add("Name", user.name())
      .Add("ID", std::to_string(user.id()))
      .Add("Roles", RolesText(user))
      .Add("Enabled", user.enabled() ? "yes" : "no")
      .Add("Full Name", user.full_name())
      .Add("Email Address", user.email_addr())
      .Add("Phone", user.phone())
      .Add("Description", user.description())
      .Add("Password Set", TimeText(user.password_changed()))
      .Add("Password Kept", user.has_secret() ? "sealed" : "no")
      .Add("Second Factor",
           user.has_totp() ? fmt::format("yes, {} recovery codes left", user.recovery_codes_left())
                           : "no")
      .Add("Last Login", TimeText(user.last_login()))
      .Add("Last Login From", user.last_login_from())
      .Add("Created", TimeText(user.created()))
      .Add("Revision", std::to_string(user.revision()));
  for (const mgmt::SshKey& key : user.ssh_keys()) {
    record.Add("SSH Key", fmt::format("{} {} {}", key.fingerprint(), key.type(), key.comment()));
  }
  return record.Text();
}

std::string UsersText(const mgmt::ListUsersResponse& list) {
  Table table({"Name", "ID>", "Roles", "Enabled", "Password Set", "Last Login", "Full Name"});
  for (const mgmt::User& user : list.users()) {
    table.Add({user.name(), std::to_string(user.id()), RolesText(user),
               user.enabled() ? "yes" : "no", TimeText(user.password_changed()),
               TimeText(user.last_login()), user.full_name()});
  }
  return table.empty() ? "There is no such user.\n" : table.Text();
}

void PrintUser(Session& session, std::string_view done, const mgmt::User& user) {
  if (session.json()) {
    session.PrintJson(ToJson(user));
  } else {
    session.Print(fmt::format("{}{}", done, UserText(user)));
  }
}

void PrintWithPassword(Session& session, std::string_view done,
                       const mgmt::UserWithPassword& answer) {
  if (session.json()) {
    Json json = ToJson(answer.user());
    if (!answer.generated_password().empty()) {
      json["generated_password"] = answer.generated_password();
    }
    session.PrintJson(json);
    return;
  }
  PrintUser(session, done, answer.user());
  if (!answer.generated_password().empty()) {
    session.Print(
        fmt::format("\nPassword: {}\nIt is not shown again.\n", answer.generated_password()));
  }
}

absl::Status ShowLogins(Session& session) {
  mgmt::ListLoginsResponse list;
  OCA_RETURN_IF_ERROR(session.Call(&Users::Stub::ListLogins, mgmt::ListLoginsRequest(), &list));
  if (session.json()) {
    session.PrintJson(ToJson(list));
    return absl::OkStatus();
  }
  Table table({"User", "From", "Since", "Last Call", "Until"});
  for (const mgmt::LoginInfo& login : list.logins()) {
    table.Add({login.user(), login.origin(), TimeText(login.started()), TimeText(login.last_call()),
               TimeText(login.expires())});
  }
  session.Print(table.empty() ? "Nobody is signed in.\n" : table.Text());
  return absl::OkStatus();
}

absl::Status ShowUsers(Session& session, const UserFlags& flags) {
  if (flags.users + flags.logins + flags.tokens > 1) {
    return absl::InvalidArgumentError("one of --users, --logins and --tokens, not more");
  }
  if (flags.logins) return ShowLogins(session);
  if (flags.tokens) return ShowTokens(session, flags.name);
  mgmt::ListUsersRequest request;
  request.set_name(flags.name);
  if (!flags.roles.empty()) {
    OCA_ASSIGN_OR_RETURN(mgmt::Role role, ParseRole(flags.roles));
    request.set_role(role);
  }
  mgmt::ListUsersResponse list;
  OCA_RETURN_IF_ERROR(session.Call(&Users::Stub::ListUsers, request, &list));
  if (flags.names_only) {
    for (const mgmt::User& user : list.users()) session.Print(user.name() + "\n");
  } else if (!flags.name.empty() && list.users_size() == 1) {
    PrintUser(session, "", list.users(0));
  } else if (session.json()) {
    session.PrintJson(ToJson(list));
  } else if (flags.verbose) {
    std::string text;
    for (const mgmt::User& user : list.users()) text += (text.empty() ? "" : "\n") + UserText(user);
    session.Print(text);
  } else {
    session.Print(UsersText(list));
  }
  return absl::OkStatus();
}

absl::Status MakeUser(Session& session, UserFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the user"));
  mgmt::AddUserRequest request;
  request.set_name(flags.name);
  OCA_ASSIGN_OR_RETURN(std::vector<mgmt::Role> roles, ParseRoles(flags.roles));
  for (mgmt::Role role : roles) request.add_roles(role);
  request.set_full_name(flags.full_name);
  request.set_email_addr(flags.email_addr);
  request.set_phone(flags.phone);
  request.set_description(flags.description);
  request.set_generate_password(flags.generate);
  if (!flags.generate && !flags.no_password) {
    OCA_ASSIGN_OR_RETURN(
        *request.mutable_password(),
        session.AskSecret("password", fmt::format("Password of the new user '{}'", flags.name),
                          /*twice=*/true));
  }
  mgmt::UserWithPassword made;
  OCA_RETURN_IF_ERROR(CallAndWipe(session, &Users::Stub::AddUser, &request, &made));
  PrintWithPassword(session, "User added.\n", made);
  return absl::OkStatus();
}

absl::Status UpdateUser(Session& session, UserFlags& flags, const CLI::App& verb) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the user"));
  mgmt::UpdateUserRequest request;
  request.set_name(flags.name);
  request.set_revision(flags.revision);
  if (!flags.roles.empty()) {
    OCA_ASSIGN_OR_RETURN(std::vector<mgmt::Role> roles, ParseRoles(flags.roles));
    request.mutable_roles();
    for (mgmt::Role role : roles) request.mutable_roles()->add_roles(role);
  }
  // An empty text is a text too.
  if (verb.count("--full_name") > 0) request.set_full_name(flags.full_name);
  if (verb.count("--email_addr") > 0) request.set_email_addr(flags.email_addr);
  if (verb.count("--phone") > 0) request.set_phone(flags.phone);
  if (verb.count("--description") > 0) request.set_description(flags.description);
  if (flags.enable && flags.disable) {
    return absl::InvalidArgumentError("--enable or --disable, not both");
  }
  if (flags.enable || flags.disable) request.set_enabled(flags.enable);
  mgmt::User changed;
  OCA_RETURN_IF_ERROR(session.Call(&Users::Stub::UpdateUser, request, &changed, Patience::kChange));
  PrintUser(session, "User updated.\n", changed);
  return absl::OkStatus();
}

absl::Status DeleteUser(Session& session, UserFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the user"));
  OCA_RETURN_IF_ERROR(
      session.Confirm(fmt::format("User '{}' will be deleted. Go on?", flags.name)));
  mgmt::DeleteUserRequest request;
  request.set_name(flags.name);
  mgmt::DeleteUserResponse response;
  OCA_RETURN_IF_ERROR(
      session.Call(&Users::Stub::DeleteUser, request, &response, Patience::kChange));
  if (session.json()) {
    session.PrintJson({{"name", flags.name}, {"deleted", true}});
  } else {
    session.Print(fmt::format("User '{}' deleted.\n", flags.name));
  }
  return absl::OkStatus();
}

absl::Status AddKey(Session& session, UserFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the user"));
  if (flags.key.empty()) {
    OCA_ASSIGN_OR_RETURN(flags.key, session.ReadLine("public key"));
  }
  mgmt::AddUserKeyRequest request;
  request.set_name(flags.name);
  request.set_public_key(flags.key);
  mgmt::User changed;
  OCA_RETURN_IF_ERROR(session.Call(&Users::Stub::AddUserKey, request, &changed, Patience::kChange));
  PrintUser(session, "Key added.\n", changed);
  return absl::OkStatus();
}

absl::Status DeleteKey(Session& session, UserFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the user"));
  OCA_RETURN_IF_ERROR(
      session.Require(&flags.fingerprint, "--fingerprint", "Fingerprint of the key (SHA256:...)"));
  mgmt::DeleteUserKeyRequest request;
  request.set_name(flags.name);
  request.set_fingerprint(flags.fingerprint);
  mgmt::User changed;
  OCA_RETURN_IF_ERROR(
      session.Call(&Users::Stub::DeleteUserKey, request, &changed, Patience::kChange));
  PrintUser(session, "Key deleted.\n", changed);
  return absl::OkStatus();
}

absl::Status SetOwnPassword(Session& session) {
  mgmt::ChangeOwnPasswordRequest request;
  request.set_old_password(session.login_password());
  OCA_ASSIGN_OR_RETURN(*request.mutable_new_password(),
                       session.AskSecret("password", "New password", /*twice=*/true));
  mgmt::User changed;
  absl::Status status =
      session.Call(&Users::Stub::ChangeOwnPassword, request, &changed, Patience::kChange);
  crypto::Wipe(request.mutable_new_password()->data(), request.new_password().size());
  crypto::Wipe(request.mutable_old_password()->data(), request.old_password().size());
  OCA_RETURN_IF_ERROR(status);
  PrintUser(session, "Password set.\n", changed);
  return absl::OkStatus();
}

absl::Status SetUserPassword(Session& session, UserFlags& flags) {
  const bool own =
      !session.login().empty() && (flags.name.empty() || flags.name == session.login());
  if (own && !flags.generate) return SetOwnPassword(session);
  if (own) flags.name = session.login();
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the user"));
  mgmt::SetUserPasswordRequest request;
  request.set_name(flags.name);
  request.set_generate_password(flags.generate);
  if (!flags.generate) {
    OCA_ASSIGN_OR_RETURN(
        *request.mutable_password(),
        session.AskSecret("password", fmt::format("New password of user '{}'", flags.name),
                          /*twice=*/true));
  }
  mgmt::UserWithPassword changed;
  OCA_RETURN_IF_ERROR(CallAndWipe(session, &Users::Stub::SetUserPassword, &request, &changed));
  PrintWithPassword(session, "Password set.\n", changed);
  return absl::OkStatus();
}

void AddFacts(CLI::App* verb, UserFlags* flags) {
  verb->add_option("--roles", flags->roles,
                   "administrator, monitor, cifs, ost, rda, ndmp, iscsi, object, secure_connect, "
                   "email_recipient; with commas between them, or none");
  verb->add_option("--full_name", flags->full_name, "Full name");
  verb->add_option("--email_addr", flags->email_addr, "Mail address");
  verb->add_option("--phone", flags->phone, "Phone number");
  verb->add_option("--description", flags->description, "Anything else");
}

void AddShow(CLI::App* group, Session& session, const std::shared_ptr<UserFlags>& flags) {
  CLI::App* show =
      group->add_subcommand("show", "List users, one of them, who is signed in, or tokens");
  show->add_flag("--users", flags->users, "Users (the default)");
  show->add_flag("--logins", flags->logins, "Who is signed in with a password");
  show->add_flag("--tokens", flags->tokens, "Tokens by which programs call the REST API");
  show->add_option("--name", flags->name, "Only this one; with --tokens, only those of this user");
  show->add_option("--roles", flags->roles, "Only those who have this role");
  show->add_flag("--verbose", flags->verbose, "A record of each instead of a table");
  show->add_flag("--names_only", flags->names_only, "Names only, one per line");
  session.Bind(show, [&session, flags] { return ShowUsers(session, *flags); });
  show->footer("Example:\n  oca user --show --roles administrator");
}

}  // namespace

void AddUser(CLI::App* group, Session& session) {
  auto flags = std::make_shared<UserFlags>();
  AddShow(group, session, flags);

  CLI::App* add = group->add_subcommand(
      "add", "Add a user; the password is asked for, or read from standard input");
  add->add_option("--name", flags->name, "1 to 32 letters, digits, '.', '_' or '-'");
  AddFacts(add, flags.get());
  add->add_flag("--generate_password", flags->generate, "Make a password, and show it once");
  add->add_flag("--no_password", flags->no_password, "A user who does not sign in");
  session.Bind(add, [&session, flags] { return MakeUser(session, *flags); });
  add->footer("Example:\n  oca user --add --name eve --roles monitor --generate_password");

  CLI::App* update = group->add_subcommand("update", "Change a user: what is given, and no more");
  update->add_option("--name", flags->name, "Which one");
  AddFacts(update, flags.get());
  update->add_flag("--enable", flags->enable, "May sign in and use protocols");
  update->add_flag("--disable", flags->disable, "May not; logins end at once");
  update->add_option("--revision", flags->revision, "Only when the user still has this revision");
  session.Bind(update, [&session, flags, update] { return UpdateUser(session, *flags, *update); });
  update->footer("Example:\n  oca user --update --name eve --roles monitor,cifs");

  CLI::App* remove = group->add_subcommand("delete", "Delete a user");
  remove->add_option("--name", flags->name, "Which one");
  session.AddYes(remove);
  session.Bind(remove, [&session, flags] { return DeleteUser(session, *flags); });
  remove->footer("Example:\n  oca user --delete --name eve");

  CLI::App* set = group->add_subcommand(
      "setpassword", "Set a password; it is asked for, or read from standard input");
  set->add_option("--name", flags->name, "Whose; with --login one's own unless told");
  set->add_flag("--generate_password", flags->generate, "Make one, and show it once");
  session.Bind(set, [&session, flags] { return SetUserPassword(session, *flags); });
  set->footer("Example:\n  oca user --setpassword --login eve");

  CLI::App* add_key = group->add_subcommand(
      "addkey", "Let a user in by ssh; the public key is given, or read from standard input");
  add_key->add_option("--name", flags->name, "Whom");
  add_key->add_option("--key", flags->key, "One line, as in id_ed25519.pub");
  session.Bind(add_key, [&session, flags] { return AddKey(session, *flags); });
  add_key->footer("Example:\n  oca user --addkey --name eve < eve.pub");

  CLI::App* delete_key = group->add_subcommand("deletekey", "No longer let a user in by this key");
  delete_key->add_option("--name", flags->name, "Whom");
  delete_key->add_option("--fingerprint", flags->fingerprint, "SHA256:..., as --show tells it");
  session.Bind(delete_key, [&session, flags] { return DeleteKey(session, *flags); });
  delete_key->footer("Example:\n  oca user --deletekey --name eve --fingerprint SHA256:...");
}

}  // namespace oca::cli
