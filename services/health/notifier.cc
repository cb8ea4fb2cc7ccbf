#include "services/health/notifier.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "google/protobuf/util/time_util.h"
#include "lib/base/status.h"
#include "lib/event/event.h"
#include "lib/log/log.h"

namespace oca::health {
namespace {

namespace mgmt = management::v1;
using google::protobuf::util::TimeUtil;

constexpr absl::Duration kRound = absl::Seconds(30);
constexpr absl::Duration kShortest = absl::Milliseconds(100);
constexpr size_t kMostInOne = 100;

std::string TimeOf(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

absl::StatusOr<std::vector<Message>> Waiting(Database& database, const std::string& channel) {
  std::vector<Message> messages;
  absl::Status done = database.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(
        db::Result rows,
        db.Query("SELECT seq, to_char(happened AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' "
                 "UTC', cleared, severity, condition, subject, text, to_do, host "
                 "FROM oca_health.message WHERE channel = $1 ORDER BY seq LIMIT $2",
                 {channel, kMostInOne}));
    for (int row = 0; row < rows.rows(); ++row) {
      const auto text = [&](int column) { return std::string(rows.Text(row, column)); };
      Message message{0,       text(1), text(2) == "t", text(3), text(4),
                      text(5), text(6), text(7),        text(8)};
      OCA_ASSIGN_OR_RETURN(message.seq, rows.Int64(row, 0));
      messages.push_back(std::move(message));
    }
    return absl::OkStatus();
  });
  if (!done.ok()) return done;
  return messages;
}

absl::Status Forget(Database& database, const std::string& channel, int64_t last) {
  return database.With([&](db::Connection& db) {
    return db
        .Query("DELETE FROM oca_health.message WHERE channel = $1 AND seq <= $2", {channel, last})
        .status();
  });
}

}  // namespace

Notifier::Notifier(NotifierParts parts) : parts_(std::move(parts)), thread_([this] { Loop(); }) {}

Notifier::~Notifier() {
  {
    absl::MutexLock lock(&mu_);
    stop_ = true;
  }
  wake_.Ring();
  thread_.join();
}

void Notifier::Wake() { wake_.Ring(); }

bool Notifier::Stopping() {
  absl::MutexLock lock(&mu_);
  return stop_;
}

void Notifier::Loop() {
  while (!Stopping()) {
    for (const char* name : {kEmailAlerts, kEmailStats, kWebhook, kSyslog}) {
      if (!Stopping()) Work(name);
    }
    wake_.WaitFor(Pause());
  }
}

absl::Time Notifier::Ticks() const { return absl::FromUnixNanos(parts_.clock.MonotonicNanos()); }

absl::Duration Notifier::Pause() const {
  absl::Duration pause = kRound;
  for (const auto& [name, trouble] : trouble_) {
    if (trouble.failures > 0) pause = std::min(pause, trouble.next_try - Ticks());
  }
  return std::max(pause, kShortest);
}

void Notifier::Work(const std::string& name) {
  Trouble& trouble = trouble_[name];
  if (Ticks() < trouble.next_try) return;
  absl::StatusOr<mgmt::Channel> channel = parts_.channels.Get(name);
  if (!channel.ok()) {  // without the database there is nothing to send
    trouble.next_try = Ticks() + kFirstPause;
    return;
  }
  bool sent = false;
  absl::Status status;
  if (channel->enabled()) {
    status = name == kEmailStats ? SendStatistics(*channel, &sent) : SendWaiting(*channel, &sent);
  }
  if (sent || !status.ok()) {
    NoteResult(name, status);
  } else {
    trouble = {};  // nothing waits any more
  }
  // There may be more than go in one.
  if (sent && name != kEmailStats) Wake();
}

absl::Status Notifier::SendWaiting(const mgmt::Channel& channel, bool* sent) {
  absl::StatusOr<std::vector<Message>> messages = Waiting(parts_.database, channel.name());
  if (!messages.ok() || messages->empty()) return absl::OkStatus();
  OCA_RETURN_IF_ERROR(Send(channel, *messages));
  *sent = true;
  if (absl::Status forgot = Forget(parts_.database, channel.name(), messages->back().seq);
      !forgot.ok()) {
    log::Info("messages_may_come_twice", "channel", channel.name(), "error", MessageOf(forgot));
  }
  return absl::OkStatus();
}

