// All drives and robots of all libraries, under the names that NDMP clients see, and who uses them.
#ifndef OCA_GATEWAYS_NDMP_DEVICE_DEVICES_H_
#define OCA_GATEWAYS_NDMP_DEVICE_DEVICES_H_

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "gateways/ndmp/device/library_directory.h"
#include "gateways/ndmp/device/scsi_unit.h"
#include "gateways/ndmp/wire/enums.h"

namespace oca::ndmp {

enum class DeviceKind { kTape, kChanger };

struct Device {
  std::string name;   // "/oca/lib1/drive0" by unit number, or "/oca/lib1/changer"
  std::string model;  // vendor and product
  DeviceKind kind = DeviceKind::kTape;
  uint32_t lun = 0;
};

class Devices;

// The right to use a device; others are refused until it ends.
class DeviceLease {
 public:
  DeviceLease(Devices& devices, std::string name) : devices_(devices), name_(std::move(name)) {}
  ~DeviceLease();
  DeviceLease(const DeviceLease&) = delete;
  DeviceLease& operator=(const DeviceLease&) = delete;

 private:
  Devices& devices_;
  const std::string name_;
};

struct OpenedDevice {
  std::unique_ptr<DeviceLease> lease;  // outlives the unit
  std::unique_ptr<ScsiUnit> unit;
};

// Thread-safe.
class Devices {
 public:
  // A session with a library, for any of its units; kUnavailable.
  using Opener = std::function<absl::StatusOr<std::unique_ptr<ScsiUnit>>(const LibraryAddress&)>;

  // Borrows the directory.
  Devices(LibraryDirectory& directory, Opener opener)
      : directory_(directory), opener_(std::move(opener)) {}

  // Of all libraries that answer; what does not is in the log.
  std::vector<Device> List();
  // kNoDevice, kDeviceBusy (another session has it).
  Error Open(std::string_view name, DeviceKind kind, OpenedDevice* opened);

 private:
  friend class DeviceLease;
  std::unique_ptr<DeviceLease> Take(const std::string& name);

  LibraryDirectory& directory_;
  const Opener opener_;
  absl::Mutex mu_;
  std::set<std::string> used_ ABSL_GUARDED_BY(mu_);
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_DEVICE_DEVICES_H_
