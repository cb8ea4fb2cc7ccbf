// The one device that a session may have open, a drive or a robot.
#ifndef OCA_GATEWAYS_NDMP_SESSION_DEVICE_SLOT_H_
#define OCA_GATEWAYS_NDMP_SESSION_DEVICE_SLOT_H_

#include <memory>
#include <string>

#include "gateways/ndmp/device/devices.h"
#include "gateways/ndmp/device/tape.h"

namespace oca::ndmp {

// At most one of `tape` and `changer` is set. The lease outlives both.
struct DeviceSlot {
  std::string name;  // of the device; empty: none is open
  std::unique_ptr<DeviceLease> lease;
  std::unique_ptr<ScsiUnit> changer;
  std::unique_ptr<Tape> tape;
  TapeMode tape_mode = TapeMode::kRead;

  bool in_use() const { return lease != nullptr; }
  void Clear() {
    tape.reset();
    changer.reset();
    lease.reset();
    name.clear();
  }
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_SESSION_DEVICE_SLOT_H_
