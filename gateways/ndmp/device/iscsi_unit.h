// Units of a tape library over iSCSI, by libiscsi.
#ifndef OCA_GATEWAYS_NDMP_DEVICE_ISCSI_UNIT_H_
#define OCA_GATEWAYS_NDMP_DEVICE_ISCSI_UNIT_H_

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateways/ndmp/device/library_directory.h"
#include "gateways/ndmp/device/scsi_unit.h"

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

  void Start(const ScsiCommand& command) override;
  absl::StatusOr<ScsiAnswer> Finish() override;
  void SelectLun(uint32_t lun) override { lun_ = lun; }

 private:
  struct FreeTask {
    void operator()(scsi_task* task) const;
  };

  IscsiUnit(iscsi_context* context, uint32_t lun) : context_(context), lun_(lun) {}
  absl::Status Send(const ScsiCommand& command);
  absl::Status Await();
  absl::Status Lose(std::string_view what);

  iscsi_context* const context_;
  uint32_t lun_;
  bool lost_ = false;

  // The command that was started last.
  absl::Status started_;
  std::unique_ptr<scsi_task, FreeTask> task_;
  scsi_iovec room_{};  // for what it reads
  ScsiAnswer answer_;
  absl::Duration timeout_;
  bool reads_ = false;
  size_t expected_ = 0;
  std::optional<int> status_;  // of its answer
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_DEVICE_ISCSI_UNIT_H_
