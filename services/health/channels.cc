#include "services/health/channels.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <vector>

#include "absl/strings/numbers.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "nlohmann/json.hpp"

namespace oca::health {
namespace {

namespace mgmt = management::v1;

constexpr size_t kMostAddressBytes = 254;  // RFC 5321, 4.5.3.1.3, without the brackets
constexpr int kMostAddresses = 100;
constexpr size_t kMostRelayBytes = 1000;

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

bool IsPlain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte < 0x7f;
}

bool IsMail(std::string_view name) { return name == kEmailAlerts || name == kEmailStats; }

// "host", "host:25", "[::1]:25"
absl::Status CheckRelay(std::string_view relay) {
  std::string_view host = relay;
  const size_t colon = relay.rfind(':');
  if (colon != std::string_view::npos && relay.find(']', colon) == std::string_view::npos) {
    uint32_t port = 0;
    const std::string_view text = relay.substr(colon + 1);
    if (!absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &port) || port == 0 ||
        port > 65535) {
      return absl::InvalidArgumentError(
          fmt::format("'{}' is no port of a mail relay: write host or host:port", text));
    }
    host = relay.substr(0, colon);
  }
  const bool good = std::all_of(host.begin(), host.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view(".-_:[]").find(c) != std::string_view::npos;
  });
  if (host.empty() || !good) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is no mail relay: write host or host:port", relay));
  }
  return absl::OkStatus();
}

absl::Status CheckUrl(std::string_view url) {
  const bool web = url.starts_with("https://") || url.starts_with("http://");
  if (!web || !std::all_of(url.begin(), url.end(), IsPlain)) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is no URL of a webhook: it begins with https:// or http://", url));
  }
  return absl::OkStatus();
}

template <typename List>
absl::Status CheckAddresses(const List& list) {
  if (list.size() > kMostAddresses) {
    return absl::InvalidArgumentError(
        fmt::format("{} addresses are too many: at most {}", list.size(), kMostAddresses));
  }
  for (const std::string& address : list) OCA_RETURN_IF_ERROR(CheckAddress(address));
  return absl::OkStatus();
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

absl::StatusOr<mgmt::Channel> Load(db::Connection& db, std::string_view name) {
  OCA_ASSIGN_OR_RETURN(
      db::Result rows,
      db.Query("SELECT enabled, relay, security, sender, send_to, cc, bcc, period, "
               "(extract(epoch FROM last_sent) * 1000000)::bigint, last_error, (SELECT count(*) "
               "FROM oca_health.message WHERE channel = name) FROM oca_health.channel "
               "WHERE name = $1",
               {name}));
  if (rows.rows() == 0) {
    return absl::NotFoundError(fmt::format("there is no channel '{}'; there are {}, {}, {}, {}",
                                           name, kEmailAlerts, kEmailStats, kWebhook, kSyslog));
  }
  mgmt::Channel channel;
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
  return channel;
}

void Apply(const mgmt::ConfigureChannelRequest& request, mgmt::Channel* channel) {
  if (request.has_enabled()) channel->set_enabled(request.enabled());
  if (request.has_relay()) channel->set_relay(request.relay());
  if (request.security() != mgmt::MAIL_SECURITY_UNSPECIFIED) {
    channel->set_security(request.security());
  }
  if (request.has_sender()) channel->set_sender(request.sender());
  if (request.has_to()) *channel->mutable_to() = request.to().addresses();
  if (request.has_cc()) *channel->mutable_cc() = request.cc().addresses();
  if (request.has_bcc()) *channel->mutable_bcc() = request.bcc().addresses();
  if (request.interval() != mgmt::INTERVAL_UNSPECIFIED) channel->set_interval(request.interval());
}

absl::Status Save(db::Connection& db, const mgmt::Channel& channel) {
  return db
      .Query(
          "UPDATE oca_health.channel SET enabled = $2, relay = $3, security = $4, sender = $5, "
          "send_to = $6, cc = $7, bcc = $8, period = $9 WHERE name = $1",
          {channel.name(), channel.enabled(), channel.relay(),
           TextOf(kSecurities, channel.security()), channel.sender(), JsonOf(channel.to()),
           JsonOf(channel.cc()), JsonOf(channel.bcc()), TextOf(kIntervals, channel.interval())})
      .status();
}

}  // namespace

absl::Status CheckAddress(std::string_view address) {
  const size_t at = address.rfind('@');
  const bool plain = std::all_of(address.begin(), address.end(), [](char c) {
    return IsPlain(c) && std::string_view("<>,;\"\\").find(c) == std::string_view::npos;
  });
  if (at == std::string_view::npos || at == 0 || at + 1 == address.size() || !plain ||
      address.size() > kMostAddressBytes) {
    return absl::InvalidArgumentError(fmt::format("'{}' is no mail address", address));
  }
  return absl::OkStatus();
}

absl::Status CheckChannel(const mgmt::Channel& channel) {
  if (channel.relay().size() > kMostRelayBytes) {
    return absl::InvalidArgumentError("the relay or URL is too long");
  }
  const bool mail = IsMail(channel.name());
  if (!channel.relay().empty()) {
    OCA_RETURN_IF_ERROR(mail ? CheckRelay(channel.relay()) : CheckUrl(channel.relay()));
  }
  if (!channel.sender().empty()) OCA_RETURN_IF_ERROR(CheckAddress(channel.sender()));
  OCA_RETURN_IF_ERROR(CheckAddresses(channel.to()));
  OCA_RETURN_IF_ERROR(CheckAddresses(channel.cc()));
  OCA_RETURN_IF_ERROR(CheckAddresses(channel.bcc()));
  if (!channel.enabled() || channel.name() == kSyslog) return absl::OkStatus();
  if (channel.relay().empty()) {
    return absl::FailedPreconditionError(mail ? "there is no mail relay yet: give --relay"
                                              : "there is no URL yet: give --url");
  }
  if (mail && channel.sender().empty()) {
    return absl::FailedPreconditionError("there is no sender's address yet: give --sender");
  }
  if (mail && channel.to_size() == 0) {
    return absl::FailedPreconditionError("there is nobody to send to yet: give --to");
  }
  return absl::OkStatus();
}

absl::StatusOr<mgmt::Channel> Channels::Get(std::string_view name) {
  mgmt::Channel channel;
  absl::Status done = database_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(channel, Load(db, name));
    return absl::OkStatus();
  });
  if (!done.ok()) return done;
  return channel;
}

absl::StatusOr<mgmt::Channel> Channels::Configure(const mgmt::ConfigureChannelRequest& request) {
  mgmt::Channel channel;
  absl::Status done = database_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(channel, Load(db, request.name()));
    Apply(request, &channel);
    OCA_RETURN_IF_ERROR(CheckChannel(channel));
    return Save(db, channel);
  });
  if (!done.ok()) return done;
  return channel;
}

absl::StatusOr<mgmt::Channel> Channels::Clear(std::string_view name) {
  mgmt::Channel channel;
  absl::Status done = database_.With([&](db::Connection& db) -> absl::Status {
    OCA_RETURN_IF_ERROR(Load(db, name).status());
    // Its messages go with the row.
    OCA_RETURN_IF_ERROR(
        db.Query("DELETE FROM oca_health.channel WHERE name = $1", {name}).status());
    OCA_RETURN_IF_ERROR(
        db.Query("INSERT INTO oca_health.channel (name) VALUES ($1)", {name}).status());
    OCA_ASSIGN_OR_RETURN(channel, Load(db, name));
    return absl::OkStatus();
  });
  if (!done.ok()) return done;
  return channel;
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
