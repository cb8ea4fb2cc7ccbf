// oca schedule --cleaner, oca schedule --replication
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/session.h"
#include "cli/values.h"
#include "cli/week.h"
#include "fmt/format.h"
#include "lib/api/management.grpc.pb.h"
#include "lib/api/replication.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::Management;
using management::v1::Replication;

namespace mgmt = management::v1;

struct ScheduleFlags {
  bool cleaner = false;
  bool replication = false;
  std::string name;
  std::string day;
  std::string start_time = "00:00";
  std::string stop_time = "24:00";
  uint64_t revision = 0;
};

void PrintSchedule(Session& session, const fs::v1::CleanerSchedule& schedule) {
  if (session.json()) {
    session.PrintJson({{"cleaner", WindowsJson(schedule.windows())}});
    return;
  }
  Table table({"Day", "Start", "Stop"});
  for (const fs::v1::CleanerWindow& window : schedule.windows()) table.Add(WindowCells(window));
  session.Print(table.empty() ? "The cleaner has no windows; it works when there is enough to gain "
                                "and gives way to reads and writes.\n"
                              : table.Text());
}

template <typename Schedules>
void PrintReplicationSchedules(Session& session, const Schedules& schedules) {
  if (session.json()) {
    Json list = Json::array();
    for (const mgmt::ReplicationSchedule& schedule : schedules) {
      list.push_back({{"name", schedule.name()},
                      {"windows", WindowsJson(schedule.windows())},
                      {"revision", schedule.revision()}});
    }
    session.PrintJson({{"replication", list}});
    return;
  }
  Table table({"Container", "Day", "Start", "Stop"});
  for (const mgmt::ReplicationSchedule& schedule : schedules) {
    if (schedule.windows().empty()) table.Add({schedule.name(), "always", "-", "-"});
    for (const fs::v1::CleanerWindow& window : schedule.windows()) {
      std::vector<std::string> cells = WindowCells(window);
      cells.insert(cells.begin(), schedule.name());
      table.Add(std::move(cells));
    }
  }
  session.Print(table.empty() ? "No container is the source of a replication link.\n"
                              : table.Text() +
                                    "\nNothing is copied in these windows yet: this "
                                    "release has no replication service.\n");
}

// That the words name one thing which has a schedule. `must`: they name it.
absl::Status CheckSubject(const ScheduleFlags& flags, bool must) {
  if (flags.cleaner && flags.replication) {
    return absl::InvalidArgumentError("give --cleaner or --replication, not both");
  }
  if (must && !flags.cleaner && !flags.replication) {
    return absl::InvalidArgumentError(
        "give what the schedule is of: --cleaner, or --replication --name C");
  }
  if (flags.replication || (flags.name.empty() && flags.revision == 0)) return absl::OkStatus();
  return absl::InvalidArgumentError("--name and --revision go with --replication");
}

absl::Status ShowSchedule(Session& session, const ScheduleFlags& flags) {
  OCA_RETURN_IF_ERROR(CheckSubject(flags, /*must=*/false));
  if (flags.replication) {
    mgmt::GetReplicationScheduleRequest request;
    request.set_name(flags.name);
    mgmt::GetReplicationScheduleResponse list;
    OCA_RETURN_IF_ERROR(session.Call(&Replication::Stub::GetReplicationSchedule, request, &list));
    PrintReplicationSchedules(session, list.schedules());
    return absl::OkStatus();
  }
  fs::v1::CleanerSchedule schedule;
  OCA_RETURN_IF_ERROR(session.Call(&Management::Stub::GetCleanerSchedule,
                                   mgmt::GetCleanerScheduleRequest(), &schedule));
  PrintSchedule(session, schedule);
  return absl::OkStatus();
}

absl::StatusOr<fs::v1::CleanerWindow> WantedWindow(const ScheduleFlags& flags, bool add) {
  return add ? ParseWindow(flags.day, flags.start_time, flags.stop_time) : ParseNoWindow(flags.day);
}

