// oca alerts
#include <memory>
#include <string>

#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/alerts.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::Alerts;

namespace mgmt = management::v1;

constexpr uint32_t kMostAlertsListed = 10000;  // that the service gives at once

struct AlertsFlags {
  bool alerts = false;
  bool events = false;
  bool summary = false;
  bool cleared = false;
  bool all = false;
  bool verbose = false;
  int64_t index = 0;
  uint32_t count = 20;
};

std::string TimesText(uint64_t times) { return times > 1 ? std::to_string(times) : ""; }

// The list's end, when it shows not all.
std::string MoreText(int shown, uint64_t total) {
  return static_cast<uint64_t>(shown) < total
             ? fmt::format("{} of {}; --all shows more.\n", shown, total)
             : "";
}

absl::Status ShowSummary(Session& session) {
  mgmt::AlertSummary summary;
  OCA_RETURN_IF_ERROR(
      session.Call(&Alerts::Stub::GetAlertSummary, mgmt::GetAlertSummaryRequest(), &summary));
  if (session.json()) {
    session.PrintJson(ToJson(summary));
    return absl::OkStatus();
  }
  session.Print(Record()
                    .Add("Critical", std::to_string(summary.critical()))
                    .Add("Errors", std::to_string(summary.errors()))
                    .Add("Warnings", std::to_string(summary.warnings()))
                    .Add("Cleared", std::to_string(summary.cleared()))
                    .Add("Events", std::to_string(summary.events()))
                    .Add("Newest Event", TimeText(summary.newest_event()))
                    .Text());
  return absl::OkStatus();
}

std::string AlertText(const mgmt::Alert& alert) {
  return Record()
      .Add("Index", std::to_string(alert.index()))
      .Add("Severity", EnumWord(alert.severity()))
      .Add("Raised", TimeText(alert.raised()))
      .Add("Last Seen", TimeText(alert.last_seen()))
      .Add("Times", std::to_string(alert.times()))
      .Add("Cleared", TimeText(alert.cleared()))
      .Add("Condition", alert.condition())
      .Add("Subject", alert.subject())
      .Add("Host", alert.host())
      .Add("Text", alert.text())
      .Add("What To Do", alert.what_to_do())
      .Text();
}

std::string AlertsText(const mgmt::ListAlertsResponse& list, const AlertsFlags& flags) {
  if (flags.verbose) {
    std::string text;
    for (const mgmt::Alert& alert : list.alerts()) {
      text += (text.empty() ? "" : "\n") + AlertText(alert);
    }
    return text;
  }
  Table table({"#>", "Raised", "Severity", "Times>", "Cleared", "Alert"});
  for (const mgmt::Alert& alert : list.alerts()) {
    table.Add({std::to_string(alert.index()), TimeText(alert.raised()), EnumWord(alert.severity()),
               TimesText(alert.times()), TimeText(alert.cleared()), alert.text()});
  }
  if (table.empty()) return "There are no alerts.\n";
  return table.Text() + MoreText(list.alerts_size(), list.total());
}

absl::Status ShowAlerts(Session& session, const AlertsFlags& flags) {
  mgmt::ListAlertsRequest request;
  request.set_cleared(flags.cleared);
  request.set_first(flags.index);
  request.set_count(flags.all ? kMostAlertsListed : flags.count);
  mgmt::ListAlertsResponse list;
  OCA_RETURN_IF_ERROR(session.Call(&Alerts::Stub::ListAlerts, request, &list));
  if (session.json()) {
    session.PrintJson(ToJson(list));
  } else {
    session.Print(AlertsText(list, flags));
  }
  return absl::OkStatus();
}

std::string EventText(const mgmt::EventEntry& event) {
  return Record()
      .Add("Index", std::to_string(event.index()))
      .Add("Severity", EnumWord(event.severity()))
      .Add("Happened", TimeText(event.happened()))
      .Add("Recorded", TimeText(event.recorded()))
      .Add("ID", event.id())
      .Add("Number", std::to_string(event.number()))
      .Add("Name", event.name())
      .Add("From", fmt::format("{} on {}", event.process(), event.host()))
      .Add("Repeats", std::to_string(event.repeats()))
      .Add("Text", event.text())
      .Add("What To Do", event.what_to_do())
      .Text();
}

std::string EventsText(const mgmt::ListEventsResponse& list, const AlertsFlags& flags) {
  if (flags.verbose) {
    std::string text;
    for (const mgmt::EventEntry& event : list.events()) {
      text += (text.empty() ? "" : "\n") + EventText(event);
    }
    return text;
  }
  Table table({"#>", "Time", "Severity", "Process", "Times>", "Event"});
  for (const mgmt::EventEntry& event : list.events()) {
    table.Add({std::to_string(event.index()), TimeText(event.happened()),
               EnumWord(event.severity()), event.process(), TimesText(event.repeats() + 1),
               event.text()});
  }
  if (table.empty()) return "There are no events.\n";
  return table.Text() + MoreText(list.events_size(), list.total());
}

absl::Status ShowEvents(Session& session, const AlertsFlags& flags) {
  mgmt::ListEventsRequest request;
  request.set_first(flags.index);
  request.set_count(flags.all ? kMostAlertsListed : flags.count);
  mgmt::ListEventsResponse list;
  OCA_RETURN_IF_ERROR(session.Call(&Alerts::Stub::ListEvents, request, &list));
  if (session.json()) {
    session.PrintJson(ToJson(list));
  } else {
    session.Print(EventsText(list, flags));
  }
  return absl::OkStatus();
}

absl::Status ShowAlertsOrEvents(Session& session, const AlertsFlags& flags) {
  if (flags.alerts + flags.events + flags.summary > 1) {
    return absl::InvalidArgumentError("one of --alerts, --events and --summary, not several");
  }
  if (flags.cleared && (flags.events || flags.summary)) {
    return absl::InvalidArgumentError("--cleared goes with --alerts");
  }
  if (flags.summary) return ShowSummary(session);
  return flags.events ? ShowEvents(session, flags) : ShowAlerts(session, flags);
}

}  // namespace

void AddAlerts(CLI::App* group, Session& session) {
  auto flags = std::make_shared<AlertsFlags>();
  CLI::App* show = group->add_subcommand("show", "Alerts that stand, or events; the newest last");
  show->add_flag("--alerts", flags->alerts, "Alerts (default)");
  show->add_flag("--events", flags->events, "Events: all that happened");
  show->add_flag("--summary", flags->summary, "How many there are");
  show->add_flag("--cleared", flags->cleared, "Alerts that are over, too");
  show->add_option("--index", flags->index,
                   "Begin with this one; -N: with the Nth from the end (default: the last ones)");
  show->add_option("--count", flags->count, "At most so many (20)")->check(CLI::Range(1, 10000));
  show->add_flag("--all", flags->all, "All of them, up to 10000");
  show->add_flag("--verbose", flags->verbose, "A record of each, with what to do");
  session.Bind(show, [&session, flags] { return ShowAlertsOrEvents(session, *flags); });
  show->footer("Example:\n  oca alerts --show --events --index -50 --count 50");
  AddMachineChannels(group, session);
}

}  // namespace oca::cli
