// oca stats: values over time
#include <memory>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/statistics.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::Statistics;

namespace mgmt = management::v1;
using google::protobuf::Timestamp;

struct HistoryFlags {
  std::string name;
  std::string subject;
  std::string since;
  std::string until;
  std::string resolution;
};

constexpr std::pair<std::string_view, mgmt::Resolution> kResolutions[] = {
    {"15s", mgmt::RESOLUTION_15S},
    {"5m", mgmt::RESOLUTION_5M},
    {"1h", mgmt::RESOLUTION_1H},
    {"1d", mgmt::RESOLUTION_1D}};

absl::StatusOr<mgmt::Resolution> ParseResolution(std::string_view text) {
  if (text.empty()) return mgmt::RESOLUTION_UNSPECIFIED;
  for (const auto& [word, resolution] : kResolutions) {
    if (word == text) return resolution;
  }
  return absl::InvalidArgumentError(fmt::format("'{}' is no resolution: 15s, 5m, 1h or 1d", text));
}

// "6h" is so long ago; else a time.
absl::StatusOr<Timestamp> ParseMoment(std::string_view option, std::string_view text) {
  absl::StatusOr<uint64_t> ago = ParsePeriod("period", text);
  if (ago.ok() && *ago > 0) {
    Timestamp time;
    time.set_seconds(absl::ToUnixSeconds(absl::Now() - absl::Seconds(*ago)));
    return time;
  }
  absl::StatusOr<Timestamp> time = ParseTime(text);
  if (time.ok()) return time;
  return absl::InvalidArgumentError(
      fmt::format("--{} '{}' is neither a period (30m, 6h, 7d: so long ago) nor a time "
                  "(\"2026-11-23 14:30\", 2026-11-23T14:30:00Z)",
                  option, text));
}

absl::StatusOr<mgmt::GetHistoryRequest> RequestOf(const HistoryFlags& flags) {
  mgmt::GetHistoryRequest request;
  request.set_name(flags.name);
  request.set_subject(flags.subject);
  if (!flags.since.empty()) {
    OCA_ASSIGN_OR_RETURN(*request.mutable_since(), ParseMoment("since", flags.since));
  }
  if (!flags.until.empty()) {
    OCA_ASSIGN_OR_RETURN(*request.mutable_until(), ParseMoment("until", flags.until));
  }
  OCA_ASSIGN_OR_RETURN(mgmt::Resolution resolution, ParseResolution(flags.resolution));
  request.set_resolution(resolution);
  return request;
}

std::string ValueText(double value, std::string_view unit) {
  if (unit == "bytes") return ShortBytes(static_cast<uint64_t>(value < 0 ? 0 : value));
  if (unit == "percent") return PercentText(value);
  return fmt::format("{:.2f}{}{}", value, unit == "MiB/s" ? " " : "", unit == "MiB/s" ? unit : "");
}

std::string HistoryText(const mgmt::History& history) {
  const bool samples = history.resolution() == mgmt::RESOLUTION_15S;
  Table table(
      samples ? std::vector<std::string>{"Time", "Subject", "Value>"}
              : std::vector<std::string>{"Time", "Subject", "Mean>", "Low>", "High>", "Samples>"});
  for (const mgmt::SeriesHistory& series : history.series()) {
    for (const mgmt::Point& point : series.points()) {
      std::vector<std::string> cells = {TimeText(point.time()), series.subject(),
                                        ValueText(point.mean(), history.unit())};
      if (!samples) {
        cells.push_back(ValueText(point.low(), history.unit()));
        cells.push_back(ValueText(point.high(), history.unit()));
        cells.push_back(std::to_string(point.samples()));
      }
      table.Add(std::move(cells));
    }
  }
  return table.empty() ? "Nothing was recorded in this time.\n" : table.Text();
}

absl::Status ShowHistory(Session& session, const HistoryFlags& flags) {
  OCA_ASSIGN_OR_RETURN(mgmt::GetHistoryRequest request, RequestOf(flags));
  mgmt::History history;
  OCA_RETURN_IF_ERROR(session.Call(&Statistics::Stub::GetHistory, request, &history));
  if (session.json()) {
    session.PrintJson(ToJson(history));
  } else {
    session.Print(HistoryText(history));
  }
  return absl::OkStatus();
}

// Each name once, for completion.
std::string NamesText(const mgmt::ListSeriesResponse& list) {
  std::string text;
  std::string_view last;
  for (const mgmt::Series& series : list.series()) {
    if (series.name() != last) text += series.name() + "\n";
    last = series.name();
  }
  return text;
}

std::string SeriesText(const mgmt::ListSeriesResponse& list) {
  Table table({"Series", "Subject", "Unit", "Last Seen", "Description"});
  for (const mgmt::Series& series : list.series()) {
    table.Add({series.name(), series.subject(), series.unit(), TimeText(series.last_seen()),
               series.description()});
  }
  return table.empty() ? "Nothing was recorded yet.\n" : table.Text();
}

absl::Status ShowSeries(Session& session, const std::string& name, bool names_only) {
  mgmt::ListSeriesRequest request;
  request.set_name(name);
  mgmt::ListSeriesResponse list;
  OCA_RETURN_IF_ERROR(session.Call(&Statistics::Stub::ListSeries, request, &list));
  if (session.json()) {
    session.PrintJson(ToJson(list));
  } else {
    session.Print(names_only ? NamesText(list) : SeriesText(list));
  }
  return absl::OkStatus();
}

}  // namespace

void AddHistory(CLI::App* group, Session& session) {
  auto flags = std::make_shared<HistoryFlags>();
  CLI::App* history = group->add_subcommand("history", "Values of a series over time");
  history->add_option("--name", flags->name, "The series, as --series lists them");
  history->add_option("--subject", flags->subject,
                      "Only of this storage group, container, interface or path");
  history->add_option("--since", flags->since,
                      "From here on: 30m, 6h or 7d ago, or a time (default: an hour)");
  history->add_option("--until", flags->until, "Up to here (default: now)");
  history->add_option("--resolution", flags->resolution,
                      "15s (kept a day), 5m (two weeks), 1h (half a year) or 1d (five years); "
                      "default: the finest that is kept so long");
  session.Bind(history, [&session, flags]() -> absl::Status {
    OCA_RETURN_IF_ERROR(session.Require(&flags->name, "--name", "Series"));
    return ShowHistory(session, *flags);
  });
  history->footer(
      "Example:\n  oca stats --history --name storage_group.write_mib_per_s --subject "
      "DefaultGroup --since 6h");

  auto name = std::make_shared<std::string>();
  auto names_only = std::make_shared<bool>(false);
  CLI::App* series = group->add_subcommand("series", "The series that are recorded");
  series->add_option("--name", *name, "Only those of this name");
  series->add_flag("--names_only", *names_only, "Names only, one per line");
  session.Bind(series,
               [&session, name, names_only] { return ShowSeries(session, *name, *names_only); });
  series->footer("Example:\n  oca stats --series");
}

}  // namespace oca::cli
