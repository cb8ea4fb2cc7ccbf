#include "cli/shell.h"

#include <optional>
#include <vector>

#include "cli/words.h"
#include "fmt/format.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

constexpr std::string_view kGreeting = "Oca. --help lists the commands, exit ends the session.\n";

struct Entry {
  std::string home;
  std::string user;
};

// Exactly the two options, each once; none = anything else.
std::optional<Entry> ParseEntry(std::span<const std::string> words) {
  if (words.size() != 4 || words[0] != "--home" || words[2] != "--user") return std::nullopt;
  if (words[1].empty() || words[3].empty()) return std::nullopt;
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

}  // namespace

int RunShell(std::span<const std::string> args, const Visitor& visitor, Context& context,
             const Terminal& terminal) {
  std::optional<Entry> entry = EntryOf(args);
  if (!entry.has_value()) {
    context.err
        << "oca-shell: this account administers Oca; its keys are set by oca user --addkey, and "
           "lead nowhere else\n";
    return kUsage;
  }
  context.home = entry->home;
  context.user = entry->user;
  context.from = visitor.address.empty() ? "ssh" : fmt::format("ssh {}", visitor.address);
  return visitor.command.empty() ? RunSession(context, terminal)
                                 : RunLine(visitor.command, context);
}

}  // namespace oca::cli
