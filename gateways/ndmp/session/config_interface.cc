#include "gateways/ndmp/session/config_interface.h"

#include <sys/utsname.h>
#include <unistd.h>

#include "fmt/format.h"

namespace oca::ndmp {

void ConfigInterface::Register(Dispatcher& dispatcher) {
  using Access = Dispatcher::Access;
  dispatcher.On<Nothing, HostInfoReply>(
      Code::kConfigGetHostInfo, [this](const auto&, auto& reply) { return GetHostInfo(reply); },
      // Up to v2 it is where the ways to sign in are told.
      Access::kAnybody);
  dispatcher.On<Nothing, ServerInfoReply>(
      Code::kConfigGetServerInfo, [this](const auto&, auto& reply) { return GetServerInfo(reply); },
      Access::kAnybody);
  dispatcher.On<Nothing, ConnectionTypeReply>(Code::kConfigGetConnectionType,
                                              [](const auto&, auto& reply) {
                                                reply.types = {AddrType::kTcp};
                                                return Error::kNone;
                                              });
  dispatcher.On<Nothing, DeviceInfoReply>(
      Code::kConfigGetTapeInfo,
      [this](const auto&, auto& reply) { return GetDevices(DeviceKind::kTape, reply); });
  dispatcher.On<Nothing, DeviceInfoReply>(
      Code::kConfigGetScsiInfo,
      [this](const auto&, auto& reply) { return GetDevices(DeviceKind::kChanger, reply); });
  // There is no DATA service: neither file systems nor kinds of backup.
  dispatcher.On<Nothing, FsInfoReply>(Code::kConfigGetFsInfo,
                                      [](const auto&, auto&) { return Error::kNone; });
  dispatcher.On<Nothing, ButypeInfoReply>(Code::kConfigGetButypeInfo,
                                          [](const auto&, auto&) { return Error::kNone; });
  dispatcher.On<Nothing, GetExtListReply>(Code::kConfigGetExtList,
                                          [](const auto&, auto&) { return Error::kNone; });
  dispatcher.On<SetExtListRequest, ErrorReply>(
      Code::kConfigSetExtList, [](const auto& request, auto&) {
        return request.extensions.empty() ? Error::kNone : Error::kClassNotSupported;
      });
}

Error ConfigInterface::GetHostInfo(HostInfoReply& reply) {
  utsname host{};
  if (uname(&host) != 0) return Error::kUndefined;
  reply.hostname = host.nodename;
  reply.os_type = host.sysname;
  reply.os_version = host.release;
  reply.host_id = fmt::format("{:08x}", static_cast<uint32_t>(gethostid()));
  reply.auth_types = {AuthType::kMd5, AuthType::kText};
  return Error::kNone;
}

Error ConfigInterface::GetServerInfo(ServerInfoReply& reply) {
  reply.vendor = "Oca";
  reply.product = "Oca NDMP";
  reply.revision = revision_;
  reply.auth_types = {AuthType::kMd5, AuthType::kText};
  return Error::kNone;
}

Error ConfigInterface::GetDevices(DeviceKind kind, DeviceInfoReply& reply) {
  for (const Device& device : devices_.List()) {
    if (device.kind != kind) continue;
    if (reply.models.empty() || reply.models.back().model != device.model) {
      reply.models.push_back({device.model, {}});
    }
    reply.models.back().devices.push_back({device.name, 0, {{"EXECUTE_CDB", "b"}}});
  }
  return Error::kNone;
}

}  // namespace oca::ndmp
