#include "cli/run.h"

#include <string_view>
#include <vector>

#include "CLI/CLI.hpp"
#include "cli/grammar.h"
#include "cli/session.h"
#include "fmt/format.h"
#include "lib/api/home.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

constexpr char kRootFooter[] =
    "Every verb may be written bare too: oca container add is oca container --add.\n"
    "oca <group> --help and oca <group> --<verb> --help tell more. --json answers in JSON.\n"
    "Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 not found, 4 exists or in the wrong "
    "state,\n"
    "5 a part of the appliance is down, 6 declined or stopped, 7 not signed in.\n\n"
    "Examples:\n"
    "  oca container --add --name backups\n"
    "  oca stats --storage_group --name DefaultGroup --json\n"
    "  oca maintenance --filesystem --reclaim_space";

// Help in the words of our grammar: groups bare, verbs with dashes.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* app, std::string) const override {
    const CLI::App* parent = app->get_parent();
    if (parent == nullptr) return "\nUsage: oca <group> --<verb> [options]\n";
    if (parent->get_parent() == nullptr) {
      return fmt::format("\nUsage: oca {} --<verb> [options]\n", app->get_name());
    }
    return fmt::format("\nUsage: oca {} --{} [options]\n", parent->get_name(), app->get_name());
  }
  std::string make_subcommand(const CLI::App* sub) const override {
    bool is_verb = sub->get_parent()->get_parent() != nullptr;
    return fmt::format("  {:<{}}{}\n", (is_verb ? "--" : "") + sub->get_name(),
                       get_column_width() - 2, sub->get_description());
  }
  std::string make_subcommands(const CLI::App* app, CLI::AppFormatMode) const override {
    if (app->get_subcommands({}).empty()) return "";
    std::string text = app->get_parent() == nullptr ? "\nGroups:\n" : "\nVerbs:\n";
    for (const CLI::App* sub : app->get_subcommands({})) text += make_subcommand(sub);
    return text;
  }
};

// wanted: the group whose verbs are parsed; the others are there for the list of groups alone.
void BuildParser(CLI::App& app, std::string_view wanted, Session& session) {
  auto formatter = std::make_shared<HelpFormatter>();
  formatter->column_width(26);
  app.formatter(formatter);
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", fmt::format("oca {}", api::Version()));
  app.footer(kRootFooter);
  for (const Group& group : Groups()) {
    CLI::App* sub = app.add_subcommand(group.name, group.what);
    if (group.name != wanted) continue;
    sub->require_subcommand(1);
    sub->footer(fmt::format("oca {} --<verb> --help tells more.", group.name));
    if (group.name == "system") {
      AddSystem(sub, session);
      AddSystemStorage(sub, session);
      AddSystemAudit(sub, session);
    }
    if (group.name == "storage_group") {
      AddStorageGroup(sub, session);
      AddStorageGroupEncryption(sub, session);
    }
    if (group.name == "performance_tier") AddPerformanceTier(sub, session);
    if (group.name == "container") AddContainer(sub, session);
    if (group.name == "container") AddRetention(sub, session);
    if (group.name == "container") AddContainerAccess(sub, session);
    if (group.name == "connection") AddConnection(sub, session);
    if (group.name == "vtl") AddVtl(sub, session);
    if (group.name == "iscsi") AddIscsi(sub, session);
    if (group.name == "ndmp") AddNdmp(sub, session);
    if (group.name == "replication") AddReplication(sub, session);
    if (group.name == "container") AddRecycleBin(sub, session);
    if (group.name == "stats") {
      AddStats(sub, session);
      AddMachineStats(sub, session);
      AddHistory(sub, session);
      AddNdmpStats(sub, session);
    }
    if (group.name == "maintenance") AddMaintenance(sub, session);
    if (group.name == "maintenance") AddDiagnostics(sub, session);
    if (group.name == "schedule") AddSchedule(sub, session);
    if (group.name == "user") {
      AddUser(sub, session);
      AddUserTokens(sub, session);
      AddUserTotp(sub, session);
    }
    if (group.name == "authenticate") AddAuthenticate(sub, session);
    if (group.name == "audit") AddAudit(sub, session);
    if (group.name == "alerts") AddAlerts(sub, session);
    if (group.name == "email_alerts") AddEmailAlerts(sub, session);
    if (group.name == "email_stats") AddEmailStats(sub, session);
  }
}

ExitCode CodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kSuccess;
    case absl::StatusCode::kInvalidArgument:
      return kUsage;
    case absl::StatusCode::kNotFound:
      return kNotFound;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAborted:
      return kConflict;
    case absl::StatusCode::kUnauthenticated:
      return kNotSignedIn;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return kUnreachable;
    case absl::StatusCode::kCancelled:
      return kDeclined;
    default:
      return kFailed;
  }
}

}  // namespace

ExitCode Report(Context& context, const absl::Status& status, std::string_view request) {
  context.out.flush();
  if (status.ok() && !context.out) {
    context.err << "oca: the answer cannot be written to standard output\n";
    return kFailed;
  }
  const ExitCode code = CodeOf(status);
  if (!status.ok()) context.err << "oca: " << MessageOf(status) << '\n';
  // What is no fault of who called is looked up in the logs.
  if (!request.empty() && (code == kFailed || code == kUnreachable)) {
    context.err << "oca: in the logs this is request=" << request << '\n';
  }
  return code;
}

int Run(std::span<const std::string> args, Context& context) {
  absl::StatusOr<std::vector<std::string>> words = Normalize(args);
  if (!words.ok()) return Report(context, words.status());
  Session session(context);
  CLI::App app{
      "oca administers an Oca appliance: storage groups, containers, statistics, maintenance.",
      "oca"};
  BuildParser(app, words->empty() ? std::string_view() : words->front(), session);
  try {
    // CLI11 takes the words in reverse.
    app.parse(std::vector<std::string>(words->rbegin(), words->rend()));
  } catch (const CLI::Success& asked) {
    return app.exit(asked, context.out, context.err);
  } catch (const CLI::ParseError& error) {
    std::string_view help =
        words->size() > 1 && (*words)[1][0] != '-' ? std::string_view(" --") : std::string_view();
    context.err << fmt::format("oca: {} (see oca {}{}{} --help)\n", error.what(), (*words)[0], help,
                               help.empty() ? "" : (*words)[1]);
    return kUsage;
  }
  const absl::Status done = session.RunAction();
  return Report(context, done, session.request_id());
}

}  // namespace oca::cli
