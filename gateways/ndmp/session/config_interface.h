// CONFIG: what there is here.
#ifndef OCA_GATEWAYS_NDMP_SESSION_CONFIG_INTERFACE_H_
#define OCA_GATEWAYS_NDMP_SESSION_CONFIG_INTERFACE_H_

#include <string>
#include <utility>

#include "gateways/ndmp/device/devices.h"
#include "gateways/ndmp/session/dispatcher.h"
#include "gateways/ndmp/wire/messages_connect.h"

namespace oca::ndmp {

// Not thread-safe.
class ConfigInterface {
 public:
  // Borrows the devices. `revision`: of this program.
  ConfigInterface(Devices& devices, std::string revision)
      : devices_(devices), revision_(std::move(revision)) {}

  void Register(Dispatcher& dispatcher);

 private:
  Error GetHostInfo(HostInfoReply& reply);
  Error GetServerInfo(ServerInfoReply& reply);
  Error GetDevices(DeviceKind kind, DeviceInfoReply& reply);

  Devices& devices_;
  const std::string revision_;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_SESSION_CONFIG_INTERFACE_H_
