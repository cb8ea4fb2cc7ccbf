#include "services/config/audit.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/time_util.h"
#include "lib/api/options.pb.h"
#include "lib/base/status.h"
#include "lib/log/log.h"
#include "services/config/rows.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::TimeUtil;

constexpr uint32_t kListedByDefault = 100;
constexpr uint32_t kMostListed = 10000;
constexpr char kRemoved[] = "(secret)";

struct OutcomeWord {
  mgmt::Outcome outcome;
  const char* word;
};
constexpr OutcomeWord kOutcomes[] = {{mgmt::OUTCOME_BEGUN, "begun"},
                                     {mgmt::OUTCOME_DONE, "done"},
                                     {mgmt::OUTCOME_FAILED, "failed"},
                                     {mgmt::OUTCOME_DENIED, "denied"}};

void RemoveSecrets(Message* message) {
  const auto* reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->options().GetExtension(oca::secret)) {
      reflection->ClearField(message, field);
      if (!field->is_repeated() && field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        reflection->SetString(message, field, kRemoved);
      }
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && field->is_repeated()) {
      for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
        RemoveSecrets(reflection->MutableRepeatedMessage(message, field, i));
      }
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      RemoveSecrets(reflection->MutableMessage(message, field));
    }
  }
}

std::string ToJsonLine(const Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string text;
  auto status = google::protobuf::util::MessageToJsonString(message, &text, options);
  return status.ok() ? text : "{}";
}

db::Param TimeParam(bool has, const google::protobuf::Timestamp& time) {
  return has ? db::Param(TimeUtil::ToString(time)) : db::Param(std::nullopt);
}

absl::Status Upsert(db::Connection& db, const mgmt::AuditEntry& entry) {
  const char* outcome = "";
  for (const OutcomeWord& known : kOutcomes) {
    if (known.outcome == entry.outcome()) outcome = known.word;
  }
  // An entry that has ended stays as it is, whatever arrives late.
  return db
      .Query(
          "INSERT INTO oca_config.audit (id, started, ended, user_name, origin, method, target, "
          "outcome, message, request, before, after) "
          "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (id) DO UPDATE "
          "SET ended = $3, outcome = $8, message = $9, before = $11, after = $12 "
          "WHERE audit.outcome = 'begun'",
          {entry.id(), TimeParam(true, entry.started()),
           TimeParam(entry.has_ended(), entry.ended()), entry.user(), entry.origin(),
           entry.method(), entry.target(), outcome, entry.message(), TextOrNull(entry.request()),
           TextOrNull(entry.before()), TextOrNull(entry.after())})
      .status();
}

absl::Status SetTime(const db::Result& rows, int row, int column,
                     google::protobuf::Timestamp* (mgmt::AuditEntry::*field)(),
                     mgmt::AuditEntry* entry) {
  if (rows.IsNull(row, column)) return absl::OkStatus();
  OCA_ASSIGN_OR_RETURN(int64_t micros, rows.Int64(row, column));
  *(entry->*field)() = TimeUtil::MicrosecondsToTimestamp(micros);
  return absl::OkStatus();
}

absl::StatusOr<mgmt::AuditEntry> EntryAt(const db::Result& rows, int row) {
  mgmt::AuditEntry entry;
  entry.set_id(std::string(rows.Text(row, 0)));
  OCA_RETURN_IF_ERROR(SetTime(rows, row, 1, &mgmt::AuditEntry::mutable_started, &entry));
  OCA_RETURN_IF_ERROR(SetTime(rows, row, 2, &mgmt::AuditEntry::mutable_ended, &entry));
  entry.set_user(std::string(rows.Text(row, 3)));
  entry.set_origin(std::string(rows.Text(row, 4)));
  entry.set_method(std::string(rows.Text(row, 5)));
  entry.set_target(std::string(rows.Text(row, 6)));
  for (const OutcomeWord& known : kOutcomes) {
    if (known.word == rows.Text(row, 7)) entry.set_outcome(known.outcome);
  }
  entry.set_message(std::string(rows.Text(row, 8)));
  entry.set_request(std::string(rows.Text(row, 9)));
  entry.set_before(std::string(rows.Text(row, 10)));
  entry.set_after(std::string(rows.Text(row, 11)));
  return entry;
}

}  // namespace

