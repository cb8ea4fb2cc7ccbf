#include "cli/shell.h"

#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "cli/session.h"
#include "cli/words.h"
#include "fmt/format.h"
#include "lib/api/home.h"
#include "lib/api/problem.h"
#include "lib/api/users.grpc.pb.h"
#include "lib/base/status.h"
#include "lib/rpc/account_door.h"
#include "lib/rpc/unix_socket.h"

namespace oca::cli {
namespace {

using management::v1::Users;

constexpr std::string_view kGreeting = "Oca. --help lists the commands, exit ends the session.\n";

// ocaconfigsvc may wait for PostgreSQL.
constexpr absl::Duration kEntryTimeout = absl::Seconds(60);

struct Entry {
  std::string home;
  std::string user;  // empty = of the account's name
};

// Exactly these options, each once; none = anything else.
std::optional<Entry> ParseEntry(std::span<const std::string> words) {
  if ((words.size() != 2 && words.size() != 4) || words[0] != "--home" || words[1].empty()) {
    return std::nullopt;
  }
  if (words.size() == 2) return Entry{words[1], ""};
  if (words[2] != "--user" || words[3].empty()) return std::nullopt;
  return Entry{words[1], words[3]};
}

// As ParseEntry; what sshd gives a login shell is in one word, with the program's own name first.
std::optional<Entry> EntryOf(std::span<const std::string> args) {
  if (args.size() != 2 || args[0] != "-c") return ParseEntry(args);
  absl::StatusOr<std::vector<std::string>> words = SplitWords(args[1]);
  if (!words.ok() || words->empty()) return std::nullopt;
  const std::string& program = words->front();
  if (program != "oca-shell" && !program.ends_with("/oca-shell")) return std::nullopt;
  return ParseEntry(std::span(*words).subspan(1));
}

int RunLine(std::string_view line, Context& context) {
  absl::StatusOr<std::vector<std::string>> words = SplitWords(line);
  if (!words.ok()) {
    context.err << "oca: " << MessageOf(words.status()) << '\n';
    return kUsage;
  }
  // `ssh host oca container --show` is meant well.
  if (!words->empty() && words->front() == "oca") words->erase(words->begin());
  return words->empty() ? 0 : Run(*words, context);
}

std::optional<std::string> NextLine(Context& context, const Terminal& terminal) {
  const std::string prompt = context.user + "@oca> ";
  if (terminal.read_line) return terminal.read_line(prompt);
  if (context.in_is_terminal) context.out << prompt << std::flush;
  std::string line;
  if (!std::getline(context.in, line)) return std::nullopt;
  return line;
}

int RunSession(Context& context, const Terminal& terminal) {
  if (context.in_is_terminal) context.out << kGreeting << std::flush;
  int code = 0;
  while (std::optional<std::string> line = NextLine(context, terminal)) {
    if (line == "exit" || line == "quit" || line == "logout") break;
    if (terminal.new_page) terminal.new_page();
    code = RunLine(*line, context);
    context.out.flush();
  }
  if (context.in_is_terminal) context.out << '\n';
  return code;
}

int RunFor(const Visitor& visitor, Context& context, const Terminal& terminal) {
  return visitor.command.empty() ? RunSession(context, terminal)
                                 : RunLine(visitor.command, context);
}

// Signs the user of the account's name in: sshd has checked the account's password.
absl::Status SignInByAccount(Context& context) {
  const std::string door = api::AccountsDoor(context.home);
  if (!rpc::SocketAnswers(door)) {
    return absl::UnavailableError(
        "the configuration service lets this account not in: it may be starting, or [ssh] "
        "account_group in oca.toml is not the account's group");
  }
  absl::StatusOr<std::string> token = rpc::KnockAt(door, context.from, "", kEntryTimeout);
  if (api::TypeOf(token.status()) == api::kCodeNeeded) {
    OCA_ASSIGN_OR_RETURN(
        std::string code,
        Session(context).AskSecret(
            "code", fmt::format("Code of the second factor of user '{}'", context.user),
            /*twice=*/false));
    token = rpc::KnockAt(door, context.from, code, kEntryTimeout);
  }
  OCA_RETURN_IF_ERROR(token.status());
  context.token = *std::move(token);
  return absl::OkStatus();
}

int RunForAccount(const Visitor& visitor, Context& context, const Terminal& terminal) {
  context.user = visitor.account;
  if (absl::Status entered = SignInByAccount(context); !entered.ok()) {
    return Report(context, entered);
  }
  const int code = RunFor(visitor, context, terminal);
  management::v1::LogoutResponse response;
  // It may be over already: the user is disabled, or the service is gone.
  Session(context)
      .Call(&Users::Stub::Logout, management::v1::LogoutRequest(), &response)
      .IgnoreError();
  return code;
}

}  // namespace

int RunShell(std::span<const std::string> args, const Visitor& visitor, Context& context,
             const Terminal& terminal) {
  std::optional<Entry> entry = EntryOf(args);
  if (!entry.has_value()) {
    context.err << "oca-shell: this account administers Oca, through sshd set up as "
                   "etc/sshd_oca.conf says, and leads nowhere else\n";
    return kUsage;
  }
  context.home = entry->home;
  context.from = visitor.address.empty() ? "ssh" : fmt::format("ssh {}", visitor.address);
  if (entry->user.empty()) return RunForAccount(visitor, context, terminal);
  context.user = entry->user;
  return RunFor(visitor, context, terminal);
}

}  // namespace oca::cli
