// SCSI: a robot, by the commands that the peer makes itself.
#ifndef OCA_GATEWAYS_NDMP_SESSION_SCSI_INTERFACE_H_
#define OCA_GATEWAYS_NDMP_SESSION_SCSI_INTERFACE_H_

#include <functional>

#include "gateways/ndmp/session/device_slot.h"
#include "gateways/ndmp/session/dispatcher.h"
#include "gateways/ndmp/wire/messages_tape.h"

namespace oca::ndmp {

// What SCSI_EXECUTE_CDB and TAPE_EXECUTE_CDB do: hands the command on as it is by `execute`.
Error ExecuteCdb(const ExecuteCdbRequest& request,
                 const std::function<Error(const ScsiCommand&, ScsiAnswer*)>& execute,
                 ExecuteCdbReply& reply);

// Not thread-safe.
class ScsiInterface {
 public:
  // Borrows both.
  ScsiInterface(Devices& devices, DeviceSlot& slot) : devices_(devices), slot_(slot) {}

  void Register(Dispatcher& dispatcher);

 private:
  Error Open(const ScsiOpenRequest& request);
  Error Close();
  Error GetState(ScsiGetStateReply& reply);
  Error Execute(const ExecuteCdbRequest& request, ExecuteCdbReply& reply);

  Devices& devices_;
  DeviceSlot& slot_;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_SESSION_SCSI_INTERFACE_H_
