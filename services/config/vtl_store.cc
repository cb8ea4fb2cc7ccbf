#include "services/config/vtl_store.h"

#include <utility>

#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "services/config/rows.h"

namespace oca::config {
namespace {

absl::StatusOr<std::vector<LibraryRow>> LoadLibraries(db::Connection& db) {
  OCA_ASSIGN_OR_RETURN(
      db::Result rows,
      db.Query("SELECT container, serial, drives, slots, tapes, tape_size_bytes, generation, "
               "oem_vendor, target, portal, made, revision FROM oca_config.tape_library "
               "ORDER BY container COLLATE \"C\""));
  std::vector<LibraryRow> libraries(static_cast<size_t>(rows.rows()));
  for (int i = 0; i < rows.rows(); ++i) {
    LibraryRow& library = libraries[static_cast<size_t>(i)];
    library.name = rows.Text(i, 0);
    library.serial = rows.Text(i, 1);
    OCA_ASSIGN_OR_RETURN(int64_t drives, rows.Int64(i, 2));
    OCA_ASSIGN_OR_RETURN(int64_t slots, rows.Int64(i, 3));
    OCA_ASSIGN_OR_RETURN(int64_t tapes, rows.Int64(i, 4));
    OCA_ASSIGN_OR_RETURN(int64_t tape_size, rows.Int64(i, 5));
    OCA_ASSIGN_OR_RETURN(int64_t generation, rows.Int64(i, 6));
    OCA_ASSIGN_OR_RETURN(int64_t revision, rows.Int64(i, 11));
    library.spec.set_drives(static_cast<uint32_t>(drives));
    library.spec.set_slots(static_cast<uint32_t>(slots));
    library.spec.set_tapes(static_cast<uint32_t>(tapes));
    library.spec.set_tape_size_bytes(static_cast<uint64_t>(tape_size));
    library.spec.set_generation(static_cast<uint32_t>(generation));
    library.spec.set_oem_vendor(std::string(rows.Text(i, 7)));
    library.target = rows.Text(i, 8);
    library.portal = rows.Text(i, 9);
    library.made = rows.Text(i, 10) == "t";
    library.revision = static_cast<uint64_t>(revision);
  }
  return libraries;
}

absl::StatusOr<std::vector<ConnectionRow>> LoadConnections(db::Connection& db) {
  OCA_ASSIGN_OR_RETURN(
      db::Result rows,
      db.Query("SELECT container, enabled, array_to_string(initiators, ','), chap_user, "
               "target_user, target_secret_sealed, revision FROM oca_config.iscsi_connection "
               "ORDER BY container COLLATE \"C\""));
  std::vector<ConnectionRow> connections(static_cast<size_t>(rows.rows()));
  for (int i = 0; i < rows.rows(); ++i) {
    ConnectionRow& connection = connections[static_cast<size_t>(i)];
    connection.name = rows.Text(i, 0);
    connection.enabled = rows.Text(i, 1) == "t";
    connection.initiators = absl::StrSplit(std::string(rows.Text(i, 2)), ',', absl::SkipEmpty());
    connection.chap_user = rows.Text(i, 3);
    connection.target_user = rows.Text(i, 4);
    connection.target_secret_sealed = rows.Text(i, 5);
    OCA_ASSIGN_OR_RETURN(int64_t revision, rows.Int64(i, 6));
    connection.revision = static_cast<uint64_t>(revision);
  }
  return connections;
}

// Initiators as PostgreSQL's literal of an array: their rules leave nothing in them to be quoted.
std::string ArrayOfInitiators(const std::vector<std::string>& initiators) {
  return fmt::format("{{{}}}", fmt::join(initiators, ","));
}

}  // namespace

absl::StatusOr<VtlRows> VtlStore::Load() {
  VtlRows all;
  OCA_ASSIGN_OR_RETURN(Desired desired, store_.Load());
  for (ContainerRow& row : desired.containers) {
    if (row.type == management::v1::CONTAINER_TYPE_VTL) all.containers.push_back(std::move(row));
  }
  absl::Status status = store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(all.libraries, LoadLibraries(db));
    OCA_ASSIGN_OR_RETURN(all.connections, LoadConnections(db));
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return all;
}

absl::Status VtlStore::Insert(db::Connection& db, const LibraryRow& row) {
  return db
      .Query(
          "INSERT INTO oca_config.tape_library (container, serial, drives, slots, tapes, "
          "tape_size_bytes, generation, oem_vendor, target, portal) "
          "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
          {row.name, row.serial, row.spec.drives(), row.spec.slots(), row.spec.tapes(),
           row.spec.tape_size_bytes(), row.spec.generation(), row.spec.oem_vendor(), row.target,
           row.portal})
      .status();
}

absl::Status VtlStore::Update(const LibraryRow& row) {
  return store_.With([&](db::Connection& db) {
    return MustChangeOne(
        db.Query("UPDATE oca_config.tape_library SET drives = $2, slots = $3, portal = $4, "
                 "revision = revision + 1 WHERE container = $1",
                 {row.name, row.spec.drives(), row.spec.slots(), row.portal}),
        row.name);
  });
}

absl::Status VtlStore::NoteMade(std::string_view name) {
  return store_.With([&](db::Connection& db) {
    return MustChangeOne(
        db.Query("UPDATE oca_config.tape_library SET made = true WHERE container = $1", {name}),
        name);
  });
}

absl::Status VtlStore::Insert(const ConnectionRow& row) {
  return store_.With([&](db::Connection& db) {
    return db
        .Query(
            "INSERT INTO oca_config.iscsi_connection (container, enabled, initiators, chap_user, "
            "target_user, target_secret_sealed) VALUES ($1, $2, $3, $4, $5, $6)",
            {row.name, row.enabled, ArrayOfInitiators(row.initiators), row.chap_user,
             row.target_user, row.target_secret_sealed})
        .status();
  });
}

absl::Status VtlStore::Update(const ConnectionRow& row) {
  return store_.With([&](db::Connection& db) {
    return MustChangeOne(
        db.Query("UPDATE oca_config.iscsi_connection SET enabled = $2, initiators = $3, "
                 "chap_user = $4, target_user = $5, target_secret_sealed = $6, "
                 "revision = revision + 1 WHERE container = $1",
                 {row.name, row.enabled, ArrayOfInitiators(row.initiators), row.chap_user,
                  row.target_user, row.target_secret_sealed}),
        row.name);
  });
}

absl::Status VtlStore::DeleteConnection(std::string_view name) {
  return store_.With([&](db::Connection& db) {
    return MustChangeOne(
        db.Query("DELETE FROM oca_config.iscsi_connection WHERE container = $1", {name}), name);
  });
}

}  // namespace oca::config
