// oca system --storage
#include "cli/system_storage.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>

#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/storage.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::Storage;

namespace mgmt = management::v1;

struct StorageFlags {
  bool show = false;
  bool add = false;
  bool remove = false;
  bool force = false;
  bool rescan = false;
  std::string path;
};

std::string PathStateText(const fs::v1::StoragePath& path) {
  if (!path.draining()) return EnumWord(path.state());
  return fmt::format("{}, {} moved", EnumWord(path.state()), PercentText(path.drained_percent()));
}

absl::Status AddPath(Session& session, std::string path) {
  OCA_RETURN_IF_ERROR(session.Require(&path, "--path", "Folder"));
  mgmt::AddStoragePathRequest request;
  request.set_path(AbsolutePath(path));
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

absl::Status RemovePath(Session& session, const StorageFlags& flags) {
  std::string path = flags.path;
  OCA_RETURN_IF_ERROR(session.Require(&path, "--path", "Folder"));
  mgmt::RemoveStoragePathRequest request;
  request.set_path(AbsolutePath(path));
  request.set_force(flags.force);
  OCA_RETURN_IF_ERROR(session.Confirm(
      flags.force
          ? fmt::format("Storage path {} will be given up: ALL DATA that lies there alone is "
                        "lost for good. Go on?",
                        request.path())
          : fmt::format("What lies in storage path {} will be moved elsewhere, and then the "
                        "path removed. Go on?",
                        request.path())));
  fs::v1::StoragePath removed;
  OCA_RETURN_IF_ERROR(
      session.Call(&Storage::Stub::RemoveStoragePath, request, &removed, Patience::kWork));
  if (session.json()) {
    session.PrintJson(ToJson(removed));
  } else if (removed.removed()) {
    session.Print(fmt::format("Storage path {} is removed.\n", removed.path()));
  } else {
    session.Print(
        fmt::format("Storage path {} is being emptied: {} in {} packs are to be moved (oca "
                    "system --storage --show).\n",
                    removed.path(), ShortBytes(removed.pack_bytes()), removed.packs()));
  }
  return absl::OkStatus();
}

absl::Status RunStorage(Session& session, const StorageFlags& flags) {
  if (flags.add + flags.remove + flags.rescan + flags.show > 1) {
    return absl::InvalidArgumentError("give one of --show, --add, --remove and --rescan");
  }
  if (flags.force && !flags.remove) {
    return absl::InvalidArgumentError("--force goes with --remove");
  }
  if (flags.add) return AddPath(session, flags.path);
  if (flags.remove) return RemovePath(session, flags);
  if (!flags.path.empty()) return absl::InvalidArgumentError("--path goes with --add or --remove");
  fs::v1::ListPathsResponse paths;
  if (flags.rescan) {
    OCA_RETURN_IF_ERROR(session.Call(&Storage::Stub::RescanStoragePaths,
                                     mgmt::RescanStoragePathsRequest(), &paths, Patience::kWork));
  } else {
    OCA_RETURN_IF_ERROR(
        session.Call(&Storage::Stub::ListStoragePaths, mgmt::ListStoragePathsRequest(), &paths));
  }
  if (session.json()) {
    session.PrintJson(ToJson(paths));
  } else {
    session.Print(PathsText({paths.paths().begin(), paths.paths().end()}));
  }
  return absl::OkStatus();
}

}  // namespace

std::string AbsolutePath(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.lexically_normal().string();
}

std::string PathsText(const std::vector<fs::v1::StoragePath>& paths) {
  Table table({"Path", "State", "Tier", "Total>", "Free>", "Packs>", "In Packs>", "Name"});
  for (const fs::v1::StoragePath& path : paths) {
    table.Add({path.path(), PathStateText(path), path.performance_tier() ? "performance" : "-",
               ShortBytes(path.total_bytes()), ShortBytes(path.free_bytes()),
               std::to_string(path.packs()), ShortBytes(path.pack_bytes()), path.name()});
  }
  std::string text = table.Text();
  for (const fs::v1::StoragePath& path : paths) {
    if (!path.problem().empty()) text += fmt::format("\n{}\n", path.problem());
  }
  return text;
}

void AddSystemStorage(CLI::App* group, Session& session) {
  auto flags = std::make_shared<StorageFlags>();
  CLI::App* storage = group->add_subcommand(
      "storage", "The paths that hold the data: show them, add one, empty and remove one");
  storage->add_flag("--show", flags->show,
                    "Size, free space, packs and state of each (the default)");
  storage->add_flag(
      "--add", flags->add,
      "Add an empty folder, mostly of another disk; or keep one that is being emptied");
  storage->add_flag("--remove", flags->remove,
                    "Move what lies there to the other paths, in the background; then remove it");
  storage->add_option("--path", flags->path, "With --add and --remove: the folder");
  storage->add_flag("--force", flags->force,
                    "With --remove, for a path that is missing: give up what lies there");
  storage->add_flag("--rescan", flags->rescan,
                    "Look at once whether a path that was missing is back");
  session.AddYes(storage);
  session.Bind(storage, [&session, flags] { return RunStorage(session, *flags); });
  storage->footer("Example:\n  oca system --storage --add --path /srv/disk2");
}

}  // namespace oca::cli