std::string AuditJson(const Message& message) {
  std::unique_ptr<Message> shown(message.New());
  shown->CopyFrom(message);
  RemoveSecrets(shown.get());
  std::string text = ToJsonLine(*shown);
  return text == "{}" ? "" : text;
}

AuditTrail::AuditTrail(Store& store, io::FileSystem& files, std::string pending_path)
    : store_(store), files_(files), pending_path_(std::move(pending_path)) {}

absl::Status AuditTrail::Record(const mgmt::AuditEntry& entry) {
  absl::MutexLock lock(&mu_);
  absl::Status status = Deliver();
  if (status.ok()) {
    status = store_.With([&](db::Connection& db) { return Upsert(db, entry); });
  }
  // Whatever ails the database, what happened must be on record.
  return status.ok() ? status : Keep(entry);
}

absl::Status AuditTrail::Insert(db::Connection& db, const mgmt::AuditEntry& entry) {
  return Upsert(db, entry);
}

absl::Status AuditTrail::Keep(const mgmt::AuditEntry& entry) {
  pending_ = true;
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<io::File> file,
                       files_.Open(pending_path_, io::OpenMode::kOpenOrCreate));
  OCA_ASSIGN_OR_RETURN(uint64_t size, file->Size());
  // A line that a crash has cut off is ended by the newline before this one.
  OCA_RETURN_IF_ERROR(file->WriteAt(size, fmt::format("\n{}\n", ToJsonLine(entry))));
  OCA_RETURN_IF_ERROR(file->Sync());
  return size == 0 ? files_.SyncDir(io::DirName(pending_path_)) : absl::OkStatus();
}

absl::Status AuditTrail::Deliver() {
  if (!pending_) return absl::OkStatus();
  absl::StatusOr<std::string> text = io::ReadFile(files_, pending_path_);
  if (absl::IsNotFound(text.status())) {
    pending_ = false;
    return absl::OkStatus();
  }
  OCA_RETURN_IF_ERROR(text.status());
  int delivered = 0;
  absl::Status done = store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(db::Transaction transaction, db::Transaction::Begin(db));
    for (absl::string_view line : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
      mgmt::AuditEntry entry;
      auto parsed = google::protobuf::util::JsonStringToMessage({line.data(), line.size()}, &entry);
      if (!parsed.ok()) {
        log::Warning("audit_line_unreadable", "file", pending_path_, "bytes", line.size());
        continue;
      }
      OCA_RETURN_IF_ERROR(Upsert(db, entry));
      ++delivered;
    }
    return transaction.Commit();
  });
  if (!done.ok()) return done;
  OCA_RETURN_IF_ERROR(io::RemoveFileDurably(files_, pending_path_));
  pending_ = false;
  log::Info("audit_delivered", "entries", delivered);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<mgmt::AuditEntry>> AuditTrail::List(
    const mgmt::ListAuditRequest& request) {
  uint32_t limit = request.limit() == 0 ? kListedByDefault : std::min(request.limit(), kMostListed);
  std::vector<mgmt::AuditEntry> entries;
  absl::MutexLock lock(&mu_);
  OCA_RETURN_IF_ERROR(Deliver());
  absl::Status done = store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(
        db::Result rows,
        db.Query("SELECT id, (extract(epoch FROM started) * 1000000)::bigint, "
                 "(extract(epoch FROM ended) * 1000000)::bigint, user_name, origin, method, "
                 "target, outcome, message, request, before, after FROM oca_config.audit "
                 "WHERE ($1::text = '' OR user_name = $1) AND ($2::text = '' OR target = $2) "
                 "AND ($3::timestamptz IS NULL OR started >= $3) "
                 "ORDER BY started DESC, id LIMIT $4",
                 {request.user(), request.target(), TimeParam(request.has_since(), request.since()),
                  limit}));
    for (int row = 0; row < rows.rows(); ++row) {
      OCA_ASSIGN_OR_RETURN(mgmt::AuditEntry entry, EntryAt(rows, row));
      entries.push_back(std::move(entry));
    }
    return absl::OkStatus();
  });
  if (!done.ok()) return done;
  return entries;
}

}  // namespace oca::config
