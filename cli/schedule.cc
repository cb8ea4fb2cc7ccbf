// oca schedule --cleaner
#include <cctype>
#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/management.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::Management;

namespace mgmt = management::v1;

struct ScheduleFlags {
  bool cleaner = false;
  std::string day;
  std::string start_time = "00:00";
  std::string stop_time = "24:00";
};

// "monday"
std::string DayWord(fs::v1::Weekday day) { return EnumWord(day); }

std::string ClockText(uint32_t minutes) {
  return fmt::format("{:02}:{:02}", minutes / 60, minutes % 60);
}

// "mon", "Monday", "all".
absl::StatusOr<fs::v1::Weekday> ParseDay(const std::string& text) {
  const std::string wanted = absl::AsciiStrToLower(text);
  if (wanted == "all") return fs::v1::WEEKDAY_UNSPECIFIED;
  for (int day = fs::v1::WEEKDAY_MONDAY; day <= fs::v1::WEEKDAY_SUNDAY; ++day) {
    const auto weekday = static_cast<fs::v1::Weekday>(day);
    const std::string word = DayWord(weekday);
    if (wanted == word || wanted == word.substr(0, 3)) return weekday;
  }
  return absl::InvalidArgumentError(
      fmt::format("'{}' is no day: mon, tue, wed, thu, fri, sat, sun or all", text));
}

absl::StatusOr<uint32_t> ParseClock(const std::string& text) {
  const auto digit = [&](size_t at) { return std::isdigit(static_cast<unsigned char>(text[at])); };
  if (text.size() == 5 && text[2] == ':' && digit(0) && digit(1) && digit(3) && digit(4)) {
    const int hours = std::stoi(text.substr(0, 2)), minutes = std::stoi(text.substr(3));
    if (minutes < 60 && hours * 60 + minutes <= 24 * 60)
      return static_cast<uint32_t>(hours * 60 + minutes);
  }
  return absl::InvalidArgumentError(
      fmt::format("'{}' is no time of day: hh:mm, from 00:00 to 24:00", text));
}

void PrintSchedule(Session& session, const fs::v1::CleanerSchedule& schedule) {
  if (session.json()) {
    Json windows = Json::array();
    for (const fs::v1::CleanerWindow& window : schedule.windows()) {
      windows.push_back({{"day", DayWord(window.day())},
                         {"start_time", ClockText(window.start_minute())},
                         {"stop_time", ClockText(window.stop_minute())}});
    }
    session.PrintJson({{"cleaner", windows}});
    return;
  }
  Table table({"Day", "Start", "Stop"});
  for (const fs::v1::CleanerWindow& window : schedule.windows()) {
    table.Add(
        {DayWord(window.day()), ClockText(window.start_minute()), ClockText(window.stop_minute())});
  }
  session.Print(table.empty() ? "The cleaner has no windows; it works when there is enough to gain "
                                "and gives way to reads and writes.\n"
                              : table.Text());
}

absl::Status ShowSchedule(Session& session) {
  fs::v1::CleanerSchedule schedule;
  OCA_RETURN_IF_ERROR(session.Call(&Management::Stub::GetCleanerSchedule,
                                   mgmt::GetCleanerScheduleRequest(), &schedule));
  PrintSchedule(session, schedule);
  return absl::OkStatus();
}

absl::Status ChangeSchedule(Session& session, const ScheduleFlags& flags, bool add) {
  if (!flags.cleaner) {
    return absl::InvalidArgumentError("give what the schedule is of: --cleaner");
  }
  if (flags.day.empty()) {
    return absl::InvalidArgumentError("give a day: --day mon (tue, wed, thu, fri, sat, sun, all)");
  }
  mgmt::SetCleanerWindowRequest request;
  OCA_ASSIGN_OR_RETURN(auto day, ParseDay(flags.day));
  request.mutable_window()->set_day(day);
  if (add) {
    OCA_ASSIGN_OR_RETURN(uint32_t start, ParseClock(flags.start_time));
    OCA_ASSIGN_OR_RETURN(uint32_t stop, ParseClock(flags.stop_time));
    if (start >= stop) {
      return absl::InvalidArgumentError(
          fmt::format("the window from {} to {} does not end after it begins; one over midnight is "
                      "two windows, on two days",
                      flags.start_time, flags.stop_time));
    }
    request.mutable_window()->set_start_minute(start);
    request.mutable_window()->set_stop_minute(stop);
  }
  fs::v1::CleanerSchedule schedule;
  OCA_RETURN_IF_ERROR(
      session.Call(&Management::Stub::SetCleanerWindow, request, &schedule, Patience::kChange));
  PrintSchedule(session, schedule);
  return absl::OkStatus();
}

}  // namespace

void AddSchedule(CLI::App* group, Session& session) {
  auto flags = std::make_shared<ScheduleFlags>();
  constexpr const char* kCleaner = "When the cleaner works without giving way to reads and writes";
  CLI::App* show = group->add_subcommand("show", "The windows of a week, in local time");
  show->add_flag("--cleaner", flags->cleaner, kCleaner);
  session.Bind(show, [&session] { return ShowSchedule(session); });
  show->footer("Example:\n  oca schedule --show --cleaner");

  CLI::App* add = group->add_subcommand("add", "Set the window of a day");
  add->add_flag("--cleaner", flags->cleaner, kCleaner);
  add->add_option("--day", flags->day, "mon, tue, wed, thu, fri, sat, sun or all");
  add->add_option("--start_time", flags->start_time, "hh:mm, local time")->capture_default_str();
  add->add_option("--stop_time", flags->stop_time, "hh:mm, later than the start")
      ->capture_default_str();
  session.Bind(add, [&session, flags] { return ChangeSchedule(session, *flags, true); });
  add->footer(
      "Example:\n  oca schedule --add --cleaner --day sun --start_time 02:00 --stop_time 08:00");

  CLI::App* remove = group->add_subcommand("delete", "Remove the window of a day");
  remove->add_flag("--cleaner", flags->cleaner, kCleaner);
  remove->add_option("--day", flags->day, "mon, tue, wed, thu, fri, sat, sun or all");
  session.Bind(remove, [&session, flags] { return ChangeSchedule(session, *flags, false); });
  remove->footer("Example:\n  oca schedule --delete --cleaner --day all");
}

}  // namespace oca::cli
