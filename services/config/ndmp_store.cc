#include "services/config/ndmp_store.h"

#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "google/protobuf/util/time_util.h"
#include "lib/base/status.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using google::protobuf::util::TimeUtil;

constexpr std::pair<mgmt::NdmpSessionResult, std::string_view> kResults[] = {
    {mgmt::NDMP_SESSION_RESULT_SUCCESSFUL, "successful"},
    {mgmt::NDMP_SESSION_RESULT_FAILED, "failed"},
    {mgmt::NDMP_SESSION_RESULT_SHUT_DOWN, "shut_down"},
    {mgmt::NDMP_SESSION_RESULT_INTERRUPTED, "interrupted"},
};

std::string_view WordOf(mgmt::NdmpSessionResult result) {
  for (const auto& [each, word] : kResults) {
    if (each == result) return word;
  }
  return "";
}

mgmt::NdmpSessionResult ResultOf(std::string_view word) {
  for (const auto& [result, each] : kResults) {
    if (each == word) return result;
  }
  return mgmt::NDMP_SESSION_RESULT_UNSPECIFIED;
}

// NULL when it is not given.
template <typename Value>
db::Param Optional(bool given, const Value& value) {
  return given ? db::Param(value) : db::Param(std::nullopt);
}

absl::StatusOr<uint32_t> PortAt(const db::Result& rows, int column) {
  OCA_ASSIGN_OR_RETURN(int64_t port, rows.Int64(0, column));
  return static_cast<uint32_t>(port);
}

absl::StatusOr<NdmpSet> SetOf(const db::Result& rows) {
  if (rows.rows() != 1) return absl::DataLossError("the database lost the row of NDMP");
  NdmpSet set;
  if (!rows.IsNull(0, 0)) set.set_address(std::string(rows.Text(0, 0)));
  if (!rows.IsNull(0, 1)) {
    OCA_ASSIGN_OR_RETURN(uint32_t port, PortAt(rows, 1));
    set.set_port(port);
  }
  if (!rows.IsNull(0, 2)) set.set_data_address(std::string(rows.Text(0, 2)));
  if (!rows.IsNull(0, 3)) {
    OCA_ASSIGN_OR_RETURN(uint32_t first, PortAt(rows, 3));
    OCA_ASSIGN_OR_RETURN(uint32_t last, PortAt(rows, 4));
    set.set_first_data_port(first);
    set.set_last_data_port(last);
  }
  OCA_ASSIGN_OR_RETURN(int64_t revision, rows.Int64(0, 5));
  set.set_revision(static_cast<uint64_t>(revision));
  return set;
}

absl::StatusOr<CompletedNdmpSession> SessionAt(const db::Result& rows, int i) {
  CompletedNdmpSession session;
  session.set_id(std::string(rows.Text(i, 0)));
  session.set_client(std::string(rows.Text(i, 1)));
  session.set_user(std::string(rows.Text(i, 2)));
  OCA_ASSIGN_OR_RETURN(int64_t version, rows.Int64(i, 3));
  session.set_protocol_version(static_cast<uint32_t>(version));
  session.set_device(std::string(rows.Text(i, 4)));
  OCA_ASSIGN_OR_RETURN(int64_t bytes, rows.Int64(i, 5));
  session.set_bytes_moved(static_cast<uint64_t>(bytes));
  OCA_ASSIGN_OR_RETURN(int64_t started, rows.Int64(i, 6));
  *session.mutable_started() = TimeUtil::MicrosecondsToTimestamp(started);
  OCA_ASSIGN_OR_RETURN(int64_t ended, rows.Int64(i, 7));
  *session.mutable_ended() = TimeUtil::MicrosecondsToTimestamp(ended);
  session.set_result(ResultOf(rows.Text(i, 8)));
  session.set_error(std::string(rows.Text(i, 9)));
  return session;
}

absl::Status Insert(db::Connection& db, const CompletedNdmpSession& session) {
  return db
      .Query(
          "INSERT INTO oca_config.ndmp_session (id, client, user_name, protocol_version, device, "
          "bytes_moved, started, ended, result, error) "
          "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
          "ON CONFLICT (id) DO UPDATE SET device = excluded.device, "
          "bytes_moved = excluded.bytes_moved, ended = excluded.ended, result = excluded.result, "
          "error = excluded.error WHERE ndmp_session.result = 'interrupted'",
          {session.id(), session.client(), session.user(), session.protocol_version(),
           session.device(), session.bytes_moved(), TimeUtil::ToString(session.started()),
           TimeUtil::ToString(session.ended()), WordOf(session.result()), session.error()})
      .status();
}

}  // namespace

absl::StatusOr<NdmpSet> NdmpStore::Load() {
  NdmpSet set;
  absl::Status done = store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(
        db::Result rows,
        db.Query("SELECT address, port, data_address, first_data_port, last_data_port, revision "
                 "FROM oca_config.ndmp"));
    OCA_ASSIGN_OR_RETURN(set, SetOf(rows));
    return absl::OkStatus();
  });
  if (!done.ok()) return done;
  return set;
}

absl::Status NdmpStore::Save(const NdmpSet& set) {
  return store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(
        db::Result rows,
        db.Query("UPDATE oca_config.ndmp SET address = $1, port = $2, data_address = $3, "
                 "first_data_port = $4, last_data_port = $5, revision = revision + 1 "
                 "WHERE revision = $6",
                 {Optional(set.has_address(), set.address()), Optional(set.has_port(), set.port()),
                  Optional(set.has_data_address(), set.data_address()),
                  Optional(set.has_first_data_port(), set.first_data_port()),
                  Optional(set.has_last_data_port(), set.last_data_port()), set.revision()}));
    if (rows.affected() == 1) return absl::OkStatus();
    return absl::AbortedError(
        "the settings of NDMP are being changed by somebody else; look at them again");
  });
}

absl::Status NdmpStore::AddCompleted(const std::vector<CompletedNdmpSession>& sessions) {
  return store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(db::Transaction transaction, db::Transaction::Begin(db));
    for (const CompletedNdmpSession& session : sessions) {
      OCA_RETURN_IF_ERROR(Insert(db, session));
    }
    OCA_RETURN_IF_ERROR(db.Query("DELETE FROM oca_config.ndmp_session WHERE id IN (SELECT id FROM "
                                 "oca_config.ndmp_session ORDER BY ended DESC, id OFFSET $1)",
                                 {kMostCompleted})
                            .status());
    return transaction.Commit();
  });
}

absl::StatusOr<std::vector<CompletedNdmpSession>> NdmpStore::LoadCompleted(int64_t most) {
  std::vector<CompletedNdmpSession> sessions;
  absl::Status done = store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(
        db::Result rows,
        db.Query("SELECT id, client, user_name, protocol_version, device, bytes_moved, "
                 "(extract(epoch FROM started) * 1000000)::bigint, "
                 "(extract(epoch FROM ended) * 1000000)::bigint, result, error "
                 "FROM oca_config.ndmp_session ORDER BY ended DESC, id LIMIT $1",
                 {most}));
    for (int i = 0; i < rows.rows(); ++i) {
      OCA_ASSIGN_OR_RETURN(CompletedNdmpSession session, SessionAt(rows, i));
      sessions.push_back(std::move(session));
    }
    return absl::OkStatus();
  });
  if (!done.ok()) return done;
  return sessions;
}

}  // namespace oca::config
