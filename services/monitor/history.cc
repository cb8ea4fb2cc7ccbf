#include "services/monitor/history.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/numbers.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/conf/suggest.h"
#include "services/monitor/catalogue.h"
#include "services/monitor/levels.h"

namespace oca::monitor {
namespace {

namespace mgmt = management::v1;

constexpr absl::Duration kDefaultSpan = absl::Hours(1);

constexpr char kListSeries[] =
    "SELECT id, name, subject, extract(epoch FROM last_seen)::bigint FROM oca_statistics.series "
    "WHERE ($1 = '' OR name = $1) AND ($2 = '' OR subject = $2) "
    "ORDER BY name COLLATE \"C\", subject COLLATE \"C\"";

// A row has the values of all series: those that are wanted are picked out of it.
constexpr char kSamples[] =
    "SELECT w.id, extract(epoch FROM s.at)::bigint, s.value[array_position(s.series, w.id)] "
    "FROM oca_statistics.sample s CROSS JOIN unnest($1::integer[]) AS w (id) "
    "WHERE s.at >= to_timestamp($2::double precision) AND s.at < to_timestamp($3::double "
    "precision) AND array_position(s.series, w.id) IS NOT NULL ORDER BY s.at LIMIT $4::bigint";

constexpr char kRollups[] =
    "SELECT id, time, mean[i], low[i], high[i], samples[i] FROM (SELECT w.id, "
    "extract(epoch FROM r.at)::bigint AS time, r.mean, r.low, r.high, r.samples, "
    "array_position(r.series, w.id) AS i FROM oca_statistics.rollup r "
    "CROSS JOIN unnest($1::integer[]) AS w (id) WHERE r.seconds = $5::integer "
    "AND r.at >= to_timestamp($2::double precision) "
    "AND r.at < to_timestamp($3::double precision)) AS picked "
    "WHERE i IS NOT NULL ORDER BY time LIMIT $4::bigint";

absl::Status NoSeries(std::string_view name) {
  std::vector<std::string> names;
  for (const Definition& one : Catalogue()) names.push_back(std::string(one.name));
  const std::string nearest = conf::Nearest(name, names);
  return absl::NotFoundError(fmt::format(
      "there is no series '{}'; {}", name,
      nearest.empty() ? "oca stats --series lists them" : fmt::format("is it {}?", nearest)));
}

absl::StatusOr<double> DoubleAt(const db::Result& rows, int row, int column) {
  const std::string_view text = rows.Text(row, column);
  double value = 0;
  if (absl::SimpleAtod({text.data(), text.size()}, &value)) return value;
  return absl::InternalError(fmt::format("the statistics hold '{}' for a number", text));
}

google::protobuf::Timestamp Seconds(int64_t seconds) {
  google::protobuf::Timestamp time;
  time.set_seconds(seconds);
  return time;
}

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

// What to select, checked.
struct Plan {
  const Definition* series = nullptr;
  const Level* level = nullptr;
  absl::Time since, until;
};

absl::StatusOr<Plan> PlanOf(const mgmt::GetHistoryRequest& request, absl::Time now) {
  Plan plan;
  plan.series = Find(request.name());
  if (plan.series == nullptr) return NoSeries(request.name());
  plan.until = request.has_until() ? TimeOf(request.until()) : now;
  plan.since = request.has_since() ? TimeOf(request.since()) : plan.until - kDefaultSpan;
  if (plan.since >= plan.until) {
    return absl::InvalidArgumentError(fmt::format(
        "since ({}) must be before until ({})", absl::FormatTime(plan.since, absl::UTCTimeZone()),
        absl::FormatTime(plan.until, absl::UTCTimeZone())));
  }
  plan.level = request.resolution() == mgmt::RESOLUTION_UNSPECIFIED
                   ? &Choose(plan.since, plan.until, now)
                   : Find(request.resolution());
  if (plan.level == nullptr) {
    return absl::InvalidArgumentError("resolution is one of 15s, 5m, 1h, 1d");
  }
  // A period in which `since` lies belongs to what is asked for.
  plan.since = PeriodOf(plan.since, plan.level->seconds);
  return plan;
}

absl::Status ReadPoint(const db::Result& rows, int row, bool is_sample, mgmt::Point* point) {
  OCA_ASSIGN_OR_RETURN(int64_t time, rows.Int64(row, 1));
  *point->mutable_time() = Seconds(time);
  OCA_ASSIGN_OR_RETURN(double mean, DoubleAt(rows, row, 2));
  point->set_mean(mean);
  point->set_low(mean);
  point->set_high(mean);
  point->set_samples(1);
  if (is_sample) return absl::OkStatus();
  OCA_ASSIGN_OR_RETURN(double low, DoubleAt(rows, row, 3));
  OCA_ASSIGN_OR_RETURN(double high, DoubleAt(rows, row, 4));
  OCA_ASSIGN_OR_RETURN(int64_t samples, rows.Int64(row, 5));
  point->set_low(low);
  point->set_high(high);
  point->set_samples(static_cast<uint32_t>(samples));
  return absl::OkStatus();
}

absl::StatusOr<db::Result> Select(db::Connection& db, const Plan& plan, const std::string& ids) {
  const int64_t since = absl::ToUnixSeconds(plan.since);
  // What begins within the last second belongs to it.
  const int64_t until = absl::ToUnixSeconds(plan.until - absl::Nanoseconds(1)) + 1;
  if (plan.level->resolution == mgmt::RESOLUTION_15S) {
    return db.QueryPrepared(kSamples, {ids, since, until, kMostPoints + 1});
  }
  return db.QueryPrepared(kRollups, {ids, since, until, kMostPoints + 1, plan.level->seconds});
}

absl::Status ReadHistory(db::Connection& db, const Plan& plan, const std::string& subject,
                         mgmt::History* out) {
  OCA_ASSIGN_OR_RETURN(db::Result known,
                       db.QueryPrepared(kListSeries, {plan.series->name, subject}));
  if (known.rows() == 0 && !subject.empty()) {
    return absl::NotFoundError(
        fmt::format("nothing was recorded of {} for '{}'; oca stats --series lists what there is",
                    plan.series->name, subject));
  }
  std::map<int64_t, mgmt::SeriesHistory*> by_id;
  std::string ids;
  for (int row = 0; row < known.rows(); ++row) {
    OCA_ASSIGN_OR_RETURN(int64_t id, known.Int64(row, 0));
    by_id[id] = out->add_series();
    by_id[id]->set_subject(std::string(known.Text(row, 2)));
    ids += fmt::format("{}{}", ids.empty() ? "" : ",", id);
  }
  OCA_ASSIGN_OR_RETURN(db::Result rows, Select(db, plan, "{" + ids + "}"));
  if (rows.rows() > kMostPoints) {
    return absl::InvalidArgumentError(
        fmt::format("that is more than {} points: ask for a shorter time, a coarser resolution or "
                    "one subject",
                    kMostPoints));
  }
  for (int row = 0; row < rows.rows(); ++row) {
    OCA_ASSIGN_OR_RETURN(int64_t id, rows.Int64(row, 0));
    OCA_RETURN_IF_ERROR(ReadPoint(rows, row, plan.level->resolution == mgmt::RESOLUTION_15S,
                                  by_id[id]->add_points()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<mgmt::ListSeriesResponse> History::List(const mgmt::ListSeriesRequest& request) {
  if (!request.name().empty() && Find(request.name()) == nullptr) return NoSeries(request.name());
  mgmt::ListSeriesResponse out;
  OCA_RETURN_IF_ERROR(database_.With([&](db::Connection& db) -> absl::Status {
    out.Clear();
    OCA_ASSIGN_OR_RETURN(db::Result rows, db.QueryPrepared(kListSeries, {request.name(), ""}));
    for (int row = 0; row < rows.rows(); ++row) {
      // A series of another version of the program is not shown.
      const Definition* definition = Find(rows.Text(row, 1));
      if (definition == nullptr) continue;
      mgmt::Series* series = out.add_series();
      series->set_name(std::string(definition->name));
      series->set_subject(std::string(rows.Text(row, 2)));
      series->set_unit(std::string(definition->unit));
      series->set_description(std::string(definition->what));
      OCA_ASSIGN_OR_RETURN(int64_t seen, rows.Int64(row, 3));
      *series->mutable_last_seen() = Seconds(seen);
    }
    return absl::OkStatus();
  }));
  return out;
}

absl::StatusOr<mgmt::History> History::Get(const mgmt::GetHistoryRequest& request, absl::Time now) {
  OCA_ASSIGN_OR_RETURN(Plan plan, PlanOf(request, now));
  mgmt::History out;
  OCA_RETURN_IF_ERROR(database_.With([&](db::Connection& db) -> absl::Status {
    out.Clear();
    out.set_name(std::string(plan.series->name));
    out.set_unit(std::string(plan.series->unit));
    out.set_resolution(plan.level->resolution);
    *out.mutable_since() = Seconds(absl::ToUnixSeconds(plan.since));
    *out.mutable_until() = Seconds(absl::ToUnixSeconds(plan.until));
    return ReadHistory(db, plan, request.subject(), &out);
  }));
  return out;
}

}  // namespace oca::monitor
