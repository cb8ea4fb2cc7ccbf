// CONFIG: what there is here.
#ifndef OCA_GATEWAYS_NDMP_SESSION_CONFIG_INTERFACE_H_
#define OCA_GATEWAYS_NDMP_SESSION_CONFIG_INTERFACE_H_

#include <string>
#include <utility>

#include "gateways/ndmp/data/tree.h"
#include "gateways/ndmp/device/devices.h"
#include "gateways/ndmp/session/dispatcher.h"
#include "gateways/ndmp/wire/messages_connect.h"

namespace oca::ndmp {

// Not thread-safe.
class ConfigInterface {
 public:
  // Borrows outbox, devices and tree. `revision`: of this program.
  ConfigInterface(const Outbox& outbox, Devices& devices, const Tree& tree, std::string revision)
      : outbox_(outbox), devices_(devices), tree_(tree), revision_(std::move(revision)) {}

  void Register(Dispatcher& dispatcher);

 private:
  Error GetHostInfo(HostInfoReply& reply);
  Error GetServerInfo(ServerInfoReply& reply);
  Error GetDevices(DeviceKind kind, DeviceInfoReply& reply);

  Error GetFileSystems(FsInfoReply& reply);

  const Outbox& outbox_;
  Devices& devices_;
  const Tree& tree_;
  const std::string revision_;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_SESSION_CONFIG_INTERFACE_H_
