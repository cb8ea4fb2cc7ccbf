// The logical units that this tgtd serves, and the tape libraries that they belong to.
#ifndef OCA_GATEWAYS_VTL_TGT_MODULE_UNITS_H_
#define OCA_GATEWAYS_VTL_TGT_MODULE_UNITS_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateways/vtl/scsi/changer.h"
#include "gateways/vtl/scsi/drive.h"
#include "gateways/vtl/tgt-module/tgt_reservation.h"
#include "lib/vtape/library.h"

namespace oca::tgt {

// A library and its robot, from its first unit to its last.
struct OpenLibrary {
  explicit OpenLibrary(std::unique_ptr<vtape::Library> opened)
      : library(std::move(opened)), changer(*library) {}

  std::unique_ptr<vtape::Library> library;
  scsi::Changer changer;
};

// What a unit is: the options that tgtadm hands over by --bsopts.
struct Role {
  std::optional<uint16_t> drive;  // index of the drive; none: the robot
};
// "changer" or "drive=<index>"; nothing for anything else.
std::optional<Role> ParseRole(std::string_view options);

// A logical unit in service. Its library stays open as long as it lives.
struct Unit {
  std::shared_ptr<OpenLibrary> library;
  std::shared_ptr<scsi::Drive> drive;  // null: the robot
  Role role;
  int target = 0;
  uint16_t lun = 0;
  TgtReservation reservation;
  std::atomic<int> at_worker = 0;  // commands that the worker thread has or will get

  scsi::LogicalUnit& device() {
    return drive ? static_cast<scsi::LogicalUnit&>(*drive) : library->changer;
  }
};

// Thread-safe.
class Units {
 public:
  // Opens unit `lun` of `target`, of the library in `dir`; `reserve_id` is tgtd's reservation of
  // it. The status says what is wrong.
  vtape::Result<std::shared_ptr<Unit>> Open(const std::string& dir, Role role, int target,
                                            uint16_t lun, uint64_t* reserve_id);
  // Ends it; a tape that it holds is unloaded, durably. The status says what of it is not.
  vtape::Status Close(const std::shared_ptr<Unit>& unit);
  std::vector<std::shared_ptr<Unit>> All();

 private:
  vtape::Result<std::shared_ptr<OpenLibrary>> LibraryAt(const std::string& dir);
  void TellLuns(int target);

  std::mutex mu_;
  std::map<std::string, std::weak_ptr<OpenLibrary>> libraries_;  // guarded by mu_
  std::vector<std::shared_ptr<Unit>> units_;                     // guarded by mu_
};

}  // namespace oca::tgt

#endif  // OCA_GATEWAYS_VTL_TGT_MODULE_UNITS_H_
