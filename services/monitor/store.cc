#include "services/monitor/store.h"

#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "services/monitor/migrations.h"

namespace oca::monitor {
namespace {

constexpr char kLearn[] =
    "INSERT INTO oca_statistics.series AS s (name, subject, last_seen) "
    "SELECT t.name, t.subject, to_timestamp($3::double precision) "
    "FROM unnest($1::text[], $2::text[]) AS t (name, subject) "
    "ON CONFLICT (name, subject) DO UPDATE SET last_seen = greatest(s.last_seen, "
    "excluded.last_seen) RETURNING id, name, subject";

constexpr char kPut[] =
    "WITH added AS (INSERT INTO oca_statistics.sample (at, series, value) VALUES "
    "(to_timestamp($1::double precision), $2::integer[], $3::double precision[]) "
    "ON CONFLICT (at) DO NOTHING RETURNING at), "
    "noted AS (INSERT INTO oca_statistics.pending (seconds, at) SELECT 300, "
    "to_timestamp(floor(extract(epoch FROM at)::double precision / 300) * 300) FROM added "
    "ON CONFLICT DO NOTHING) SELECT count(*) FROM added";

// "{1,2.5}", as PostgreSQL writes arrays.
template <typename Number>
std::string ArrayText(const std::vector<Number>& numbers) {
  return fmt::format("{{{}}}", fmt::join(numbers, ","));
}

std::string ArrayText(const std::vector<std::string_view>& texts) {
  std::string array = "{";
  for (std::string_view text : texts) {
    array += array.size() == 1 ? "\"" : ",\"";
    for (char c : text) {
      if (c == '"' || c == '\\') array += '\\';
      array += c;
    }
    array += '"';
  }
  return array + "}";
}

}  // namespace

Store::Store(std::string dsn, std::string how_to_start, const db::ConnectOptions& connect)
    : database_({.dsn = std::move(dsn),
                 .schema = kSchema,
                 .migrations = Migrations(),
                 .keeps = "the statistics",
                 .how_to_start = std::move(how_to_start),
                 // It may be another database.
                 .on_connect =
                     [this](db::Connection&) {
                       Forget();
                       return absl::OkStatus();
                     },
                 .connect = connect}) {}

void Store::Forget() {
  absl::MutexLock lock(&mu_);
  ids_.clear();
}

absl::Status Store::Learn(const Sample& sample, db::Connection& db) {
  std::vector<std::string_view> names, subjects;
  for (const Value& value : sample.values) {
    if (ids_.contains(Key(value.series, value.subject))) continue;
    names.push_back(value.series->name);
    subjects.push_back(value.subject);
  }
  if (names.empty()) return absl::OkStatus();
  OCA_ASSIGN_OR_RETURN(db::Result rows, db.Query(kLearn, {ArrayText(names), ArrayText(subjects),
                                                          absl::ToUnixSeconds(sample.at)}));
  for (int row = 0; row < rows.rows(); ++row) {
    OCA_ASSIGN_OR_RETURN(int64_t id, rows.Int64(row, 0));
    ids_[Key(Find(rows.Text(row, 1)), std::string(rows.Text(row, 2)))] = id;
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> Store::PutOne(const Sample& sample, db::Connection& db) {
  OCA_RETURN_IF_ERROR(Learn(sample, db));
  std::vector<int64_t> ids;
  std::vector<double> values;
  for (const Value& value : sample.values) {
    ids.push_back(ids_[Key(value.series, value.subject)]);
    values.push_back(value.value);
  }
  OCA_ASSIGN_OR_RETURN(
      db::Result rows,
      db.QueryPrepared(kPut, {absl::ToUnixSeconds(sample.at), ArrayText(ids), ArrayText(values)}));
  OCA_ASSIGN_OR_RETURN(int64_t added, rows.Int64(0, 0));
  return static_cast<size_t>(added);
}

absl::StatusOr<size_t> Store::Put(std::span<const std::shared_ptr<const Sample>> samples) {
  size_t stored = 0;
  absl::Status status = database_.With([&](db::Connection& db) -> absl::Status {
    absl::MutexLock lock(&mu_);
    if (ids_.size() > 2 * kMostSeries) ids_.clear();
    stored = 0;
    for (const std::shared_ptr<const Sample>& sample : samples) {
      OCA_ASSIGN_OR_RETURN(size_t added, PutOne(*sample, db));
      stored += added;
    }
    return absl::OkStatus();
  });
  // Series that were learned now may not be there.
  if (!status.ok()) Forget();
  OCA_RETURN_IF_ERROR(status);
  return stored;
}

}  // namespace oca::monitor
