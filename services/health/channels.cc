#include "services/health/channels.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "nlohmann/json.hpp"

namespace oca::health {
namespace {

namespace mgmt = management::v1;

template <typename Value>
struct Word {
  Value value;
  std::string_view text;
};
constexpr Word<mgmt::MailSecurity> kSecurities[] = {{mgmt::MAIL_SECURITY_NONE, "none"},
                                                    {mgmt::MAIL_SECURITY_STARTTLS, "starttls"},
                                                    {mgmt::MAIL_SECURITY_TLS, "tls"}};
constexpr Word<mgmt::Interval> kIntervals[] = {{mgmt::INTERVAL_DAILY, "daily"},
                                               {mgmt::INTERVAL_WEEKLY, "weekly"}};

template <typename Value, size_t n>
std::string_view TextOf(const Word<Value> (&words)[n], Value value) {
  for (const auto& word : words) {
    if (word.value == value) return word.text;
  }
  return words[0].text;
}

template <typename Value, size_t n>
Value ValueOf(const Word<Value> (&words)[n], std::string_view text) {
  for (const auto& word : words) {
    if (word.text == text) return word.value;
  }
  return words[0].value;
}

template <typename List>
std::string JsonOf(const List& list) {
  return nlohmann::json(std::vector<std::string>(list.begin(), list.end())).dump();
}

template <typename List>
void SetFromJson(std::string_view text, List* out) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_array()) return;
  for (const auto& item : json) {
    if (item.is_string()) out->Add(item.get<std::string>());
  }
}

// What the table holds of a channel.
struct Kept {
  mgmt::Channel channel;
  std::string password_sealed = {};  // empty: none
};

absl::StatusOr<Kept> Load(db::Connection& db, std::string_view name) {
  OCA_ASSIGN_OR_RETURN(
      db::Result rows,
      db.Query("SELECT enabled, relay, security, sender, send_to, cc, bcc, period, "
               "(extract(epoch FROM last_sent) * 1000000)::bigint, last_error, (SELECT count(*) "
               "FROM oca_health.message WHERE channel = name), login, password_sealed "
               "FROM oca_health.channel WHERE name = $1",
               {name}));
  if (rows.rows() == 0) {
    return absl::NotFoundError(fmt::format("there is no channel '{}'; there are {}, {}, {}, {}",
                                           name, kEmailAlerts, kEmailStats, kWebhook, kSyslog));
  }
  Kept kept;
  mgmt::Channel& channel = kept.channel;
  channel.set_name(std::string(name));
  channel.set_enabled(rows.Text(0, 0) == "t");
  channel.set_relay(std::string(rows.Text(0, 1)));
  channel.set_security(ValueOf(kSecurities, rows.Text(0, 2)));
  channel.set_sender(std::string(rows.Text(0, 3)));
  SetFromJson(rows.Text(0, 4), channel.mutable_to());
  SetFromJson(rows.Text(0, 5), channel.mutable_cc());
  SetFromJson(rows.Text(0, 6), channel.mutable_bcc());
  channel.set_interval(ValueOf(kIntervals, rows.Text(0, 7)));
  OCA_RETURN_IF_ERROR(ReadTime(rows, 0, 8, [&] { return channel.mutable_last_sent(); }));
  channel.set_last_error(std::string(rows.Text(0, 9)));
  OCA_ASSIGN_OR_RETURN(int64_t waiting, rows.Int64(0, 10));
  channel.set_waiting(static_cast<uint32_t>(waiting));
  channel.set_user(std::string(rows.Text(0, 11)));
  kept.password_sealed = rows.Text(0, 12);
  channel.set_has_password(!kept.password_sealed.empty());
  return kept;
}

void Apply(const mgmt::ConfigureChannelRequest& request, mgmt::Channel* channel) {
  if (request.has_enabled()) channel->set_enabled(request.enabled());
  if (request.has_relay()) channel->set_relay(request.relay());
  if (request.security() != mgmt::MAIL_SECURITY_UNSPECIFIED) {
    channel->set_security(request.security());
  }
  if (request.has_sender()) channel->set_sender(request.sender());
  if (request.has_user()) channel->set_user(request.user());
  if (request.has_to()) *channel->mutable_to() = request.to().addresses();
  if (request.has_cc()) *channel->mutable_cc() = request.cc().addresses();
  if (request.has_bcc()) *channel->mutable_bcc() = request.bcc().addresses();
  if (request.interval() != mgmt::INTERVAL_UNSPECIFIED) channel->set_interval(request.interval());
}

