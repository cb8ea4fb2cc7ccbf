// How Store rolls up, and what it forgets.
#include <algorithm>
#include <iterator>
#include <vector>

#include "lib/base/status.h"
#include "lib/log/log.h"
#include "services/monitor/levels.h"
#include "services/monitor/store.h"

namespace oca::monitor {
namespace {

constexpr char kDue[] =
    "SELECT seconds, extract(epoch FROM at)::bigint FROM oca_statistics.pending "
    "WHERE at + make_interval(secs => seconds) <= to_timestamp($1::double precision) "
    "OR at > to_timestamp($1::double precision) ORDER BY seconds, at LIMIT 100";

// A mean is never outside of what it is the mean of, however sums are rounded.
constexpr char kFromSamples[] =
    "INSERT INTO oca_statistics.rollup (seconds, at, series, samples, low, mean, high) "
    "SELECT $2::integer, to_timestamp($1::double precision), array_agg(id), array_agg(samples), "
    "array_agg(low), array_agg(least(greatest(mean, low), high)), array_agg(high) "
    "FROM (SELECT v.id, count(*)::integer AS samples, min(v.value) AS low, avg(v.value) AS mean, "
    "max(v.value) AS high FROM oca_statistics.sample s "
    "CROSS JOIN LATERAL unnest(s.series, s.value) AS v (id, value) "
    "WHERE s.at >= to_timestamp($1::double precision) "
    "AND s.at < to_timestamp($1::double precision + $2::integer) "
    "GROUP BY v.id ORDER BY v.id) AS one HAVING count(*) > 0 "
    "ON CONFLICT (seconds, at) DO UPDATE SET series = excluded.series, "
    "samples = excluded.samples, low = excluded.low, mean = excluded.mean, high = excluded.high";

constexpr char kFromRollups[] =
    "INSERT INTO oca_statistics.rollup (seconds, at, series, samples, low, mean, high) "
    "SELECT $2::integer, to_timestamp($1::double precision), array_agg(id), array_agg(samples), "
    "array_agg(low), array_agg(least(greatest(mean, low), high)), array_agg(high) "
    "FROM (SELECT v.id, sum(v.samples)::integer AS samples, min(v.low) AS low, "
    "sum(v.mean * v.samples) / sum(v.samples) AS mean, max(v.high) AS high FROM "
    "oca_statistics.rollup r "
    "CROSS JOIN LATERAL unnest(r.series, r.samples, r.low, r.mean, r.high) "
    "AS v (id, samples, low, mean, high) "
    "WHERE r.seconds = $3::integer AND r.at >= to_timestamp($1::double precision) "
    "AND r.at < to_timestamp($1::double precision + $2::integer) "
    "GROUP BY v.id ORDER BY v.id) AS one HAVING count(*) > 0 "
    "ON CONFLICT (seconds, at) DO UPDATE SET series = excluded.series, "
    "samples = excluded.samples, low = excluded.low, mean = excluded.mean, high = excluded.high";

constexpr char kNote[] =
    "INSERT INTO oca_statistics.pending (seconds, at) VALUES ($1::integer, "
    "to_timestamp($2::double precision)) ON CONFLICT DO NOTHING";

constexpr char kDone[] =
    "DELETE FROM oca_statistics.pending WHERE seconds = $1::integer AND at = "
    "to_timestamp($2::double "
    "precision)";

// Once an hour is enough for who wants to know which series are alive.
constexpr char kSeen[] =
    "UPDATE oca_statistics.series SET last_seen = greatest(last_seen, to_timestamp($1::double "
    "precision)) "
    "WHERE id IN (SELECT unnest(series) FROM oca_statistics.rollup WHERE seconds = $2::integer "
    "AND at = to_timestamp($1::double precision))";

constexpr char kTrimSamples[] =
    "DELETE FROM oca_statistics.sample WHERE at IN (SELECT at FROM oca_statistics.sample "
    "ORDER BY abs(extract(epoch FROM at)::double precision - $2::double precision) DESC, at "
    "LIMIT greatest(0, (SELECT count(*) FROM oca_statistics.sample) - $1::bigint))";

constexpr char kTrimRollups[] =
    "DELETE FROM oca_statistics.rollup WHERE seconds = $3::integer AND at IN "
    "(SELECT at FROM oca_statistics.rollup WHERE seconds = $3::integer "
    "ORDER BY abs(extract(epoch FROM at)::double precision - $2::double precision) DESC, at "
    "LIMIT greatest(0, (SELECT count(*) FROM oca_statistics.rollup WHERE seconds = $3::integer) - "
    "$1::bigint))";

constexpr char kTrimSeries[] =
    "DELETE FROM oca_statistics.series WHERE id IN (SELECT id FROM oca_statistics.series ORDER BY "
    "last_seen, id "
    "LIMIT greatest(0, (SELECT count(*) FROM oca_statistics.series) - $1::bigint))";

struct Period {
  int64_t seconds = 0;
  int64_t begin = 0;  // seconds of the epoch
};

absl::StatusOr<std::vector<Period>> DuePeriods(db::Connection& db, absl::Time now) {
  OCA_ASSIGN_OR_RETURN(db::Result rows, db.QueryPrepared(kDue, {absl::ToUnixSeconds(now)}));
  std::vector<Period> due(static_cast<size_t>(rows.rows()));
  for (int row = 0; row < rows.rows(); ++row) {
    Period& period = due[static_cast<size_t>(row)];
    OCA_ASSIGN_OR_RETURN(period.seconds, rows.Int64(row, 0));
    OCA_ASSIGN_OR_RETURN(period.begin, rows.Int64(row, 1));
  }
  return due;
}

absl::Status NotePeriod(db::Connection& db, int64_t seconds, int64_t time) {
  const absl::Time begin = PeriodOf(absl::FromUnixSeconds(time), seconds);
  return db.QueryPrepared(kNote, {seconds, absl::ToUnixSeconds(begin)}).status();
}

// Within a transaction: the period's row, what is to be done next, and that this is done.
absl::Status RollUpOne(db::Connection& db, const Period& period) {
  const auto levels = Levels();
  const auto level = std::find_if(levels.begin() + 1, levels.end(),
                                  [&](const Level& one) { return one.seconds == period.seconds; });
  if (level != levels.end()) {
    const Level& finer = *std::prev(level);
    absl::StatusOr<db::Result> made =
        std::prev(level) == levels.begin()
            ? db.QueryPrepared(kFromSamples, {period.begin, period.seconds})
            : db.QueryPrepared(kFromRollups, {period.begin, period.seconds, finer.seconds});
    OCA_RETURN_IF_ERROR(made.status());
    const auto coarser = std::next(level);
    if (made->affected() > 0 && coarser != levels.end()) {
      OCA_RETURN_IF_ERROR(NotePeriod(db, coarser->seconds, period.begin));
    }
    if (level->resolution == management::v1::RESOLUTION_1H) {
      OCA_RETURN_IF_ERROR(db.QueryPrepared(kSeen, {period.begin, period.seconds}).status());
    }
  }
  return db.QueryPrepared(kDone, {period.seconds, period.begin}).status();
}

// How many series were forgotten.
absl::StatusOr<int64_t> TrimAll(db::Connection& db, int64_t now) {
  for (const Level& level : Levels()) {
    absl::StatusOr<db::Result> trimmed =
        level.resolution == management::v1::RESOLUTION_15S
            ? db.QueryPrepared(kTrimSamples, {level.most_rows, now})
            : db.QueryPrepared(kTrimRollups, {level.most_rows, now, level.seconds});
    OCA_RETURN_IF_ERROR(trimmed.status());
  }
  OCA_ASSIGN_OR_RETURN(db::Result trimmed, db.QueryPrepared(kTrimSeries, {kMostSeries}));
  return trimmed.affected();
}

// Of the work itself, so that doing it again gives the same.
bool IsForGood(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsInternal(status);
}

}  // namespace

absl::StatusOr<size_t> Store::RollUp(absl::Time now) {
  std::vector<Period> due;
  OCA_RETURN_IF_ERROR(database_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(due, DuePeriods(db, now));
    return absl::OkStatus();
  }));
  for (const Period& period : due) {
    absl::Status status = database_.With([&](db::Connection& db) { return RollUpOne(db, period); });
    if (IsForGood(status)) {
      // It must not keep all others from being rolled up.
      log::Error("period_not_rolled_up", "seconds", period.seconds, "begin",
                 absl::FormatTime(absl::FromUnixSeconds(period.begin), absl::UTCTimeZone()),
                 "error", MessageOf(status));
      status = database_.With([&](db::Connection& db) {
        return db.QueryPrepared(kDone, {period.seconds, period.begin}).status();
      });
    }
    OCA_RETURN_IF_ERROR(status);
  }
  return due.size();
}

absl::Status Store::Trim(absl::Time now) {
  int64_t series = 0;
  OCA_RETURN_IF_ERROR(database_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(series, TrimAll(db, absl::ToUnixSeconds(now)));
    return absl::OkStatus();
  }));
  if (series > 0) Forget();
  return absl::OkStatus();
}

}  // namespace oca::monitor
