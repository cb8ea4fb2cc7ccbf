#include "services/health/lists.h"

#include <algorithm>
#include <cstdint>

#include "lib/base/status.h"

namespace oca::health {
namespace {

namespace mgmt = management::v1;

constexpr uint32_t kDefaultCount = 20;
constexpr uint32_t kMostCount = 10000;

// A part of a list of `total` rows.
struct Window {
  uint64_t offset = 0;
  uint64_t count = 0;
};

Window WindowOf(int64_t first, uint32_t count, uint64_t total) {
  Window window;
  window.count = count == 0 ? kDefaultCount : std::min(count, kMostCount);
  const auto from_end = [&](uint64_t n) { return total - std::min(n, total); };
  if (first > 0) {
    window.offset = static_cast<uint64_t>(first) - 1;
  } else if (first < 0) {
    window.offset = from_end(-static_cast<uint64_t>(first));
  } else {
    window.offset = from_end(window.count);
  }
  return window;
}

absl::StatusOr<uint64_t> Number(const db::Result& rows, int row, int column) {
  OCA_ASSIGN_OR_RETURN(int64_t number, rows.Int64(row, column));
  return static_cast<uint64_t>(number);
}

absl::StatusOr<uint64_t> Count(db::Connection& db, const std::string& from) {
  OCA_ASSIGN_OR_RETURN(db::Result rows, db.Query("SELECT count(*) FROM " + from));
  return Number(rows, 0, 0);
}

absl::Status ReadAlert(const db::Result& rows, int row, mgmt::Alert* out) {
  out->set_severity(SeverityOf(rows.Text(row, 0)));
  OCA_RETURN_IF_ERROR(ReadTime(rows, row, 1, [&] { return out->mutable_raised(); }));
  OCA_RETURN_IF_ERROR(ReadTime(rows, row, 2, [&] { return out->mutable_last_seen(); }));
  OCA_RETURN_IF_ERROR(ReadTime(rows, row, 3, [&] { return out->mutable_cleared(); }));
  OCA_ASSIGN_OR_RETURN(uint64_t times, Number(rows, row, 4));
  out->set_times(times);
  out->set_condition(std::string(rows.Text(row, 5)));
  out->set_subject(std::string(rows.Text(row, 6)));
  out->set_text(std::string(rows.Text(row, 7)));
  out->set_what_to_do(std::string(rows.Text(row, 8)));
  out->set_host(std::string(rows.Text(row, 9)));
  return absl::OkStatus();
}

absl::Status ReadEvent(const db::Result& rows, int row, mgmt::EventEntry* out) {
  out->set_severity(SeverityOf(rows.Text(row, 0)));
  OCA_RETURN_IF_ERROR(ReadTime(rows, row, 1, [&] { return out->mutable_happened(); }));
  OCA_RETURN_IF_ERROR(ReadTime(rows, row, 2, [&] { return out->mutable_recorded(); }));
  out->set_id(std::string(rows.Text(row, 3)));
  OCA_ASSIGN_OR_RETURN(uint64_t number, Number(rows, row, 4));
  out->set_number(static_cast<uint32_t>(number));
  out->set_name(std::string(rows.Text(row, 5)));
  out->set_text(std::string(rows.Text(row, 6)));
  out->set_what_to_do(std::string(rows.Text(row, 7)));
  out->set_process(std::string(rows.Text(row, 8)));
  out->set_host(std::string(rows.Text(row, 9)));
  OCA_ASSIGN_OR_RETURN(uint64_t repeats, Number(rows, row, 10));
  out->set_repeats(repeats);
  return absl::OkStatus();
}

// What the work has put into `out`.
template <typename Message>
absl::StatusOr<Message> Answer(Database& database,
                               const std::function<absl::Status(db::Connection&, Message*)>& work) {
  Message out;
  OCA_RETURN_IF_ERROR(database.With([&](db::Connection& db) { return work(db, &out); }));
  return out;
}

}  // namespace

absl::StatusOr<mgmt::ListAlertsResponse> Lists::Alerts(const mgmt::ListAlertsRequest& request) {
  using Response = mgmt::ListAlertsResponse;
  return Answer<Response>(database_, [&](db::Connection& db, Response* out) -> absl::Status {
    const std::string from =
        request.cleared() ? "oca_health.alert" : "oca_health.alert WHERE cleared IS NULL";
    OCA_ASSIGN_OR_RETURN(uint64_t total, Count(db, from));
    const Window window = WindowOf(request.first(), request.count(), total);
    OCA_ASSIGN_OR_RETURN(
        db::Result rows,
        db.Query("SELECT severity, (extract(epoch FROM raised) * 1000000)::bigint, "
                 "(extract(epoch FROM last_seen) * 1000000)::bigint, "
                 "(extract(epoch FROM cleared) * 1000000)::bigint, times, condition, subject, "
                 "text, to_do, host FROM " +
                     from + " ORDER BY seq OFFSET $1 LIMIT $2",
                 {window.offset, window.count}));
    out->set_total(total);
    for (int row = 0; row < rows.rows(); ++row) {
      mgmt::Alert* alert = out->add_alerts();
      alert->set_index(window.offset + static_cast<uint64_t>(row) + 1);
      OCA_RETURN_IF_ERROR(ReadAlert(rows, row, alert));
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<mgmt::ListEventsResponse> Lists::Events(const mgmt::ListEventsRequest& request) {
  using Response = mgmt::ListEventsResponse;
  return Answer<Response>(database_, [&](db::Connection& db, Response* out) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(uint64_t total, Count(db, "oca_health.event"));
    const Window window = WindowOf(request.first(), request.count(), total);
    OCA_ASSIGN_OR_RETURN(
        db::Result rows,
        db.Query("SELECT severity, (extract(epoch FROM happened) * 1000000)::bigint, "
                 "(extract(epoch FROM recorded) * 1000000)::bigint, id, number, name, text, to_do, "
                 "process, host, repeats FROM oca_health.event ORDER BY seq OFFSET $1 LIMIT $2",
                 {window.offset, window.count}));
    out->set_total(total);
    for (int row = 0; row < rows.rows(); ++row) {
      mgmt::EventEntry* event = out->add_events();
      event->set_index(window.offset + static_cast<uint64_t>(row) + 1);
      OCA_RETURN_IF_ERROR(ReadEvent(rows, row, event));
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<mgmt::AlertSummary> Lists::Summary() {
  using Response = mgmt::AlertSummary;
  return Answer<Response>(database_, [](db::Connection& db, Response* out) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(
        db::Result rows,
        db.Query("SELECT count(*) FILTER (WHERE cleared IS NULL AND severity = 'critical'), "
                 "count(*) FILTER (WHERE cleared IS NULL AND severity = 'error'), "
                 "count(*) FILTER (WHERE cleared IS NULL AND severity = 'warning'), "
                 "count(*) FILTER (WHERE cleared IS NOT NULL), "
                 "(SELECT count(*) FROM oca_health.event), "
                 "(SELECT (extract(epoch FROM max(happened)) * 1000000)::bigint FROM "
                 "oca_health.event) FROM oca_health.alert"));
    OCA_ASSIGN_OR_RETURN(uint64_t critical, Number(rows, 0, 0));
    OCA_ASSIGN_OR_RETURN(uint64_t errors, Number(rows, 0, 1));
    OCA_ASSIGN_OR_RETURN(uint64_t warnings, Number(rows, 0, 2));
    OCA_ASSIGN_OR_RETURN(uint64_t cleared, Number(rows, 0, 3));
    OCA_ASSIGN_OR_RETURN(uint64_t events, Number(rows, 0, 4));
    out->set_critical(critical);
    out->set_errors(errors);
    out->set_warnings(warnings);
    out->set_cleared(cleared);
    out->set_events(events);
    return ReadTime(rows, 0, 5, [&] { return out->mutable_newest_event(); });
  });
}

}  // namespace oca::health
