// oca container --retention
#include <memory>
#include <string>

#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/management.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::Management;

namespace mgmt = management::v1;

struct RetentionFlags {
  std::string name;
  std::string mode;
  std::string min_period;
  std::string max_period;
  std::string default_period;
  std::string auto_lock;
  std::string release;
};

void PrintRetention(Session& session, std::string_view done, const std::string& name,
                    const fs::v1::Retention& retention) {
  if (session.json()) {
    Json json = {{"name", name}};
    json.update(ToJson(retention));
    session.PrintJson(json);
    return;
  }
  Record record;
  record.Add("Container", name).Add("Mode", EnumWord(retention.mode()));
  if (retention.mode() != fs::v1::RETENTION_MODE_NONE) {
    record.Add("Minimum Period", PeriodText(retention.min_period_seconds()))
        .Add("Maximum Period", PeriodText(retention.max_period_seconds()))
        .Add("Default Period", PeriodText(retention.default_period_seconds()))
        .Add("Auto Lock After", PeriodText(retention.auto_lock_seconds()))
        .Add("Trusted Time", TimeText(retention.trusted_time()))
        .Add("Locked Files", std::to_string(retention.locked_files()))
        .Add("First Unlock", TimeText(retention.first_unlock()))
        .Add("Last Unlock", TimeText(retention.last_unlock()));
  }
  session.Print(fmt::format("{}{}", done, record.Text()));
}

absl::Status ShowRetention(Session& session, const RetentionFlags& flags) {
  mgmt::GetRetentionRequest request;
  request.set_name(flags.name);
  fs::v1::Retention retention;
  OCA_RETURN_IF_ERROR(session.Call(&Management::Stub::GetRetention, request, &retention));
  PrintRetention(session, "", flags.name, retention);
  return absl::OkStatus();
}

absl::Status SetRetention(Session& session, const RetentionFlags& flags) {
  mgmt::SetRetentionRequest request;
  request.set_name(flags.name);
  if (!flags.mode.empty()) {
    OCA_ASSIGN_OR_RETURN(auto mode, ParseRetentionMode(flags.mode));
    request.set_mode(mode);
  }
  if (!flags.min_period.empty()) {
    OCA_ASSIGN_OR_RETURN(uint64_t seconds, ParsePeriod("period", flags.min_period));
    request.set_min_period_seconds(seconds);
  }
  if (!flags.max_period.empty()) {
    OCA_ASSIGN_OR_RETURN(uint64_t seconds, ParsePeriod("period", flags.max_period));
    request.set_max_period_seconds(seconds);
  }
  if (!flags.default_period.empty()) {
    OCA_ASSIGN_OR_RETURN(uint64_t seconds, ParsePeriod("period", flags.default_period));
    request.set_default_period_seconds(seconds);
  }
  if (!flags.auto_lock.empty()) {
    OCA_ASSIGN_OR_RETURN(uint64_t seconds, ParsePeriod("time", flags.auto_lock));
    request.set_auto_lock_seconds(seconds);
  }
  if (request.mode() == fs::v1::RETENTION_MODE_COMPLIANCE) {
    OCA_RETURN_IF_ERROR(session.Confirm(
        fmt::format("In compliance mode NOBODY can unlock files of container '{}' early, or ever "
                    "leave the mode. Go on?",
                    flags.name)));
  }
  fs::v1::Retention changed;
  OCA_RETURN_IF_ERROR(
      session.Call(&Management::Stub::SetRetention, request, &changed, Patience::kChange));
  PrintRetention(session, "Retention set.\n", flags.name, changed);
  return absl::OkStatus();
}

absl::Status ReleaseLock(Session& session, const RetentionFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Confirm(fmt::format(
      "The lock of '{}' in container '{}' will be ended. Go on?", flags.release, flags.name)));
  mgmt::ReleaseLockRequest request;
  request.set_name(flags.name);
  request.set_path(flags.release);
  mgmt::ReleaseLockResponse response;
  OCA_RETURN_IF_ERROR(
      session.Call(&Management::Stub::ReleaseLock, request, &response, Patience::kChange));
  if (session.json()) {
    session.PrintJson({{"name", flags.name}, {"path", flags.release}, {"released", true}});
  } else {
    session.Print(fmt::format("'{}' is not locked any more.\n", flags.release));
  }
  return absl::OkStatus();
}

absl::Status RunRetention(Session& session, RetentionFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the container"));
  const bool sets = !flags.mode.empty() || !flags.min_period.empty() || !flags.max_period.empty() ||
                    !flags.default_period.empty() || !flags.auto_lock.empty();
  if (sets && !flags.release.empty()) {
    return absl::InvalidArgumentError("--release goes with --name alone");
  }
  if (!flags.release.empty()) return ReleaseLock(session, flags);
  return sets ? SetRetention(session, flags) : ShowRetention(session, flags);
}

}  // namespace

void AddRetention(CLI::App* group, Session& session) {
  auto flags = std::make_shared<RetentionFlags>();
  CLI::App* retention = group->add_subcommand(
      "retention", "Files that cannot be changed or removed until a time; shows, or sets");
  retention->add_option("--name", flags->name, "Which container");
  retention->add_option("--mode", flags->mode,
                        "governance (--release ends a lock early), compliance (nothing does; for "
                        "ever) or none");
  retention->add_option("--min_period", flags->min_period, "Each lock holds at least so long");
  retention->add_option("--max_period", flags->max_period, "Each lock holds at most so long (30y)");
  retention->add_option("--default_period", flags->default_period,
                        "Of a file that is made read-only and names no end (30d); none = such a "
                        "file is not locked");
  retention->add_option("--auto_lock", flags->auto_lock,
                        "A file that does not change for so long is locked; none = never");
  retention->add_option("--release", flags->release,
                        "End the lock of this file; its path from the container's top");
  session.AddYes(retention);
  session.Bind(retention, [&session, flags] { return RunRetention(session, *flags); });
  retention->footer(
      "Periods: 90s, 30m, 12h, 30d, 7y.\nExamples:\n"
      "  oca container --retention --name backups --mode governance --default_period 30d\n"
      "  oca container --retention --name backups --release full/monday.tar");
}

}  // namespace oca::cli
