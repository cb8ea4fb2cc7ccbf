#include "services/config/store.h"

#include <initializer_list>
#include <optional>
#include <utility>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/log/log.h"
#include "services/config/migrations.h"
#include "services/config/rows.h"

namespace oca::config {
namespace {

using management::v1::State;

template <typename Value>
struct Word {
  Value value;
  std::string_view text;
};
constexpr Word<State> kStates[] = {{management::v1::STATE_CREATING, "creating"},
                                   {management::v1::STATE_READY, "ready"},
                                   {management::v1::STATE_DELETING, "deleting"}};
constexpr Word<fs::v1::CompressionMode> kModes[] = {{fs::v1::COMPRESSION_MODE_FAST, "fast"},
                                                    {fs::v1::COMPRESSION_MODE_BEST, "best"},
                                                    {fs::v1::COMPRESSION_MODE_LZ4, "lz4"}};
constexpr Word<management::v1::ContainerType> kContainerTypes[] = {
    {management::v1::CONTAINER_TYPE_LOCAL, "local"}, {management::v1::CONTAINER_TYPE_VTL, "vtl"}};
constexpr Word<fs::v1::Marker> kMarkers[] = {
    {fs::v1::MARKER_AUTO, "auto"}, {fs::v1::MARKER_NONE, "none"}, {fs::v1::MARKER_TAR, "tar"}};

template <typename Value, size_t n>
std::string_view TextOf(const Word<Value> (&words)[n], Value value) {
  for (const auto& word : words) {
    if (word.value == value) return word.text;
  }
  return "";  // no such row: the table's CHECK refuses it
}

template <typename Value, size_t n>
absl::StatusOr<Value> ValueOf(const Word<Value> (&words)[n], std::string_view text) {
  for (const auto& word : words) {
    if (word.text == text) return word.value;
  }
  return absl::DataLossError(fmt::format("the database holds the unknown word '{}'", text));
}

db::Param FsIdParam(uint32_t id) { return id == 0 ? db::Param(std::nullopt) : db::Param(id); }

absl::StatusOr<uint32_t> FsIdAt(const db::Result& rows, int row, int column) {
  if (rows.IsNull(row, column)) return 0;
  OCA_ASSIGN_OR_RETURN(int64_t id, rows.Int64(row, column));
  return static_cast<uint32_t>(id);
}

absl::StatusOr<absl::Time> TimeAt(const db::Result& rows, int row, int column) {
  OCA_ASSIGN_OR_RETURN(int64_t micros, rows.Int64(row, column));
  return absl::FromUnixMicros(micros);
}

absl::StatusOr<std::vector<GroupRow>> LoadGroups(db::Connection& db) {
  OCA_ASSIGN_OR_RETURN(
      db::Result rows,
      db.Query("SELECT name, fs_id, compression_mode, chunk_size_bytes, quota_bytes, state, "
               "revision FROM oca_config.storage_group ORDER BY name COLLATE \"C\""));
  std::vector<GroupRow> groups(static_cast<size_t>(rows.rows()));
  for (int i = 0; i < rows.rows(); ++i) {
    GroupRow& group = groups[static_cast<size_t>(i)];
    group.name = rows.Text(i, 0);
    OCA_ASSIGN_OR_RETURN(group.fs_id, FsIdAt(rows, i, 1));
    OCA_ASSIGN_OR_RETURN(group.compression_mode, ValueOf(kModes, rows.Text(i, 2)));
    OCA_ASSIGN_OR_RETURN(int64_t chunk_size, rows.Int64(i, 3));
    group.chunk_size_bytes = static_cast<uint32_t>(chunk_size);
    OCA_ASSIGN_OR_RETURN(int64_t quota, rows.Int64(i, 4));
    group.quota_bytes = static_cast<uint64_t>(quota);
    OCA_ASSIGN_OR_RETURN(group.state, ValueOf(kStates, rows.Text(i, 5)));
    OCA_ASSIGN_OR_RETURN(int64_t revision, rows.Int64(i, 6));
    group.revision = static_cast<uint64_t>(revision);
  }
  return groups;
}

absl::StatusOr<std::vector<ContainerRow>> LoadContainers(db::Connection& db) {
  OCA_ASSIGN_OR_RETURN(db::Result rows,
                       db.Query("SELECT name, fs_id, storage_group, type, marker, state, "
                                "(extract(epoch FROM created) * 1000000)::bigint "
                                "FROM oca_config.container ORDER BY name COLLATE \"C\""));
  std::vector<ContainerRow> containers(static_cast<size_t>(rows.rows()));
  for (int i = 0; i < rows.rows(); ++i) {
    ContainerRow& container = containers[static_cast<size_t>(i)];
    container.name = rows.Text(i, 0);
    OCA_ASSIGN_OR_RETURN(container.fs_id, FsIdAt(rows, i, 1));
    container.group = rows.Text(i, 2);
    OCA_ASSIGN_OR_RETURN(container.type, ValueOf(kContainerTypes, rows.Text(i, 3)));
    OCA_ASSIGN_OR_RETURN(container.marker, ValueOf(kMarkers, rows.Text(i, 4)));
    OCA_ASSIGN_OR_RETURN(container.state, ValueOf(kStates, rows.Text(i, 5)));
    OCA_ASSIGN_OR_RETURN(container.created, TimeAt(rows, i, 6));
  }
  return containers;
}

}  // namespace

Store::Store(std::string dsn, std::string how_to_start)
    : dsn_(std::move(dsn)), how_to_start_(std::move(how_to_start)) {}

absl::Status Store::Down(const absl::Status& status) const {
  return absl::UnavailableError(
      fmt::format("PostgreSQL, which keeps the configuration, cannot be reached ({}); {}",
                  MessageOf(status), how_to_start_));
}

absl::Status Store::Connect() {
  absl::StatusOr<std::unique_ptr<db::Connection>> connection = db::Connection::Open(dsn_);
  if (!connection.ok()) return Down(connection.status());
  absl::StatusOr<int> applied = db::Migrate(**connection, kSchema, Migrations());
  if (!applied.ok()) {
    return absl::IsUnavailable(applied.status())
               ? Down(applied.status())
               : Annotate(applied.status(), "the configuration's database");
  }
  if (*applied > 0) log::Info("database_migrated", "schema", kSchema, "applied", *applied);
  connection_ = *std::move(connection);
  return absl::OkStatus();
}

absl::Status Store::With(const std::function<absl::Status(db::Connection&)>& work) {
  absl::MutexLock lock(&mu_);
  // The server may have been restarted since the last call; find out before work whose outcome
  // would then be unknown.
  if (connection_ != nullptr && !connection_->Query("SELECT 1").ok()) connection_.reset();
  if (connection_ == nullptr) OCA_RETURN_IF_ERROR(Connect());
  absl::Status status = work(*connection_);
  if (!connection_->broken()) return status;
  connection_.reset();
  return status.ok() ? status : Down(status);
}

absl::StatusOr<Desired> Store::Load() {
  Desired desired;
  absl::Status status = With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(db::Transaction transaction, db::Transaction::Begin(db));
    OCA_RETURN_IF_ERROR(db.Execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    OCA_ASSIGN_OR_RETURN(desired.groups, LoadGroups(db));
    OCA_ASSIGN_OR_RETURN(desired.containers, LoadContainers(db));
    return transaction.Commit();
  });
  if (!status.ok()) return status;
  return desired;
}

