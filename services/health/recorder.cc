#include "services/health/recorder.h"

#include <span>
#include <utility>

#include "lib/base/status.h"
#include "lib/event/event.h"
#include "lib/log/log.h"

namespace oca::health {
namespace {

using event::Definition;
using event::Effect;
using event::SeverityWord;
using event::v1::Event;

// What an event that this version does not know counts as.
constexpr event::Severity kUnknown = event::Severity::kWarning;

std::string_view SeverityWordOf(const Definition* definition) {
  return SeverityWord(definition == nullptr ? kUnknown : definition->severity);
}

// Whether it was not there.
absl::StatusOr<bool> InsertEvent(db::Connection& db, const Event& event) {
  const Definition* definition = event::Find(event.number());
  OCA_ASSIGN_OR_RETURN(
      db::Result done,
      db.Query("INSERT INTO oca_health.event (id, happened, number, name, severity, process, pid, "
               "host, text, to_do, repeats) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
               "ON CONFLICT (id) DO NOTHING",
               {event.id(), TimeText(event.happened()), event.number(),
                definition == nullptr ? std::string_view("unknown") : definition->name,
                SeverityWordOf(definition), event.process(), event.pid(), event.host(),
                event::TextOf(event), event::WhatToDo(event), event.repeats()}));
  return done.affected() == 1;
}

// For each channel that tells of alerts.
absl::Status MakeMessages(db::Connection& db, const Event& event, const Definition& definition) {
  return db
      .Query(
          "INSERT INTO oca_health.message (channel, happened, cleared, severity, condition, "
          "subject, text, to_do, host) SELECT name, $1, $2, $3, $4, $5, $6, $7, $8 "
          "FROM oca_health.channel WHERE enabled AND name <> 'email_stats'",
          {TimeText(event.happened()), definition.effect == Effect::kClears,
           SeverityWord(definition.severity), definition.condition, event::SubjectOf(event),
           event::TextOf(event), event::WhatToDo(event), event.host()})
      .status();
}

// Whether there is something to tell: the alert is new, or more or less severe than it was.
absl::StatusOr<bool> Raise(db::Connection& db, const Event& event, const Definition& definition) {
  const std::string_view severity = SeverityWord(definition.severity);
  const std::string happened = TimeText(event.happened());
  OCA_ASSIGN_OR_RETURN(db::Result was,
                       db.Query("SELECT seq, severity FROM oca_health.alert WHERE condition = $1 "
                                "AND subject = $2 AND cleared IS NULL",
                                {definition.condition, event::SubjectOf(event)}));
  if (was.rows() > 0) {
    OCA_RETURN_IF_ERROR(
        db.Query("UPDATE oca_health.alert SET severity = $2, last_seen = $3, times = times + $4, "
                 "text = $5, to_do = $6 WHERE seq = $1",
                 {was.Text(0, 0), severity, happened, event.repeats() + 1, event::TextOf(event),
                  event::WhatToDo(event)})
            .status());
    return was.Text(0, 1) != severity;
  }
  OCA_RETURN_IF_ERROR(
      db.Query("INSERT INTO oca_health.alert (condition, subject, severity, raised, last_seen, "
               "times, text, to_do, host) VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8)",
               {definition.condition, event::SubjectOf(event), severity, happened,
                event.repeats() + 1, event::TextOf(event), event::WhatToDo(event), event.host()})
          .status());
  return true;
}

absl::StatusOr<bool> Clear(db::Connection& db, const Event& event, const Definition& definition) {
  OCA_ASSIGN_OR_RETURN(
      db::Result done,
      db.Query("UPDATE oca_health.alert SET cleared = $3 WHERE condition = $1 "
               "AND subject = $2 AND cleared IS NULL",
               {definition.condition, event::SubjectOf(event), TimeText(event.happened())}));
  return done.affected() > 0;
}

// Whether alerts have changed.
absl::StatusOr<bool> RecordOne(db::Connection& db, const Event& event) {
  OCA_ASSIGN_OR_RETURN(bool is_new, InsertEvent(db, event));
  const Definition* definition = event::Find(event.number());
  if (!is_new || definition == nullptr || definition->effect == Effect::kNone) return false;
  OCA_ASSIGN_OR_RETURN(bool to_tell, definition->effect == Effect::kRaises
                                         ? Raise(db, event, *definition)
                                         : Clear(db, event, *definition));
  if (to_tell) OCA_RETURN_IF_ERROR(MakeMessages(db, event, *definition));
  return to_tell;
}

// Errors that another try may not have.
bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsAborted(status) ||
         absl::IsDeadlineExceeded(status) || absl::IsResourceExhausted(status);
}

}  // namespace

absl::Status Recorder::Record(const std::vector<Event>& events) {
  bool changed = false;
  const auto record = [&](std::span<const Event> some) {
    return database_.With([&](db::Connection& db) -> absl::Status {
      for (const Event& event : some) {
        OCA_ASSIGN_OR_RETURN(bool one, RecordOne(db, event));
        changed |= one;
      }
      return absl::OkStatus();
    });
  };
  absl::Status status = record(events);
  if (!status.ok() && !MayPass(status)) {
    // One of them is at fault: it must not hold up the others.
    for (const Event& event : events) {
      status = record({&event, 1});
      if (!status.ok() && MayPass(status)) return status;
      if (!status.ok()) {
        log::Error("event_refused", "id", event.id(), "number", event.number(), "error",
                   MessageOf(status));
      }
    }
    status = absl::OkStatus();
  }
  if (status.ok() && changed) changed_();
  return status;
}

absl::Status Recorder::Expire(const Retention& retention) {
  const auto seconds = [](absl::Duration age) { return absl::ToInt64Seconds(age); };
  return database_.With([&](db::Connection& db) -> absl::Status {
    OCA_RETURN_IF_ERROR(
        db.Query("DELETE FROM oca_health.event WHERE recorded < clock_timestamp() - $1 * "
                 "interval '1 second' OR seq <= (SELECT max(seq) - $2 FROM oca_health.event)",
                 {seconds(retention.age), retention.events})
            .status());
    OCA_RETURN_IF_ERROR(
        db.Query("DELETE FROM oca_health.alert WHERE cleared < clock_timestamp() - $1 * interval "
                 "'1 second' OR seq IN (SELECT seq FROM oca_health.alert WHERE cleared IS NOT NULL "
                 "ORDER BY seq DESC OFFSET $2)",
                 {seconds(retention.age), retention.cleared})
            .status());
    return db
        .Query(
            "DELETE FROM oca_health.message WHERE made < clock_timestamp() - $1 * interval '1 "
            "second'",
            {seconds(retention.message_age)})
        .status();
  });
}

absl::StatusOr<std::vector<Recorder::Standing>> Recorder::ListStanding() {
  std::vector<Standing> standing;
  absl::Status done = database_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(db::Result rows,
                         db.Query("SELECT condition, subject, severity FROM oca_health.alert "
                                  "WHERE cleared IS NULL ORDER BY seq"));
    for (int row = 0; row < rows.rows(); ++row) {
      Standing one{std::string(rows.Text(row, 0)), std::string(rows.Text(row, 1)), {}};
      for (event::Severity severity : {event::Severity::kInfo, event::Severity::kWarning,
                                       event::Severity::kError, event::Severity::kCritical}) {
        if (SeverityWord(severity) == rows.Text(row, 2)) one.severity = severity;
      }
      standing.push_back(std::move(one));
    }
    return absl::OkStatus();
  });
  if (!done.ok()) return done;
  return standing;
}

}  // namespace oca::health
