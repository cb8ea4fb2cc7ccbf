#include "lib/api/iscsi.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "absl/strings/numbers.h"
#include "fmt/format.h"

namespace oca::api {
namespace {

constexpr size_t kMaxNameBytes = 223;  // RFC 3720
constexpr size_t kMaxUserBytes = 64;
constexpr size_t kMinPasswordBytes = 12;
constexpr size_t kMaxPasswordBytes = 16;

// 4, 6, or 0 for what is no address.
int FamilyOf(const std::string& address) {
  std::array<char, sizeof(in6_addr)> bytes{};
  if (inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) return 4;
  return inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1 ? 6 : 0;
}

// An address of IPv6 as it is commonly written; anything else as it is.
std::string Canonical(const std::string& address) {
  in6_addr bytes{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (inet_pton(AF_INET6, address.c_str(), &bytes) != 1 ||
      inet_ntop(AF_INET6, &bytes, text.data(), text.size()) == nullptr) {
    return address;
  }
  return text.data();
}

bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

bool IsIscsiName(std::string_view text) {
  return text.starts_with("iqn.") || text.starts_with("eui.") || text.starts_with("naa.");
}

absl::Status CheckIscsiName(std::string_view what, std::string_view name) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':';
  };
  if (IsIscsiName(name) && name.size() <= kMaxNameBytes &&
      std::all_of(name.begin(), name.end(), allowed)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("{} '{}': give an iSCSI name such as iqn.2026-11.com.example:host, of small "
                  "letters, digits and - . :",
                  what, name));
}

absl::Status CheckNetwork(std::string_view text) {
  const size_t slash = text.find('/');
  const int family = FamilyOf(std::string(text.substr(0, slash)));
  int bits = 0;
  bool good = family != 0;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    good = good && absl::SimpleAtoi({digits.data(), digits.size()}, &bits) && bits >= 0 &&
           bits <= (family == 4 ? 32 : 128);
  }
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "address '{}': give an address or a network, such as 10.1.2.3 or 10.0.0.0/8", text));
}

absl::Status CheckChapAccount(std::string_view what, std::string_view user,
                              std::string_view password) {
  if (user.empty() || user.size() > kMaxUserBytes || !IsPlain(user)) {
    return absl::InvalidArgumentError(
        fmt::format("{} user: 1 to 64 ASCII characters without blanks", what));
  }
  if (password.size() < kMinPasswordBytes || password.size() > kMaxPasswordBytes ||
      !IsPlain(password)) {
    return absl::InvalidArgumentError(
        fmt::format("{} password: 12 to 16 ASCII characters without blanks", what));
  }
  return absl::OkStatus();
}

std::string Portal::Text() const {
  return is_v6 ? fmt::format("[{}]:{}", address, port) : fmt::format("{}:{}", address, port);
}

Portal Portal::Local() const {
  Portal local = *this;
  if (address == "0.0.0.0") local.address = "127.0.0.1";
  if (address == "::") local.address = "::1";
  return local;
}

absl::StatusOr<Portal> ParsePortal(std::string_view text) {
  Portal portal;
  const size_t colon = text.rfind(':');
  std::string_view address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) {
    portal.is_v6 = true;
    address = address.substr(1, address.size() - 2);
  }
  portal.address = Canonical(std::string(address));
  const std::string_view digits =
      colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (FamilyOf(portal.address) == (portal.is_v6 ? 6 : 4) &&
      absl::SimpleAtoi({digits.data(), digits.size()}, &portal.port) && portal.port > 0 &&
      portal.port <= 65535) {
    return portal;
  }
  return absl::InvalidArgumentError(fmt::format(
      "portal '{}': give address and port, such as 192.0.2.7:3260 or [2001:db8::7]:3260", text));
}

}  // namespace oca::api
