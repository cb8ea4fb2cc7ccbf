// oca user --totp
#include <memory>
#include <string>

#include "cli/password_call.h"
#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/second_factor.grpc.pb.h"
#include "lib/api/users.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::SecondFactor;
using management::v1::Users;

namespace mgmt = management::v1;

struct TotpFlags {
  std::string name;
  uint64_t revision = 0;
  bool show = false;
  bool enable = false;
  bool confirm = false;
  bool disable = false;
  bool recovery_codes = false;
  bool reset = false;
};

// Of the user who calls: with which he has signed in, or asked for.
absl::StatusOr<std::string> OwnPassword(Session& session) {
  if (!session.login_password().empty()) return session.login_password();
  return session.AskSecret("password", "Your password", /*twice=*/false);
}

// Sends the request with the caller's password.
template <typename Method, typename Request, typename Response>
absl::Status CallWithPassword(Session& session, Method method, Request request,
                              Response* response) {
  OCA_ASSIGN_OR_RETURN(*request.mutable_password(), OwnPassword(session));
  return CallAndWipe(session, method, &request, response);
}

absl::Status ShowTotp(Session& session, const TotpFlags& flags) {
  mgmt::ListUsersRequest request;
  request.set_name(flags.name);
  mgmt::ListUsersResponse list;
  OCA_RETURN_IF_ERROR(session.Call(&Users::Stub::ListUsers, request, &list));
  Json users = Json::array();
  Table table({"Name", "Second Factor", "Recovery Codes>"});
  for (const mgmt::User& user : list.users()) {
    users.push_back({{"name", user.name()},
                     {"has_totp", user.has_totp()},
                     {"recovery_codes_left", user.recovery_codes_left()}});
    table.Add({user.name(), user.has_totp() ? "yes" : "no",
               user.has_totp() ? std::to_string(user.recovery_codes_left()) : "-"});
  }
  if (session.json()) {
    session.PrintJson({{"users", users}});
  } else {
    session.Print(table.empty() ? "There is no user.\n" : table.Text());
  }
  return absl::OkStatus();
}

void PrintCodes(Session& session, std::string_view done, const mgmt::RecoveryCodes& codes) {
  if (session.json()) {
    session.PrintJson(ToJson(codes));
    return;
  }
  session.Print(
      fmt::format("{}\nRecovery codes, for when your app is gone; each lets you in "
                  "once:\n",
                  done));
  for (const std::string& code : codes.one_time_codes()) session.Print("  " + code + "\n");
  session.Print("They are not shown again: keep them where your app is not.\n");
}

absl::Status ConfirmTotp(Session& session) {
  mgmt::ConfirmTotpRequest request;
  OCA_ASSIGN_OR_RETURN(
      *request.mutable_one_time_code(),
      session.AskSecret("code", "A code, as your app shows it now", /*twice=*/false));
  mgmt::RecoveryCodes codes;
  OCA_RETURN_IF_ERROR(
      session.Call(&SecondFactor::Stub::ConfirmTotp, request, &codes, Patience::kChange));
  PrintCodes(session, "From now on a code is asked for at each login with the password.", codes);
  return absl::OkStatus();
}

absl::Status EnableTotp(Session& session) {
  mgmt::TotpSecret secret;
  OCA_RETURN_IF_ERROR(
      CallWithPassword(session, &SecondFactor::Stub::BeginTotp, mgmt::BeginTotpRequest(), &secret));
  if (session.json()) {
    session.PrintJson(ToJson(secret));
    return absl::OkStatus();
  }
  session.Print(
      fmt::format("Secret: {}\nURI   : {}\nPut one of them into your app. They are not "
                  "shown again.\n",
                  secret.secret(), secret.secret_uri()));
  if (session.can_ask()) return ConfirmTotp(session);
  session.Print("No code is asked for before you have given one: oca user --totp --confirm\n");
  return absl::OkStatus();
}

