#include "gateways/ndmp/data/orders.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "gateways/ndmp/data/tree.h"
#include "lib/base/status.h"

namespace oca::ndmp {
namespace {

constexpr size_t kMaxEnvironment = 4096;

absl::Status Wrong(std::string_view what) { return absl::InvalidArgumentError(std::string(what)); }

absl::Status CheckCommon(const std::string& butype, const std::vector<Pval>& env) {
  if (butype != kButype) {
    return Wrong(fmt::format("there are no backups of type '{}' here, only '{}'", butype, kButype));
  }
  if (env.size() > kMaxEnvironment) {
    return Wrong(fmt::format("{} variables are too many: at most {}", env.size(), kMaxEnvironment));
  }
  return absl::OkStatus();
}

// The last value that a variable is given; "" when it has none.
std::string ValueOf(const std::vector<Pval>& env, std::string_view name) {
  std::string value;
  for (const Pval& variable : env) {
    if (variable.name == name) value = variable.value;
  }
  return value;
}

bool Says(const std::string& value, char lower) {
  return !value.empty() && (value[0] == lower || value[0] == lower - 'a' + 'A');
}

absl::StatusOr<HistoryKind> HistoryOf(const std::string& value) {
  if (value.empty() || Says(value, 'n')) return HistoryKind::kNone;
  if (Says(value, 'y') || Says(value, 'f')) return HistoryKind::kFiles;
  if (Says(value, 'd')) return HistoryKind::kNodes;
  return Wrong(fmt::format("HIST is '{}': it must be y, f, d or n", value));
}

// FILESYSTEM, or what PATH names in it.
absl::StatusOr<std::string> TopOf(const std::vector<Pval>& env) {
  const std::string filesystem = ValueOf(env, "FILESYSTEM");
  const std::string path = ValueOf(env, "PATH");
  if (filesystem.empty() && path.empty()) {
    return Wrong("FILESYSTEM must name what is backed up: /oca/<container>[/path]");
  }
  if (path.empty()) return PathOfName(filesystem);
  OCA_ASSIGN_OR_RETURN(std::string inner, PathOfName(path));
  if (filesystem.empty()) return inner;
  OCA_ASSIGN_OR_RETURN(std::string outer, PathOfName(filesystem));
  if (IsWithin(inner, outer)) return inner;
  return Wrong(fmt::format("PATH '{}' is not in FILESYSTEM '{}'", path, filesystem));
}

void AddPatterns(std::string_view list, std::vector<std::string>* patterns) {
  for (size_t begin = 0; begin < list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    if (end > begin) patterns->emplace_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
}

// What a client calls the place that a name goes to; "" is where it was.
std::string DestinationOf(const RecoverName& name, int version) {
  const std::string& folder = name.destination_path;
  if (version <= 2) return folder;
  if (!name.name.empty()) {
    return folder.empty() ? name.name : fmt::format("{}/{}", folder, name.name);
  }
  // v3: the folder that it goes to, under its old name. v4: the whole path.
  if (version == 3 && !folder.empty()) return fmt::format("{}/{}", folder, name.original_path);
  return folder;
}

absl::StatusOr<RecoverItem> ItemOf(const RecoverName& name, const std::string& base, int version) {
  RecoverItem item;
  item.name = name.original_path;
  item.offset = name.fh_info;
  OCA_ASSIGN_OR_RETURN(item.original, CleanPath(name.original_path));
  std::string destination = DestinationOf(name, version);
  if (destination.empty()) {
    destination = fmt::format("{}/{}", base, item.original);
  } else if (!destination.starts_with("/")) {
    destination = fmt::format("{}/{}", base, destination);
  }
  OCA_ASSIGN_OR_RETURN(item.target, PathOfName(destination));
  return item;
}

}  // namespace

absl::StatusOr<BackupOrder> ParseBackup(const std::string& butype, const std::vector<Pval>& env) {
  OCA_RETURN_IF_ERROR(CheckCommon(butype, env));
  BackupOrder order;
  OCA_ASSIGN_OR_RETURN(order.top, TopOf(env));
  OCA_ASSIGN_OR_RETURN(order.history, HistoryOf(ValueOf(env, "HIST")));
  const std::string level = ValueOf(env, "LEVEL");
  if (!level.empty() && level != "0") {
    return Wrong(fmt::format("LEVEL is '{}': there are full backups only, LEVEL 0", level));
  }
  for (const Pval& variable : env) {
    if (variable.name == "EXCLUDE") AddPatterns(variable.value, &order.excluded);
    // To back up more than was asked for would be a surprise.
    if (variable.name == "FILES") return Wrong("FILES is not supported: name a path by FILESYSTEM");
  }
  return order;
}

absl::StatusOr<RecoverOrder> ParseRecover(const std::string& butype, const std::vector<Pval>& env,
                                          const std::vector<RecoverName>& names, int version) {
  OCA_RETURN_IF_ERROR(CheckCommon(butype, env));
  std::string base = ValueOf(env, "PREFIX");
  if (base.empty()) base = ValueOf(env, "FILESYSTEM");
  RecoverOrder order;
  order.items.reserve(names.size());
  for (const RecoverName& name : names) {
    OCA_ASSIGN_OR_RETURN(RecoverItem item, ItemOf(name, base, version));
    order.items.push_back(std::move(item));
  }
  if (names.empty()) {
    OCA_ASSIGN_OR_RETURN(RecoverItem all, ItemOf(RecoverName(), base, version));
    order.items.push_back(std::move(all));
  }
  order.direct = Says(ValueOf(env, "DIRECT"), 'y') &&
                 std::all_of(order.items.begin(), order.items.end(),
                             [](const RecoverItem& item) { return item.offset != kUnlimited; });
  return order;
}

}  // namespace oca::ndmp
