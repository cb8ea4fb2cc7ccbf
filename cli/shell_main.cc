#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "cli/completion.h"
#include "cli/line_editor.h"
#include "cli/pager.h"
#include "cli/shell.h"
#include "cli/terminal.h"
#include "lib/daemon/no_programs.h"

namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Of the account that runs this; for the prompt and for questions, as the appliance asks the
// kernel.
std::string AccountName() {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> buffer{};
  if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr) {
    return std::to_string(geteuid());
  }
  return found->pw_name;
}

// A session on a terminal: lines with history and completion, output by the page.
int RunOnTerminal(const std::vector<std::string>& args, const oca::cli::Visitor& visitor,
                  const std::string& kind) {
  oca::cli::Pager pager(std::cout.rdbuf(), oca::cli::TerminalSize, oca::cli::AskForMore);
  std::ostream out(&pager);
  oca::cli::Context context = oca::cli::StandardContext("", out);
  const std::unique_ptr<oca::cli::LineEditor> editor = oca::cli::LineEditor::Create(
      kind, [&](std::string_view line) { return oca::cli::Completions(line, context); });
  oca::cli::Terminal terminal{.new_page = [&] { pager.NewPage(); }};
  if (editor != nullptr) {
    terminal.read_line = [&](const std::string& prompt) { return editor->ReadLine(prompt); };
  }
  return oca::cli::RunShell(args, visitor, context, terminal);
}

}  // namespace

int main(int argc, char** argv) {
  oca::cli::Visitor visitor;
  visitor.command = Variable("SSH_ORIGINAL_COMMAND");
  // "client-address client-port server-address server-port"
  const std::string connection = Variable("SSH_CONNECTION");
  visitor.address = connection.substr(0, connection.find(' '));
  visitor.account = AccountName();
  const std::string kind = Variable("TERM");
  // Neither a key of the line editor nor a fault leads to another program.
  if (absl::Status forbidden = oca::daemon::ForbidPrograms(); !forbidden.ok()) {
    std::cerr << "oca-shell: " << forbidden << "\n";
    return 1;
  }
  // Whatever else came with the connection means nothing here.
  if (clearenv() != 0) return 1;
  std::vector<std::string> args(argv + 1, argv + argc);
  oca::cli::Context context = oca::cli::StandardContext("");
  if (!visitor.command.empty() || !context.in_is_terminal || !context.out_is_terminal) {
    return oca::cli::RunShell(args, visitor, context);
  }
  return RunOnTerminal(args, visitor, kind);
}
