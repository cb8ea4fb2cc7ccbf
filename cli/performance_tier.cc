// oca performance_tier
#include <memory>
#include <string>
#include <vector>

#include "cli/session.h"
#include "cli/system_storage.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/management.grpc.pb.h"
#include "lib/api/storage.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::Management;
using management::v1::Storage;

namespace mgmt = management::v1;

struct TierFlags {
  std::string path;
  std::string compression_mode;
  std::string quota;
  bool verbose = false;
};

absl::Status NoTier() {
  return absl::NotFoundError(
      "there is no performance tier; make it of a folder of a fast disk: oca performance_tier "
      "--add "
      "--path DIR");
}

absl::StatusOr<mgmt::StorageGroup> FindTier(Session& session) {
  mgmt::ListStorageGroupsRequest request;
  request.set_name(kTierGroup);
  mgmt::ListStorageGroupsResponse list;
  const absl::Status found = session.Call(&Management::Stub::ListStorageGroups, request, &list);
  if (absl::IsNotFound(found)) return NoTier();
  if (!found.ok()) return found;
  if (!list.notice().empty()) session.Note(list.notice());
  return list.groups(0);
}

absl::Status ShowTierAndPaths(Session& session, const TierFlags& flags) {
  OCA_ASSIGN_OR_RETURN(const mgmt::StorageGroup group, FindTier(session));
  fs::v1::ListPathsResponse all;
  OCA_RETURN_IF_ERROR(
      session.Call(&Storage::Stub::ListStoragePaths, mgmt::ListStoragePathsRequest(), &all));
  std::vector<fs::v1::StoragePath> paths;
  for (const fs::v1::StoragePath& path : all.paths()) {
    if (path.performance_tier()) paths.push_back(path);
  }
  if (session.json()) {
    Json json = ToJson(group);
    json["paths"] = Json::array();
    for (const fs::v1::StoragePath& path : paths) json["paths"].push_back(ToJson(path));
    session.PrintJson(json);
    return absl::OkStatus();
  }
  session.Print(fmt::format("{}\n{}", GroupText(group), PathsText(paths)));
  if (!flags.verbose) return absl::OkStatus();
  OCA_ASSIGN_OR_RETURN(const std::string stats, TierStatsText(session));
  session.Print(fmt::format("\n{}", stats));
  return absl::OkStatus();
}

absl::Status AddTierPath(Session& session, TierFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.path, "--path", "Folder of a fast disk"));
  mgmt::AddPerformanceTierRequest request;
  request.set_path(AbsolutePath(flags.path));
  OCA_RETURN_IF_ERROR(FillGroupSettings(flags.compression_mode, flags.quota, &request));
  mgmt::StorageGroup made;
  OCA_RETURN_IF_ERROR(
      session.Call(&Storage::Stub::AddPerformanceTier, request, &made, Patience::kWork));
  if (session.json()) {
    session.PrintJson(ToJson(made));
  } else {
    session.Print(
        fmt::format("{} is a path of the performance tier.\n{}", request.path(), GroupText(made)));
  }
  return absl::OkStatus();
}

absl::Status UpdateTier(Session& session, const TierFlags& flags) {
  if (flags.compression_mode.empty() && flags.quota.empty()) {
    return absl::InvalidArgumentError("nothing to change: give --compression_mode or --quota");
  }
  mgmt::UpdateStorageGroupRequest request;
  request.set_name(kTierGroup);
  OCA_RETURN_IF_ERROR(FillGroupSettings(flags.compression_mode, flags.quota, &request));
  mgmt::StorageGroup changed;
  const absl::Status done =
      session.Call(&Management::Stub::UpdateStorageGroup, request, &changed, Patience::kChange);
  if (absl::IsNotFound(done)) return NoTier();
  if (!done.ok()) return done;
  if (session.json()) {
    session.PrintJson(ToJson(changed));
  } else {
    session.Print(fmt::format("Performance tier updated.\n{}", GroupText(changed)));
  }
  return absl::OkStatus();
}

absl::Status TestIops(Session& session, std::string path) {
  OCA_RETURN_IF_ERROR(session.Require(&path, "--path", "Folder"));
  mgmt::TestStoragePathRequest request;
  request.set_path(AbsolutePath(path));
  fs::v1::PathTest test;
  OCA_RETURN_IF_ERROR(
      session.Call(&Storage::Stub::TestStoragePath, request, &test, Patience::kWork));
  if (session.json()) {
    session.PrintJson(ToJson(test));
  } else {
    session.Print(
        Record()
            .Add("Path", test.path())
            .Add("Sequential IOPS Required", std::to_string(test.sequential_iops_required()))
            .Add("Sequential IOPS Measured", std::to_string(test.sequential_iops()))
            .Add("Random IOPS Required", std::to_string(test.random_iops_required()))
            .Add("Random IOPS Measured", std::to_string(test.random_iops()))
            .Add("Total", BytesText(test.total_bytes()))
            .Add("Free", BytesText(test.free_bytes()))
            .Add("Result", test.passed() ? "fast enough" : "too slow")
            .Text());
    if (test.cached()) {
      session.Print("\nThe file system has no direct reads: its cache was measured too.\n");
    }
  }
  if (test.passed()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("{} is too slow for the performance tier", test.path()));
}

}  // namespace

void AddPerformanceTier(CLI::App* group, Session& session) {
  auto flags = std::make_shared<TierFlags>();
  CLI::App* show = group->add_subcommand("show", "Its settings, encryption, paths and their state");
  show->add_flag("--verbose", flags->verbose, "And its statistics");
  session.Bind(show, [&session, flags] { return ShowTierAndPaths(session, *flags); });
  show->footer("Example:\n  oca performance_tier --show");

  const char* kCompression = "fast (zstd, the default), best (smaller, slower) or lz4 (fastest)";
  const char* kQuota = "Limit of physical bytes, as in 500GiB or 2TiB; none = no limit";
  CLI::App* add = group->add_subcommand(
      "add",
      "Make it of an empty folder of a fast disk, or add a folder; the disk is tested first");
  add->add_option("--path", flags->path, "The folder");
  add->add_option("--compression_mode", flags->compression_mode, kCompression);
  add->add_option("--quota", flags->quota, kQuota);
  session.Bind(add, [&session, flags] { return AddTierPath(session, *flags); });
  add->footer("Example:\n  oca performance_tier --add --path /srv/nvme --quota 2TiB");

  CLI::App* update =
      group->add_subcommand("update", "Change it; counts for data written from now on");
  update->add_option("--compression_mode", flags->compression_mode, kCompression);
  update->add_option("--quota", flags->quota, kQuota);
  session.Bind(update, [&session, flags] { return UpdateTier(session, *flags); });
  update->footer("Example:\n  oca performance_tier --update --quota none");

  CLI::App* test = group->add_subcommand(
      "test_iops", "Measure how many reads a second a folder's disk does, in order and at random");
  test->add_option("--path", flags->path, "The folder");
  session.Bind(test, [&session, flags] { return TestIops(session, flags->path); });
  test->footer("Example:\n  oca performance_tier --test-iops --path /srv/nvme");

  AddStorageGroupEncryption(group, session, kTierGroup);
}

}  // namespace oca::cli