// Brings the kept password to what `channel`, with the request's changes, needs. `before`: without
// them. A kept one never goes to another relay than that for which it was given.
absl::Status ApplyPassword(const mgmt::ConfigureChannelRequest& request, const Kept& before,
                           daemon::SecretSeal& seal, Kept* kept) {
  mgmt::Channel& channel = kept->channel;
  if (channel.user().empty()) {
    if (!request.password().empty()) {
      return absl::InvalidArgumentError("a password needs a user: give --user");
    }
    kept->password_sealed.clear();
  } else if (!request.password().empty()) {
    OCA_RETURN_IF_ERROR(CheckMailPassword(request.password()));
    OCA_ASSIGN_OR_RETURN(kept->password_sealed, seal.Seal(channel.name(), request.password()));
  } else if (before.password_sealed.empty() || channel.user() != before.channel.user() ||
             channel.relay() != before.channel.relay()) {
    return absl::InvalidArgumentError(fmt::format(
        "the password of user '{}' is needed{}: give --user and the password", channel.user(),
        before.password_sealed.empty() ? "" : " again, as the relay or the user is another one"));
  }
  channel.set_has_password(!kept->password_sealed.empty());
  return absl::OkStatus();
}

absl::Status Save(db::Connection& db, const Kept& kept) {
  const mgmt::Channel& channel = kept.channel;
  return db
      .Query(
          "UPDATE oca_health.channel SET enabled = $2, relay = $3, security = $4, sender = $5, "
          "send_to = $6, cc = $7, bcc = $8, period = $9, login = $10, password_sealed = $11 "
          "WHERE name = $1",
          {channel.name(), channel.enabled(), channel.relay(),
           TextOf(kSecurities, channel.security()), channel.sender(), JsonOf(channel.to()),
           JsonOf(channel.cc()), JsonOf(channel.bcc()), TextOf(kIntervals, channel.interval()),
           channel.user(), kept.password_sealed})
      .status();
}

}  // namespace

absl::StatusOr<mgmt::Channel> Channels::Get(std::string_view name) {
  Kept kept;
  absl::Status done = database_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(kept, Load(db, name));
    return absl::OkStatus();
  });
  if (!done.ok()) return done;
  return std::move(kept.channel);
}

absl::StatusOr<crypto::Secret> Channels::Password(std::string_view name) {
  Kept kept;
  absl::Status done = database_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(kept, Load(db, name));
    return absl::OkStatus();
  });
  if (!done.ok()) return done;
  if (kept.channel.user().empty()) return crypto::Secret();
  return seal_.Open(name, kept.password_sealed);
}

absl::StatusOr<mgmt::Channel> Channels::Configure(const mgmt::ConfigureChannelRequest& request) {
  Kept kept;
  absl::Status done = database_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(const Kept before, Load(db, request.name()));
    kept = before;
    Apply(request, &kept.channel);
    OCA_RETURN_IF_ERROR(CheckChannel(kept.channel));
    OCA_RETURN_IF_ERROR(ApplyPassword(request, before, seal_, &kept));
    return Save(db, kept);
  });
  if (!done.ok()) return done;
  return std::move(kept.channel);
}

absl::StatusOr<mgmt::Channel> Channels::Clear(std::string_view name) {
  Kept kept;
  absl::Status done = database_.With([&](db::Connection& db) -> absl::Status {
    OCA_RETURN_IF_ERROR(Load(db, name).status());
    // Its messages go with the row.
    OCA_RETURN_IF_ERROR(
        db.Query("DELETE FROM oca_health.channel WHERE name = $1", {name}).status());
    OCA_RETURN_IF_ERROR(
        db.Query("INSERT INTO oca_health.channel (name) VALUES ($1)", {name}).status());
    OCA_ASSIGN_OR_RETURN(kept, Load(db, name));
    return absl::OkStatus();
  });
  if (!done.ok()) return done;
  return std::move(kept.channel);
}

absl::Status Channels::NoteTry(std::string_view name, std::string_view error) {
  return database_.With([&](db::Connection& db) {
    return db
        .Query(
            "UPDATE oca_health.channel SET last_error = $2, last_sent = CASE WHEN $2 = '' THEN "
            "clock_timestamp() ELSE last_sent END WHERE name = $1",
            {name, error})
        .status();
  });
}

}  // namespace oca::health
