#include "cli/completion.h"

#include <algorithm>
#include <set>
#include <sstream>

#include "cli/grammar.h"
#include "cli/words.h"

namespace oca::cli {
namespace {

// What a command prints, run for the same user; empty when it fails.
std::string Printed(const std::vector<std::string>& words, const Context& context) {
  std::istringstream nothing;
  std::ostringstream out;
  std::ostringstream err;
  Context quiet{.in = nothing,
                .out = out,
                .err = err,
                .home = context.home,
                .pause = context.pause,
                .user = context.user,
                .token = context.token,
                .from = context.from};
  return Run(words, quiet) == kSuccess ? out.str() : std::string();
}

std::vector<std::string> NamesToComplete(const std::string& group, const Context& context) {
  std::vector<std::string> names;
  // History is of series.
  const std::vector<std::string> words =
      group == "history" ? std::vector<std::string>{"stats", "series", "--names_only"}
                         : std::vector<std::string>{group, "show", "--names_only"};
  std::istringstream printed(Printed(words, context));
  for (std::string name; std::getline(printed, name);) names.push_back(name);
  return names;
}

// The options in a help text: words that begin a line's first column with two dashes.
std::vector<std::string> OptionsToComplete(const std::string& group, const std::string& verb,
                                           const Context& context) {
  std::set<std::string> options;
  std::istringstream help(Printed({group, verb, "--help"}, context));
  for (std::string line; std::getline(help, line);) {
    if (!line.starts_with("  -")) continue;
    std::istringstream names(line.substr(2, line.find(' ', 2) - 2));
    for (std::string name; std::getline(names, name, ',');) {
      if (name.starts_with("--")) options.insert(name);
    }
  }
  return {options.begin(), options.end()};
}

// The group whose members the option names; empty when it takes something else.
std::string NamedBy(const std::string& option, const std::string& group, const std::string& verb) {
  if (option == "--group" || option == "--group_name") return "storage_group";
  if (option == "--user") return "user";
  if (option != "--name") return "";
  // Theirs is a container that there is, with --add too.
  if (group == "replication" || group == "schedule") return "container";
  if (verb == "add") return "";
  if (group != "stats") return group;
  return verb == "series" ? "history" : verb;
}

}  // namespace

std::vector<std::string> Completions(std::string_view line, const Context& context) {
  absl::StatusOr<std::vector<std::string>> words =
      SplitWords(line.substr(0, line.find_last_of(" \t") + 1));
  if (!words.ok()) return {};
  if (!words->empty() && words->front() == "oca") words->erase(words->begin());
  std::vector<std::string> found;
  if (words->empty()) {
    for (const Group& group : Groups()) found.push_back(group.name);
    found.insert(found.end(), {"--help", "exit"});
    return found;
  }
  auto group = std::find_if(Groups().begin(), Groups().end(),
                            [&](const Group& one) { return one.name == words->front(); });
  if (group == Groups().end()) return {};
  if (words->size() == 1) {
    for (const std::string& verb : group->verbs) found.push_back("--" + verb);
    found.push_back("--help");
    return found;
  }
  const std::string& second = (*words)[1];
  const std::string verb = second.substr(second.starts_with("--") ? 2 : 0);
  if (std::find(group->verbs.begin(), group->verbs.end(), verb) == group->verbs.end()) return {};
  if (std::string names = NamedBy(words->back(), group->name, verb); !names.empty()) {
    return NamesToComplete(names, context);
  }
  return OptionsToComplete(group->name, verb, context);
}

}  // namespace oca::cli
