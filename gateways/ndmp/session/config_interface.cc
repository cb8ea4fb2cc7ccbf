#include "gateways/ndmp/session/config_interface.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <utility>

#include "fmt/format.h"
#include "gateways/ndmp/data/orders.h"

namespace oca::ndmp {
namespace {

// Some of the names of a backup can be recovered, and that by their offsets. Not: a list of names
// backed up, increments, names in UTF-8 for certain.
constexpr uint32_t kCommonButype = kRecoverFileList | kBackupDirect | kRecoverDirect;
constexpr uint32_t kOldButype = kCommonButype | kBackupHistory;
constexpr uint32_t kNewButype = kCommonButype | kBackupHistoryFiles | kBackupHistoryNodes;

}  // namespace

void ConfigInterface::Register(Dispatcher& dispatcher) {
  using Access = Dispatcher::Access;
  auto version = [this] { return outbox_.version(); };
  dispatcher.On<Nothing, HostInfoReply>(
      Code::kConfigGetHostInfo, [this](const auto&, auto& reply) { return GetHostInfo(reply); },
      // Up to v2 it is where the ways to sign in are told.
      Access::kAnybody);
  dispatcher.On<Nothing, ServerInfoReply>(
      Code::kConfigGetServerInfo, [this](const auto&, auto& reply) { return GetServerInfo(reply); },
      Access::kAnybody);
  dispatcher.On<Nothing, ConnectionTypeReply>(Code::kConfigGetConnectionType,
                                              [](const auto&, auto& reply) {
                                                reply.types = {AddrType::kLocal, AddrType::kTcp};
                                                return Error::kNone;
                                              });
  dispatcher.On<Nothing, DeviceInfoReply>(
      Code::kConfigGetTapeInfo,
      [this](const auto&, auto& reply) { return GetDevices(DeviceKind::kTape, reply); });
  dispatcher.On<Nothing, DeviceInfoReply>(
      Code::kConfigGetScsiInfo,
      [this](const auto&, auto& reply) { return GetDevices(DeviceKind::kChanger, reply); });
  dispatcher.On<Nothing, FsInfoReply>(
      Code::kConfigGetFsInfo, [this](const auto&, auto& reply) { return GetFileSystems(reply); });
  dispatcher.On<Nothing, ButypeInfoReply>(
      Code::kConfigGetButypeInfo, [version](const auto&, auto& reply) {
        reply.butypes = {{kButype,
                          {{"HIST", "Y"}, {"DIRECT", "Y"}, {"LEVEL", "0"}},
                          version() >= 4 ? kNewButype : kOldButype}};
        return Error::kNone;
      });
  dispatcher.On<ButypeAttrRequest, ButypeAttrReply>(Code::kConfigGetButypeAttr,
                                                    [](const auto& request, auto& reply) {
                                                      if (request.name != kButype) {
                                                        return Error::kIllegalArgs;
                                                      }
                                                      reply.attrs = kOldButype;
                                                      return Error::kNone;
                                                    });
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

Error ConfigInterface::GetFileSystems(FsInfoReply& reply) {
  for (const Container& container : tree_.Containers()) {
    FsInfo info;
    info.type = "oca";
    info.logical_device = NameOfPath(container.name);
    info.physical_device = container.path;
    info.total_size = container.total_bytes;
    info.used_size = container.used_bytes;
    info.available_size = container.available_bytes;
    info.total_inodes = container.total_inodes;
    info.used_inodes = container.used_inodes;
    info.status = "online";
    reply.filesystems.push_back(std::move(info));
  }
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
