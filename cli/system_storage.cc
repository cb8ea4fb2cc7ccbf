// oca system --storage
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

namespace mgmt = management::v1;

struct Flags {
  bool show = false;
  bool add = false;
  bool rescan = false;
  std::string path;
};

void PrintPaths(Session& session, const fs::v1::ListPathsResponse& paths) {
  if (session.json()) {
    session.PrintJson(ToJson(paths));
    return;
  }
  Table table({"Path", "State", "Total>", "Free>", "Packs>", "In Packs>", "Name"});
  for (const fs::v1::StoragePath& path : paths.paths()) {
    table.Add({path.path(), EnumWord(path.state()), ShortBytes(path.total_bytes()),
               ShortBytes(path.free_bytes()), std::to_string(path.packs()),
               ShortBytes(path.pack_bytes()), path.name()});
  }
  session.Print(table.Text());
  for (const fs::v1::StoragePath& path : paths.paths()) {
    if (!path.problem().empty()) session.Print(fmt::format("\n{}\n", path.problem()));
  }
}

absl::Status Add(Session& session, std::string path) {
  OCA_RETURN_IF_ERROR(session.Require(&path, "--path", "Folder"));
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  mgmt::AddStoragePathRequest request;
  request.set_path(error ? path : absolute.lexically_normal().string());
  fs::v1::StoragePath added;
  OCA_RETURN_IF_ERROR(
      session.Call(&Storage::Stub::AddStoragePath, request, &added, Patience::kWork));
  if (session.json()) {
    session.PrintJson(ToJson(added));
  } else {
    session.Print(fmt::format("Storage path {} is in use.\n", added.path()));
  }
  return absl::OkStatus();
}

absl::Status Run(Session& session, const Flags& flags) {
  if (flags.add + flags.rescan + flags.show > 1) {
    return absl::InvalidArgumentError("give one of --show, --add and --rescan");
  }
  if (flags.add) return Add(session, flags.path);
  if (!flags.path.empty()) return absl::InvalidArgumentError("--path goes with --add");
  fs::v1::ListPathsResponse paths;
  if (flags.rescan) {
    OCA_RETURN_IF_ERROR(session.Call(&Storage::Stub::RescanStoragePaths,
                                     mgmt::RescanStoragePathsRequest(), &paths, Patience::kWork));
  } else {
    OCA_RETURN_IF_ERROR(
        session.Call(&Storage::Stub::ListStoragePaths, mgmt::ListStoragePathsRequest(), &paths));
  }
  PrintPaths(session, paths);
  return absl::OkStatus();
}

}  // namespace

void AddSystemStorage(CLI::App* group, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* storage =
      group->add_subcommand("storage", "The paths that hold the data: show them, add one");
  storage->add_flag("--show", flags->show,
                    "Size, free space, packs and state of each (the default)");
  storage->add_flag("--add", flags->add, "Add an empty folder, mostly of another disk; for good");
  storage->add_option("--path", flags->path, "With --add: the folder");
  storage->add_flag("--rescan", flags->rescan,
                    "Look at once whether a path that was missing is back");
  session.Bind(storage, [&session, flags] { return Run(session, *flags); });
  storage->footer("Example:\n  oca system --storage --add --path /srv/disk2");
}

}  // namespace oca::cli