absl::Status Notifier::SendStatistics(const mgmt::Channel& channel, bool* sent) {
  const absl::Time now = parts_.clock.Now();
  const absl::Duration interval =
      absl::Hours(channel.interval() == mgmt::INTERVAL_WEEKLY ? 24 * 7 : 24);
  const absl::Time last =
      absl::FromUnixMicros(TimeUtil::TimestampToMicroseconds(channel.last_sent()));
  if (channel.has_last_sent() && now < last + interval) return absl::OkStatus();
  // What cannot be found out now is for the next round.
  absl::StatusOr<Statistics> statistics = parts_.statistics();
  if (!statistics.ok()) return absl::OkStatus();
  statistics->host = parts_.host;
  statistics->when = TimeOf(now);
  OCA_RETURN_IF_ERROR(Mail(channel, StatisticsMail(*statistics)));
  *sent = true;
  return absl::OkStatus();
}

absl::Status Notifier::Send(const mgmt::Channel& channel, const std::vector<Message>& messages) {
  if (channel.name() == kWebhook) return PostJson(channel.relay(), AlertJson(messages));
  if (channel.name() == kSyslog) return WriteToSyslog(parts_.syslog_socket, AlertLines(messages));
  return Mail(WithUsers(channel), AlertMail(messages));
}

absl::Status Notifier::Mail(const mgmt::Channel& channel, const MailText& text) {
  MailAccess access{.ca_file = parts_.mail_ca_file};
  if (!channel.user().empty()) {
    OCA_ASSIGN_OR_RETURN(access.password, parts_.channels.Password(channel.name()));
  }
  return SendMail(channel, access, text);
}

mgmt::Channel Notifier::WithUsers(mgmt::Channel channel) const {
  for (const std::string& address : parts_.recipients()) {
    const auto& to = channel.to();
    const bool there = std::find(to.begin(), to.end(), address) != to.end();
    if (!there && CheckAddress(address).ok()) channel.add_to(address);
  }
  return channel;
}

absl::Status Notifier::Try(const mgmt::Channel& channel) {
  if (channel.name() == kEmailStats) {
    OCA_ASSIGN_OR_RETURN(Statistics statistics, parts_.statistics());
    statistics.host = parts_.host;
    statistics.when = TimeOf(parts_.clock.Now());
    return Mail(channel, StatisticsMail(statistics));
  }
  return Send(channel, {TestMessage(parts_.host, TimeOf(parts_.clock.Now()))});
}

void Notifier::NoteResult(const std::string& name, const absl::Status& status) {
  Trouble& trouble = trouble_[name];
  if (absl::Status noted = parts_.channels.NoteTry(name, MessageOf(status)); !noted.ok()) {
    log::Info("try_not_noted", "channel", name, "error", MessageOf(noted));
  }
  if (!status.ok()) {
    ++trouble.failures;
    trouble.next_try =
        Ticks() + std::min(kFirstPause * (1 << std::min(trouble.failures - 1, 10)), kLongestPause);
    log::Info("message_not_sent", "channel", name, "failures", trouble.failures, "error",
              MessageOf(status));
    if (trouble.failures == kAlertAfter) {
      parts_.events.Send(
          event::Make<event::Kind::kMessageNotSent>(name, std::string(MessageOf(status))));
    }
    return;
  }
  log::Info("message_sent", "channel", name);
  absl::StatusOr<std::vector<Recorder::Standing>> standing = parts_.recorder.ListStanding();
  const bool alert =
      standing.ok() && std::any_of(standing->begin(), standing->end(), [&](const auto& one) {
        return one.condition == "channel" && one.subject == name;
      });
  if (alert || trouble.failures >= kAlertAfter) {
    parts_.events.Send(event::Make<event::Kind::kMessagesSent>(name));
  }
  trouble = {};
}

}  // namespace oca::health
