#include "services/config/replication_store.h"

#include <utility>

#include "fmt/format.h"
#include "google/protobuf/util/time_util.h"
#include "lib/base/status.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using google::protobuf::util::TimeUtil;

// {}: what has the peers, each once.
constexpr char kSelectLimits[] =
    "SELECT w.peer, (SELECT count(*) FROM oca_config.replication_link k WHERE k.role = 'source' "
    "AND k.peer = w.peer), l.kib_per_second, l.revision FROM {} w "
    "LEFT JOIN oca_config.replication_limit l ON l.peer = w.peer ORDER BY w.peer COLLATE \"C\"";

db::Param LinkRoleParam(ReplicationRole role) {
  return role == mgmt::REPLICATION_ROLE_UNSPECIFIED ? db::Param(std::nullopt)
                                                    : db::Param(ReplicationRoleWord(role));
}

std::string_view EncryptionWord(mgmt::ReplicationEncryption encryption) {
  return encryption == mgmt::REPLICATION_ENCRYPTION_NONE ? "none" : "aes256";
}

absl::StatusOr<ReplicationLink> LinkAt(const db::Result& rows, int i) {
  ReplicationLink link;
  link.set_name(std::string(rows.Text(i, 0)));
  link.set_role(rows.Text(i, 1) == "target" ? mgmt::REPLICATION_ROLE_TARGET
                                            : mgmt::REPLICATION_ROLE_SOURCE);
  link.set_peer(std::string(rows.Text(i, 2)));
  link.set_peer_name(std::string(rows.Text(i, 3)));
  link.set_peer_group_name(std::string(rows.Text(i, 4)));
  link.set_replication_traffic(std::string(rows.Text(i, 5)));
  link.set_encryption(rows.Text(i, 6) == "none" ? mgmt::REPLICATION_ENCRYPTION_NONE
                                                : mgmt::REPLICATION_ENCRYPTION_AES256);
  link.set_username(std::string(rows.Text(i, 7)));
  link.set_enabled(rows.Text(i, 8) == "t");
  OCA_ASSIGN_OR_RETURN(int64_t created, rows.Int64(i, 9));
  *link.mutable_created() = TimeUtil::MicrosecondsToTimestamp(created);
  OCA_ASSIGN_OR_RETURN(int64_t revision, rows.Int64(i, 10));
  link.set_revision(static_cast<uint64_t>(revision));
  return link;
}

