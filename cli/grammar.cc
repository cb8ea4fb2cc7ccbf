#include "cli/grammar.h"

#include <algorithm>
#include <string_view>

#include "fmt/format.h"
#include "lib/conf/suggest.h"

namespace oca::cli {
namespace {

// Options that may stand before the group and take a value.
constexpr std::string_view kValueOptions[] = {"--home", "--login"};
constexpr std::string_view kHelp[] = {"--help", "-h"};

// What follows `maintenance filesystem` may be bare too.
constexpr std::string_view kFilesystemActions[] = {
    "reclaim_space", "stop_reclaim_space", "scan_status", "start_scan", "stop_scan", "shutdown"};

template <typename Words>
bool Has(const Words& words, std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

bool IsLong(std::string_view word) { return word.size() > 2 && word.substr(0, 2) == "--"; }

// "--chunk-size=8KiB" is "--chunk_size=8KiB".
std::string Underscored(std::string word) {
  if (!IsLong(word)) return word;
  auto end = word.begin() + static_cast<std::ptrdiff_t>(std::min(word.find('='), word.size()));
  std::replace(word.begin() + 2, end, '-', '_');
  return word;
}

// Position of the group: the first word that is neither an option nor an option's value.
size_t FindGroup(const std::vector<std::string>& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (Has(kValueOptions, words[i])) {
      ++i;
    } else if (words[i].empty() || words[i][0] != '-') {
      return i;
    }
  }
  return words.size();
}

const Group* GroupNamed(std::string_view name) {
  for (const Group& group : Groups()) {
    if (group.name == name) return &group;
  }
  return nullptr;
}

absl::Status UnknownGroup(std::string_view name) {
  std::vector<std::string> names;
  for (const Group& group : Groups()) names.push_back(group.name);
  std::string nearest = conf::Nearest(name, names);
  return absl::InvalidArgumentError(
      fmt::format("there is no group '{}'; {} (see oca --help)", name,
                  nearest.empty() ? fmt::format("the groups are: {}", fmt::join(names, ", "))
                                  : fmt::format("did you mean '{}'?", nearest)));
}

// Position of the verb among the words after the group, or their number.
size_t FindVerb(const Group& group, const std::vector<std::string>& rest) {
  size_t first = 0;
  while (first < rest.size() && (Has(kHelp, rest[first]) || rest[first] == "--json")) ++first;
  if (first < rest.size() && Has(group.verbs, rest[first])) return first;
  for (size_t i = 0; i < rest.size(); ++i) {
    if (IsLong(rest[i]) && Has(group.verbs, rest[i].substr(2))) return i;
  }
  return rest.size();
}

absl::Status NoVerb(const Group& group, const std::vector<std::string>& rest) {
  std::string verbs = fmt::format("--{}", fmt::join(group.verbs, ", --"));
  if (rest.empty()) {
    return absl::InvalidArgumentError(fmt::format(
        "what to do with {}? One of {} (see oca {} --help)", group.name, verbs, group.name));
  }
  return absl::InvalidArgumentError(
      fmt::format("'{}' says nothing to do with {}: one of {} (see oca {} --help)", rest[0],
                  group.name, verbs, group.name));
}

}  // namespace

std::span<const Group> Groups() {
  static const Group kGroups[] = {
      {"system",
       "The appliance: version, parts, capacity, storage paths, how long the record is kept",
       {"show", "storage", "audit", "wait"}},
      {"storage_group",
       "Storage groups: dedupe domains with their settings",
       {"show", "add", "update", "delete", "encryption", "setpassphrase", "unlock"}},
      {"performance_tier",
       "The performance tier: a storage group on fast disks of its own",
       {"show", "add", "update", "encryption", "setpassphrase", "unlock", "test_iops"}},
      {"container",
       "Containers: what users mount",
       {"show", "add", "update", "delete", "recycle_bin", "retention", "add_uac", "update_uac",
        "delete_uac", "show_uac"}},
      {"connection",
       "How containers are reached: the mount, iSCSI",
       {"show", "add", "update", "delete", "enable", "disable"}},
      {"vtl",
       "Tape libraries: drives, slots, cartridges",
       {"show", "update", "add_carts", "update_carts", "delete_cart", "import_cart", "export_cart",
        "set_rw", "set_ro"}},
      {"iscsi", "iSCSI targets, sessions, CHAP passwords", {"show", "sessions", "setpassword"}},
      {"ndmp", "How NDMP is served: addresses, ports, users", {"show", "update"}},
      {"replication",
       "Which containers shall be copied to or from other appliances (settings; no service yet)",
       {"show", "add", "update", "delete", "start", "stop", "limit"}},
      {"stats",
       "Sizes, savings, throughput, the machine; now and over time",
       {"system", "storage_group", "container", "performance_tier", "cleaner", "cpu", "memory",
        "network", "disk", "history", "series", "monitor", "ndmp", "ndmp_completed"}},
      {"maintenance",
       "Reclaim space, verify data, diagnostics, shut down",
       {"filesystem", "diags"}},
      {"schedule",
       "When the cleaner need not give way, and when replication may copy",
       {"show", "add", "delete"}},
      {"user",
       "Users, their roles and passwords, who is signed in, tokens for programs",
       {"show", "add", "update", "delete", "setpassword", "addkey", "deletekey", "addtoken",
        "deletetoken", "totp"}},
      {"authenticate", "Who may use CIFS", {"show", "add", "delete", "set"}},
      {"audit", "The record of changes: who, from where, what", {"show"}},
      {"alerts", "What is wrong, what happened, who is told", {"show", "webhook", "syslog"}},
      {"email_alerts",
       "Mails when an alert is raised or cleared",
       {"configure", "enable", "disable", "status", "test_email", "clear_config"}},
      {"email_stats",
       "Mails of statistics, daily or weekly",
       {"configure", "enable", "disable", "status", "test_email", "clear_config"}},
  };
  return kGroups;
}

absl::StatusOr<std::vector<std::string>> Normalize(std::span<const std::string> args) {
  std::vector<std::string> words(args.begin(), args.end());
  size_t at = FindGroup(words);
  if (at == words.size()) {
    if (!words.empty()) return words;
    return absl::InvalidArgumentError("what to do? See oca --help");
  }
  const Group* group = GroupNamed(words[at]);
  if (group == nullptr) return UnknownGroup(words[at]);

  std::vector<std::string> rest(words.begin() + static_cast<std::ptrdiff_t>(at) + 1, words.end());
  std::transform(rest.begin(), rest.end(), rest.begin(), Underscored);
  size_t verb = FindVerb(*group, rest);
  std::vector<std::string> out = {group->name};
  if (verb < rest.size()) {
    out.push_back(IsLong(rest[verb]) ? rest[verb].substr(2) : rest[verb]);
    bool bare_action =
        out[1] == "filesystem" && verb + 1 < rest.size() && Has(kFilesystemActions, rest[verb + 1]);
    if (bare_action) rest[verb + 1].insert(0, "--");
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(verb));
  } else if (std::none_of(rest.begin(), rest.end(), [](auto& word) { return Has(kHelp, word); })) {
    return NoVerb(*group, rest);
  } else {
    rest = {"--help"};
  }
  out.insert(out.end(), words.begin(), words.begin() + static_cast<std::ptrdiff_t>(at));
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

}  // namespace oca::cli