absl::Status RenewCodes(Session& session) {
  mgmt::RecoveryCodes codes;
  OCA_RETURN_IF_ERROR(CallWithPassword(session, &SecondFactor::Stub::RenewRecoveryCodes,
                                       mgmt::RenewRecoveryCodesRequest(), &codes));
  PrintCodes(session, "The recovery codes that you had do no more.", codes);
  return absl::OkStatus();
}

void PrintTotpOff(Session& session, const mgmt::User& user) {
  if (session.json()) {
    session.PrintJson(ToJson(user));
  } else {
    session.Print(
        fmt::format("User '{}' signs in with the password alone from now on.\n", user.name()));
  }
}

absl::Status DisableTotp(Session& session) {
  mgmt::User changed;
  OCA_RETURN_IF_ERROR(CallWithPassword(session, &SecondFactor::Stub::DisableTotp,
                                       mgmt::DisableTotpRequest(), &changed));
  PrintTotpOff(session, changed);
  return absl::OkStatus();
}

absl::Status ResetTotp(Session& session, TotpFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the user"));
  OCA_RETURN_IF_ERROR(session.Confirm(
      fmt::format("User '{}' will sign in with the password alone. Go on?", flags.name)));
  mgmt::ResetTotpRequest request;
  request.set_name(flags.name);
  request.set_revision(flags.revision);
  mgmt::User changed;
  OCA_RETURN_IF_ERROR(
      session.Call(&SecondFactor::Stub::ResetTotp, request, &changed, Patience::kChange));
  PrintTotpOff(session, changed);
  return absl::OkStatus();
}

absl::Status RunTotp(Session& session, TotpFlags& flags) {
  const int actions = int{flags.show} + flags.enable + flags.confirm + flags.disable +
                      flags.recovery_codes + flags.reset;
  if (actions > 1) {
    return absl::InvalidArgumentError(
        "one at a time: --show, --enable, --confirm, --disable, --recovery_codes or --reset");
  }
  if (flags.revision != 0 && !flags.reset) {
    return absl::InvalidArgumentError("--revision goes with --reset");
  }
  const bool own = flags.enable || flags.confirm || flags.disable || flags.recovery_codes;
  if (own && !flags.name.empty() && flags.name != session.login()) {
    return absl::InvalidArgumentError(
        "this is for one's own second factor alone: give --login instead of --name; an "
        "administrator may --reset that of another user");
  }
  if (flags.enable) return EnableTotp(session);
  if (flags.confirm) return ConfirmTotp(session);
  if (flags.disable) return DisableTotp(session);
  if (flags.recovery_codes) return RenewCodes(session);
  return flags.reset ? ResetTotp(session, flags) : ShowTotp(session, flags);
}

}  // namespace

void AddUserTotp(CLI::App* group, Session& session) {
  auto flags = std::make_shared<TotpFlags>();
  CLI::App* totp = group->add_subcommand(
      "totp", "A second factor at the login with a password: codes of an app (TOTP)");
  totp->add_flag("--show", flags->show, "Who has one (the default)");
  totp->add_flag("--enable", flags->enable, "Make a secret for one's own app; shown once");
  totp->add_flag("--confirm", flags->confirm,
                 "Give a code of the app: from then on one is asked for at each login");
  totp->add_flag("--disable", flags->disable, "One's own: no code is asked for any more");
  totp->add_flag("--recovery_codes", flags->recovery_codes,
                 "New codes for when the app is gone; the old ones do no more");
  totp->add_flag("--reset", flags->reset, "Take away that of a user who has lost it");
  totp->add_option("--name", flags->name, "With --show and --reset: which user");
  totp->add_option("--revision", flags->revision,
                   "With --reset: only when the user still has this revision");
  session.AddYes(totp);
  session.Bind(totp, [&session, flags] { return RunTotp(session, *flags); });
  totp->footer(
      "Examples:\n"
      "  oca user --totp --enable --login eve\n"
      "  oca user --totp --reset --name eve");
}

}  // namespace oca::cli
