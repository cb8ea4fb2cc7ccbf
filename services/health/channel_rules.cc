// What can be set of a channel.
#include <algorithm>
#include <cctype>
#include <cstdint>

#include "absl/strings/numbers.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "services/health/channels.h"

namespace oca::health {
namespace {

namespace mgmt = management::v1;

constexpr size_t kMostAddressBytes = 254;  // RFC 5321, 4.5.3.1.3, without the brackets
constexpr int kMostAddresses = 100;
constexpr size_t kMostRelayBytes = 1000;
constexpr size_t kMostUserBytes = 255;
constexpr size_t kMostPasswordBytes = 1000;

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

// Whether a login makes sense: as SASL has it, and not for everybody on the wire to read.
absl::Status CheckLogin(const mgmt::Channel& channel) {
  if (channel.user().empty()) return absl::OkStatus();
  if (!IsMail(channel.name())) {
    return absl::InvalidArgumentError("only mail relays have a login");
  }
  const bool plain = std::none_of(channel.user().begin(), channel.user().end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (!plain || channel.user().size() > kMostUserBytes) {
    return absl::InvalidArgumentError(fmt::format(
        "a user of a mail relay has at most {} bytes and no control characters", kMostUserBytes));
  }
  if (channel.security() != mgmt::MAIL_SECURITY_STARTTLS &&
      channel.security() != mgmt::MAIL_SECURITY_TLS) {
    return absl::InvalidArgumentError(
        "a password goes over TLS alone: give --security starttls or --security tls");
  }
  return absl::OkStatus();
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

absl::Status CheckMailPassword(std::string_view password) {
  const bool plain = std::none_of(password.begin(), password.end(),
                                  [](char c) { return c == '\0' || c == '\r' || c == '\n'; });
  if (plain && password.size() <= kMostPasswordBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("a password is one line of at most {} bytes", kMostPasswordBytes));
}

absl::Status CheckChannel(const mgmt::Channel& channel) {
  OCA_RETURN_IF_ERROR(CheckLogin(channel));
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

}  // namespace oca::health
