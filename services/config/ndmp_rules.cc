#include "services/config/ndmp_rules.h"

#include <arpa/inet.h>

#include "fmt/format.h"
#include "lib/base/status.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;

constexpr uint32_t kDefaultPort = 10000;
constexpr uint32_t kLastPort = 65535;
// Ports below it are for services that everybody knows.
constexpr uint32_t kFirstFreePort = 1024;
// The mover and the data service of one session may both listen.
constexpr uint32_t kLeastDataPorts = 2;

bool IsIpv4(const std::string& text) {
  in_addr address{};
  return inet_pton(AF_INET, text.c_str(), &address) == 1;
}

absl::Status CheckDataPorts(uint32_t first, uint32_t last) {
  if (first == 0 && last == 0) return absl::OkStatus();
  for (uint32_t port : {first, last}) {
    if (port < kFirstFreePort || port > kLastPort) {
      return absl::InvalidArgumentError(fmt::format("data ports are from {} to {}, or any: not {}",
                                                    kFirstFreePort, kLastPort, port));
    }
  }
  if (first > last) {
    return absl::InvalidArgumentError(fmt::format(
        "data ports are given from the lowest on: {}-{}, not {}-{}", last, first, first, last));
  }
  if (last - first + 1 < kLeastDataPorts) {
    return absl::InvalidArgumentError(fmt::format(
        "{}-{} is too small a range of data ports: both sides of a session may listen, so there "
        "must be {} at least",
        first, last, kLeastDataPorts));
  }
  return absl::OkStatus();
}

bool IsDataPort(const mgmt::NdmpSettings& settings, int64_t port) {
  return settings.first_data_port() != 0 && port >= settings.first_data_port() &&
         port <= settings.last_data_port();
}

std::string RangeText(const mgmt::NdmpSettings& settings) {
  return fmt::format("{}-{}", settings.first_data_port(), settings.last_data_port());
}

}  // namespace

mgmt::NdmpSettings BuiltInNdmp() {
  mgmt::NdmpSettings settings;
  settings.set_address("0.0.0.0");
  settings.set_port(kDefaultPort);
  return settings;
}

mgmt::NdmpSettings EffectiveNdmp(const NdmpSet& set, const mgmt::NdmpSettings& defaults) {
  mgmt::NdmpSettings settings = defaults;
  if (set.has_address()) settings.set_address(set.address());
  if (set.has_port()) settings.set_port(set.port());
  if (set.has_data_address()) settings.set_data_address(set.data_address());
  if (set.has_first_data_port()) settings.set_first_data_port(set.first_data_port());
  if (set.has_last_data_port()) settings.set_last_data_port(set.last_data_port());
  return settings;
}

NdmpSet MergedNdmp(const NdmpSet& set, const mgmt::UpdateNdmpRequest& request) {
  NdmpSet merged = set;
  merged.MergeFrom(request);
  merged.set_revision(set.revision());
  return merged;
}

absl::Status CheckNdmpFields(const mgmt::UpdateNdmpRequest& request) {
  if (!request.has_address() && !request.has_port() && !request.has_data_address() &&
      !request.has_first_data_port() && !request.has_last_data_port()) {
    return absl::InvalidArgumentError("nothing to set: give an address, a port or data ports");
  }
  if (request.has_address() && !IsIpv4(request.address())) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is no IPv4 address (0.0.0.0 = all of the machine)", request.address()));
  }
  if (request.has_port() && (request.port() < 1 || request.port() > kLastPort)) {
    return absl::InvalidArgumentError(
        fmt::format("a port is from 1 to {}, not {}", kLastPort, request.port()));
  }
  const std::string& data = request.data_address();
  if (!data.empty() && (!IsIpv4(data) || data == "0.0.0.0")) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is no IPv4 address that peers can connect to", data));
  }
  if (request.has_first_data_port() != request.has_last_data_port()) {
    return absl::InvalidArgumentError("the first and the last data port go together");
  }
  return request.has_first_data_port()
             ? CheckDataPorts(request.first_data_port(), request.last_data_port())
             : absl::OkStatus();
}

absl::Status CheckNdmpPorts(const mgmt::NdmpSettings& settings,
                            const std::vector<TakenPort>& taken) {
  if (IsDataPort(settings, settings.port())) {
    return absl::InvalidArgumentError(
        fmt::format("port {} is one of the data ports {}: both must be apart", settings.port(),
                    RangeText(settings)));
  }
  for (const TakenPort& each : taken) {
    if (each.port == 0) continue;
    if (each.port == static_cast<int64_t>(settings.port())) {
      return absl::InvalidArgumentError(fmt::format("port {} is that of {}", each.port, each.what));
    }
    if (IsDataPort(settings, each.port)) {
      return absl::InvalidArgumentError(fmt::format("port {} of {} is one of the data ports {}",
                                                    each.port, each.what, RangeText(settings)));
    }
  }
  return absl::OkStatus();
}

}  // namespace oca::config