absl::StatusOr<ServerFacts> Store::Facts() {
  ServerFacts facts;
  absl::Status status = With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(
        db::Result row,
        db.Query("SELECT current_setting('server_version'), "
                 "(extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint, system_id "
                 "FROM oca_config.appliance"));
    if (row.rows() != 1) return absl::DataLossError("the database lost the appliance's row");
    facts.version = row.Text(0, 0);
    OCA_ASSIGN_OR_RETURN(facts.started, TimeAt(row, 0, 1));
    facts.system_id = row.Text(0, 2);
    facts.pid = static_cast<uint32_t>(db.server_pid());
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return facts;
}

absl::Status Store::Insert(const GroupRow& row) {
  return With([&](db::Connection& db) {
    return db
        .Query(
            "INSERT INTO oca_config.storage_group "
            "(name, fs_id, compression_mode, chunk_size_bytes, quota_bytes, state) "
            "VALUES ($1, $2, $3, $4, $5, $6)",
            {row.name, FsIdParam(row.fs_id), TextOf(kModes, row.compression_mode),
             row.chunk_size_bytes, row.quota_bytes, TextOf(kStates, row.state)})
        .status();
  });
}

absl::Status Store::Insert(const ContainerRow& row,
                           const std::function<absl::Status(db::Connection&)>& also) {
  return With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(db::Transaction transaction, db::Transaction::Begin(db));
    OCA_RETURN_IF_ERROR(
        db.Query(
              "INSERT INTO oca_config.container (name, fs_id, storage_group, type, marker, state) "
              "VALUES ($1, $2, $3, $4, $5, $6)",
              {row.name, FsIdParam(row.fs_id), row.group, TextOf(kContainerTypes, row.type),
               TextOf(kMarkers, row.marker), TextOf(kStates, row.state)})
            .status());
    if (also) OCA_RETURN_IF_ERROR(also(db));
    return transaction.Commit();
  });
}

absl::Status Store::Update(const GroupRow& row) {
  return With([&](db::Connection& db) {
    return MustChangeOne(
        db.Query("UPDATE oca_config.storage_group SET fs_id = $2, compression_mode = $3, "
                 "chunk_size_bytes = $4, quota_bytes = $5, state = $6, "
                 "revision = revision + 1 WHERE name = $1",
                 {row.name, FsIdParam(row.fs_id), TextOf(kModes, row.compression_mode),
                  row.chunk_size_bytes, row.quota_bytes, TextOf(kStates, row.state)}),
        row.name);
  });
}

absl::Status Store::Update(const ContainerRow& row,
                           const std::function<absl::Status(db::Connection&)>& also) {
  return With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(db::Transaction transaction, db::Transaction::Begin(db));
    OCA_RETURN_IF_ERROR(MustChangeOne(
        db.Query("UPDATE oca_config.container SET fs_id = $2, storage_group = $3, type = $4, "
                 "marker = $5, state = $6 WHERE name = $1",
                 {row.name, FsIdParam(row.fs_id), row.group, TextOf(kContainerTypes, row.type),
                  TextOf(kMarkers, row.marker), TextOf(kStates, row.state)}),
        row.name));
    if (also) OCA_RETURN_IF_ERROR(also(db));
    return transaction.Commit();
  });
}

absl::Status Store::DeleteGroup(std::string_view name) {
  return With([&](db::Connection& db) {
    return db.Query("DELETE FROM oca_config.storage_group WHERE name = $1", {name}).status();
  });
}

absl::Status Store::DeleteContainer(std::string_view name) {
  return With([&](db::Connection& db) {
    return db.Query("DELETE FROM oca_config.container WHERE name = $1", {name}).status();
  });
}

}  // namespace oca::config