absl::Status ChangeCleaner(Session& session, const ScheduleFlags& flags, bool add) {
  if (flags.day.empty()) {
    return absl::InvalidArgumentError("give a day: --day mon (tue, wed, thu, fri, sat, sun, all)");
  }
  mgmt::SetCleanerWindowRequest request;
  OCA_ASSIGN_OR_RETURN(*request.mutable_window(), WantedWindow(flags, add));
  fs::v1::CleanerSchedule schedule;
  OCA_RETURN_IF_ERROR(
      session.Call(&Management::Stub::SetCleanerWindow, request, &schedule, Patience::kChange));
  PrintSchedule(session, schedule);
  return absl::OkStatus();
}

absl::Status ChangeReplication(Session& session, ScheduleFlags flags, bool add) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the container"));
  if (!add && flags.day.empty()) flags.day = "all";
  OCA_RETURN_IF_ERROR(session.Require(&flags.day, "--day", "Day (mon to sun, or all)"));
  mgmt::SetReplicationWindowRequest request;
  request.set_name(flags.name);
  OCA_ASSIGN_OR_RETURN(*request.mutable_window(), WantedWindow(flags, add));
  request.set_revision(flags.revision);
  mgmt::GetReplicationScheduleResponse changed;
  OCA_RETURN_IF_ERROR(session.Call(&Replication::Stub::SetReplicationWindow, request,
                                   changed.add_schedules(), Patience::kChange));
  PrintReplicationSchedules(session, changed.schedules());
  return absl::OkStatus();
}

absl::Status ChangeSchedule(Session& session, const ScheduleFlags& flags, bool add) {
  OCA_RETURN_IF_ERROR(CheckSubject(flags, /*must=*/true));
  return flags.cleaner ? ChangeCleaner(session, flags, add)
                       : ChangeReplication(session, flags, add);
}

void AddSubject(CLI::App* verb, ScheduleFlags* flags) {
  verb->add_flag("--cleaner", flags->cleaner,
                 "When the cleaner works without giving way to reads and writes");
  verb->add_flag("--replication", flags->replication,
                 "When a container may be copied to its peer; without windows always");
  verb->add_option("--name", flags->name, "With --replication: of which container");
}

}  // namespace

void AddSchedule(CLI::App* group, Session& session) {
  auto flags = std::make_shared<ScheduleFlags>();
  CLI::App* show = group->add_subcommand("show", "The windows of a week, in local time");
  AddSubject(show, flags.get());
  session.Bind(show, [&session, flags] { return ShowSchedule(session, *flags); });
  show->footer("Example:\n  oca schedule --show --cleaner");

  const char* kRevision = "With --replication: only when the link still has this revision";
  CLI::App* add = group->add_subcommand("add", "Set the window of a day");
  AddSubject(add, flags.get());
  add->add_option("--day", flags->day, "mon, tue, wed, thu, fri, sat, sun or all");
  add->add_option("--start_time", flags->start_time, "hh:mm, local time")->capture_default_str();
  add->add_option("--stop_time", flags->stop_time, "hh:mm, later than the start")
      ->capture_default_str();
  add->add_option("--revision", flags->revision, kRevision);
  session.Bind(add, [&session, flags] { return ChangeSchedule(session, *flags, true); });
  add->footer(
      "Examples:\n  oca schedule --add --cleaner --day sun --start_time 02:00 --stop_time 08:00\n"
      "  oca schedule --add --replication --name backups --day all --stop_time 06:00");

  CLI::App* remove = group->add_subcommand("delete", "Remove the window of a day");
  AddSubject(remove, flags.get());
  remove->add_option("--day", flags->day,
                     "mon, tue, wed, thu, fri, sat, sun or all; with --replication all when "
                     "nothing is said");
  remove->add_option("--revision", flags->revision, kRevision);
  session.Bind(remove, [&session, flags] { return ChangeSchedule(session, *flags, false); });
  remove->footer("Example:\n  oca schedule --delete --cleaner --day all");
}

}  // namespace oca::cli
