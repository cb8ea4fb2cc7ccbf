// Units of a tape library over iSCSI, by libiscsi.
#ifndef OCA_GATEWAYS_NDMP_DEVICE_ISCSI_UNIT_H_
#define OCA_GATEWAYS_NDMP_DEVICE_ISCSI_UNIT_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "gateways/ndmp/device/library_directory.h"
#include "gateways/ndmp/device/scsi_unit.h"

struct iscsi_context;

namespace oca::ndmp {

// A session of its own with the library's target, for one unit. It is never begun anew: after that
// nobody would know where a tape stands. Not thread-safe.
class IscsiUnit final : public ScsiUnit {
 public:
  // kUnavailable, saying why, when the library does not let us in.
  static absl::StatusOr<std::unique_ptr<IscsiUnit>> Login(const LibraryAddress& library,
                                                          uint32_t lun);
  ~IscsiUnit() override;
  IscsiUnit(const IscsiUnit&) = delete;
  IscsiUnit& operator=(const IscsiUnit&) = delete;

  absl::StatusOr<ScsiAnswer> Execute(const ScsiCommand& command) override;
  void SelectLun(uint32_t lun) override { lun_ = lun; }

 private:
  IscsiUnit(iscsi_context* context, uint32_t lun) : context_(context), lun_(lun) {}

  iscsi_context* const context_;
  uint32_t lun_;
  bool lost_ = false;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_DEVICE_ISCSI_UNIT_H_