// Gives the container's windows, which rows `*i` and following are, to its link.
absl::Status TakeWindows(const db::Result& rows, int* i, ReplicationLink* link) {
  for (; *i < rows.rows() && rows.Text(*i, 0) == link->name(); ++*i) {
    OCA_ASSIGN_OR_RETURN(int64_t day, rows.Int64(*i, 1));
    OCA_ASSIGN_OR_RETURN(int64_t start, rows.Int64(*i, 2));
    OCA_ASSIGN_OR_RETURN(int64_t stop, rows.Int64(*i, 3));
    fs::v1::CleanerWindow* window = link->add_windows();
    window->set_day(static_cast<fs::v1::Weekday>(day));
    window->set_start_minute(static_cast<uint32_t>(start));
    window->set_stop_minute(static_cast<uint32_t>(stop));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ReplicationLink>> LoadLinks(db::Connection& db,
                                                       std::string_view container,
                                                       ReplicationRole role) {
  OCA_ASSIGN_OR_RETURN(
      db::Result rows,
      db.Query("SELECT container, role, peer, peer_container, peer_group, replication_traffic, "
               "encryption, user_name, enabled, (extract(epoch FROM created) * 1000000)::bigint, "
               "revision FROM oca_config.replication_link "
               "WHERE ($1::text = '' OR container = $1) AND ($2::text IS NULL OR role = $2) "
               "ORDER BY container COLLATE \"C\", role",
               {container, LinkRoleParam(role)}));
  OCA_ASSIGN_OR_RETURN(db::Result windows,
                       db.Query("SELECT container, day, start_minute, stop_minute "
                                "FROM oca_config.replication_window "
                                "WHERE ($1::text = '' OR container = $1) "
                                "ORDER BY container COLLATE \"C\", day",
                                {container}));
  std::vector<ReplicationLink> links;
  int window = 0;
  for (int i = 0; i < rows.rows(); ++i) {
    OCA_ASSIGN_OR_RETURN(ReplicationLink link, LinkAt(rows, i));
    if (link.role() == mgmt::REPLICATION_ROLE_SOURCE) {
      OCA_RETURN_IF_ERROR(TakeWindows(windows, &window, &link));
    }
    links.push_back(std::move(link));
  }
  return links;
}

absl::StatusOr<ReplicationLimit> LimitAt(const db::Result& rows, int i) {
  ReplicationLimit limit;
  limit.set_peer(std::string(rows.Text(i, 0)));
  OCA_ASSIGN_OR_RETURN(int64_t links, rows.Int64(i, 1));
  limit.set_links(static_cast<uint32_t>(links));
  if (rows.IsNull(i, 2)) return limit;
  OCA_ASSIGN_OR_RETURN(int64_t speed, rows.Int64(i, 2));
  limit.set_kib_per_second(static_cast<uint64_t>(speed));
  OCA_ASSIGN_OR_RETURN(int64_t revision, rows.Int64(i, 3));
  limit.set_revision(static_cast<uint64_t>(revision));
  return limit;
}

absl::Status MustChangeLink(const db::Result& done, const ReplicationLink& link) {
  if (done.affected() == 1) return absl::OkStatus();
  return absl::AbortedError(fmt::format(
      "replication link '{}' is being changed by somebody else; look at it again", LinkText(link)));
}

absl::Status InsertWindows(db::Connection& db, const ReplicationLink& link) {
  for (const fs::v1::CleanerWindow& window : link.windows()) {
    OCA_RETURN_IF_ERROR(db.Query("INSERT INTO oca_config.replication_window "
                                 "(container, day, start_minute, stop_minute) "
                                 "VALUES ($1, $2, $3, $4)",
                                 {link.name(), static_cast<int>(window.day()),
                                  window.start_minute(), window.stop_minute()})
                            .status());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<ReplicationLink>> ReplicationStore::List(std::string_view container,
                                                                    ReplicationRole role) {
  std::vector<ReplicationLink> links;
  absl::Status done = store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(db::Transaction transaction, db::Transaction::Begin(db));
    OCA_RETURN_IF_ERROR(db.Execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    OCA_ASSIGN_OR_RETURN(links, LoadLinks(db, container, role));
    return transaction.Commit();
  });
  if (!done.ok()) return done;
  return links;
}

absl::Status ReplicationStore::Insert(const ReplicationLink& link) {
  return store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(
        db::Result done,
        db.Query("INSERT INTO oca_config.replication_link (container, role, peer, peer_container, "
                 "peer_group, replication_traffic, encryption, user_name, enabled) "
                 "SELECT name, $2, $3, $4, $5, $6, $7, $8, $9 FROM oca_config.container "
                 "WHERE name = $1 AND state = 'ready'",
                 {link.name(), LinkRoleParam(link.role()), link.peer(), link.peer_name(),
                  link.peer_group_name(), link.replication_traffic(),
                  EncryptionWord(link.encryption()), link.username(), link.enabled()}));
    if (done.affected() == 1) return absl::OkStatus();
    return absl::NotFoundError(fmt::format("container '{}' is not there any more", link.name()));
  });
}

absl::Status ReplicationStore::Update(const ReplicationLink& link) {
  return store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(db::Transaction transaction, db::Transaction::Begin(db));
    OCA_ASSIGN_OR_RETURN(
        db::Result done,
        db.Query("UPDATE oca_config.replication_link SET peer = $4, replication_traffic = $5, "
                 "encryption = $6, user_name = $7, enabled = $8, revision = DEFAULT "
                 "WHERE container = $1 AND role = $2 AND revision = $3",
                 {link.name(), LinkRoleParam(link.role()), link.revision(), link.peer(),
                  link.replication_traffic(), EncryptionWord(link.encryption()), link.username(),
                  link.enabled()}));
    OCA_RETURN_IF_ERROR(MustChangeLink(done, link));
    if (link.role() == mgmt::REPLICATION_ROLE_SOURCE) {
      OCA_RETURN_IF_ERROR(
          db.Query("DELETE FROM oca_config.replication_window WHERE container = $1", {link.name()})
              .status());
      OCA_RETURN_IF_ERROR(InsertWindows(db, link));
    }
    return transaction.Commit();
  });
}

