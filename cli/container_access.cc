// oca container --add_uac, --update_uac, --delete_uac, --show_uac
#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/access.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::Access;

namespace mgmt = management::v1;

struct AccessFlags {
  std::string name;
  std::string user;
  std::string role;
  std::string mode;
  uint64_t revision = 0;
};

std::string ModeText(mgmt::AccessMode mode) { return absl::AsciiStrToUpper(EnumWord(mode)); }

absl::StatusOr<mgmt::AccessMode> ParseMode(const std::string& text) {
  const std::string word = absl::AsciiStrToUpper(text);
  if (word == "RW") return mgmt::ACCESS_MODE_RW;
  if (word == "RWD") return mgmt::ACCESS_MODE_RWD;
  return absl::InvalidArgumentError(fmt::format(
      "--mode is RW (read and write) or RWD (and delete the container), not '{}'", text));
}

// Puts container and user or role into the request.
template <typename Request>
absl::Status FillKey(Session& session, AccessFlags& flags, Request* request) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the container"));
  if (flags.user.empty() == flags.role.empty()) {
    return absl::InvalidArgumentError("whom is it for? Give --user or --role, not both");
  }
  request->set_name(flags.name);
  request->set_user(flags.user);
  if (!flags.role.empty()) {
    OCA_ASSIGN_OR_RETURN(mgmt::Role role, ParseRole(absl::AsciiStrToLower(flags.role)));
    request->set_role(role);
  }
  return absl::OkStatus();
}

// The same, and what they may.
template <typename Request>
absl::Status FillEntry(Session& session, AccessFlags& flags, Request* request) {
  OCA_RETURN_IF_ERROR(FillKey(session, flags, request));
  OCA_RETURN_IF_ERROR(session.Require(&flags.mode, "--mode", "RW or RWD"));
  OCA_ASSIGN_OR_RETURN(mgmt::AccessMode mode, ParseMode(flags.mode));
  request->set_mode(mode);
  return absl::OkStatus();
}

std::string WhoText(const mgmt::AccessEntry& entry) {
  return entry.user().empty() ? EnumWord(entry.role()) : entry.user();
}

void PrintAccess(Session& session, std::string_view done, const mgmt::AccessEntry& entry) {
  if (session.json()) {
    session.PrintJson(ToJson(entry));
    return;
  }
  session.Print(done);
  session.Print(Record()
                    .Add("Container", entry.name())
                    .Add(entry.user().empty() ? "Role" : "User", WhoText(entry))
                    .Add("Access", ModeText(entry.mode()))
                    .Add("Created", TimeText(entry.created()))
                    .Add("Revision", std::to_string(entry.revision()))
                    .Text());
}

absl::Status ShowAccess(Session& session, const AccessFlags& flags) {
  mgmt::ListAccessRequest request;
  request.set_name(flags.name);
  request.set_user(flags.user);
  if (!flags.role.empty()) {
    OCA_ASSIGN_OR_RETURN(mgmt::Role role, ParseRole(absl::AsciiStrToLower(flags.role)));
    request.set_role(role);
  }
  mgmt::ListAccessResponse list;
  OCA_RETURN_IF_ERROR(session.Call(&Access::Stub::ListAccess, request, &list));
  if (session.json()) {
    session.PrintJson(ToJson(list));
    return absl::OkStatus();
  }
  Table table({"Container", "User", "User ID>", "Role", "Access"});
  for (const mgmt::AccessEntry& entry : list.entries()) {
    const bool for_user = !entry.user().empty();
    table.Add({entry.name(), for_user ? entry.user() : "-",
               for_user ? std::to_string(entry.user_id()) : "-",
               for_user ? "-" : EnumWord(entry.role()), ModeText(entry.mode())});
  }
  session.Print(table.empty() ? "There is no such entry: containers without any are open to every "
                                "user of a protocol.\n"
                              : table.Text());
  return absl::OkStatus();
}

absl::Status AddAccess(Session& session, AccessFlags& flags) {
  mgmt::AddAccessRequest request;
  OCA_RETURN_IF_ERROR(FillEntry(session, flags, &request));
  mgmt::AccessEntry made;
  OCA_RETURN_IF_ERROR(session.Call(&Access::Stub::AddAccess, request, &made, Patience::kChange));
  PrintAccess(session, "Access added.\n", made);
  return absl::OkStatus();
}

absl::Status UpdateAccess(Session& session, AccessFlags& flags) {
  mgmt::UpdateAccessRequest request;
  OCA_RETURN_IF_ERROR(FillEntry(session, flags, &request));
  request.set_revision(flags.revision);
  mgmt::AccessEntry changed;
  OCA_RETURN_IF_ERROR(
      session.Call(&Access::Stub::UpdateAccess, request, &changed, Patience::kChange));
  PrintAccess(session, "Access updated.\n", changed);
  return absl::OkStatus();
}

absl::Status DeleteAccess(Session& session, AccessFlags& flags) {
  mgmt::DeleteAccessRequest request;
  OCA_RETURN_IF_ERROR(FillKey(session, flags, &request));
  mgmt::DeleteAccessResponse response;
  OCA_RETURN_IF_ERROR(
      session.Call(&Access::Stub::DeleteAccess, request, &response, Patience::kChange));
  if (session.json()) {
    session.PrintJson(
        {{"name", flags.name}, {"user", flags.user}, {"role", flags.role}, {"deleted", true}});
  } else {
    session.Print("Access deleted.\n");
  }
  return absl::OkStatus();
}

void AddKeyOptions(CLI::App* verb, AccessFlags* flags) {
  verb->add_option("--name", flags->name, "Which container");
  verb->add_option("--user", flags->user, "Whom: a user");
  verb->add_option("--role", flags->role, "Whom: all users who have this role");
}

}  // namespace

void AddContainerAccess(CLI::App* group, Session& session) {
  auto flags = std::make_shared<AccessFlags>();
  const char* kMode = "RW: read and write; RWD: delete the container, too";
  CLI::App* add = group->add_subcommand(
      "add_uac", "Let a user or a role use a container; with the first one nobody else may");
  AddKeyOptions(add, flags.get());
  add->add_option("--mode", flags->mode, kMode);
  session.Bind(add, [&session, flags] { return AddAccess(session, *flags); });
  add->footer("Example:\n  oca container --add_uac --name backups --user eve --mode RWD");

  CLI::App* update = group->add_subcommand("update_uac", "Change what a user or a role may");
  AddKeyOptions(update, flags.get());
  update->add_option("--mode", flags->mode, kMode);
  update->add_option("--revision", flags->revision, "Only when the entry still has this revision");
  session.Bind(update, [&session, flags] { return UpdateAccess(session, *flags); });
  update->footer("Example:\n  oca container --update_uac --name backups --user eve --mode RW");

  CLI::App* remove = group->add_subcommand("delete_uac", "No longer let a user or a role");
  AddKeyOptions(remove, flags.get());
  session.Bind(remove, [&session, flags] { return DeleteAccess(session, *flags); });
  remove->footer("Example:\n  oca container --delete_uac --name backups --user eve");

  CLI::App* show = group->add_subcommand("show_uac", "Who may use which containers");
  AddKeyOptions(show, flags.get());
  session.Bind(show, [&session, flags] { return ShowAccess(session, *flags); });
  show->footer("Example:\n  oca container --show_uac --name backups");
}

}  // namespace oca::cli