absl::Status ReplicationStore::Delete(const ReplicationLink& link) {
  return store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(db::Result done,
                         db.Query("DELETE FROM oca_config.replication_link "
                                  "WHERE container = $1 AND role = $2 AND revision = $3",
                                  {link.name(), LinkRoleParam(link.role()), link.revision()}));
    return MustChangeLink(done, link);
  });
}

absl::StatusOr<std::vector<ReplicationLimit>> ReplicationStore::Limits() {
  std::vector<ReplicationLimit> limits;
  absl::Status done = store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(db::Result rows,
                         db.Query(fmt::format(kSelectLimits, "oca_config.replication_limit")));
    for (int i = 0; i < rows.rows(); ++i) {
      OCA_ASSIGN_OR_RETURN(ReplicationLimit limit, LimitAt(rows, i));
      limits.push_back(std::move(limit));
    }
    return absl::OkStatus();
  });
  if (!done.ok()) return done;
  return limits;
}

absl::StatusOr<ReplicationLimit> ReplicationStore::LimitOf(const std::string& peer) {
  ReplicationLimit limit;
  absl::Status done = store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(db::Result rows,
                         db.Query(fmt::format(kSelectLimits, "(SELECT $1::text AS peer)"), {peer}));
    OCA_ASSIGN_OR_RETURN(limit, LimitAt(rows, 0));
    return absl::OkStatus();
  });
  if (!done.ok()) return done;
  return limit;
}

absl::Status ReplicationStore::SetLimit(const ReplicationLimit& limit) {
  return store_.With([&](db::Connection& db) -> absl::Status {
    if (limit.kib_per_second() == 0) {
      return db.Query("DELETE FROM oca_config.replication_limit WHERE peer = $1", {limit.peer()})
          .status();
    }
    return db
        .Query(
            "INSERT INTO oca_config.replication_limit (peer, kib_per_second) VALUES ($1, $2) "
            "ON CONFLICT (peer) DO UPDATE SET kib_per_second = excluded.kib_per_second, "
            "revision = excluded.revision",
            {limit.peer(), limit.kib_per_second()})
        .status();
  });
}

absl::Status ReplicationStore::RefuseLinked(db::Connection& db, std::string_view container) {
  OCA_ASSIGN_OR_RETURN(std::vector<ReplicationLink> links,
                       LoadLinks(db, container, mgmt::REPLICATION_ROLE_UNSPECIFIED));
  if (links.empty()) return absl::OkStatus();
  std::string text;
  for (const ReplicationLink& link : links) {
    text += fmt::format("{}{} of '{}' at {}", text.empty() ? "" : " and ",
                        ReplicationRoleWord(link.role()), link.peer_name(), link.peer());
  }
  return absl::FailedPreconditionError(fmt::format(
      "container '{}' has {}: it is {}; delete {} first: oca replication --delete "
      "--name {} --role {}",
      container, links.size() == 1 ? "a replication link" : "replication links", text,
      links.size() == 1 ? "it" : "them", container, ReplicationRoleWord(links.front().role())));
}

}  // namespace oca::config
