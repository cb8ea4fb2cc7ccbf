// What tape drives are made of: mode pages, densities, TapeAlert flags, attributes of media.
#ifndef OCA_GATEWAYS_VTL_SCSI_DRIVE_TABLES_H_
#define OCA_GATEWAYS_VTL_SCSI_DRIVE_TABLES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateways/vtl/scsi/mode_pages.h"
#include "lib/vtape/attributes.h"
#include "lib/vtape/models.h"

namespace oca::scsi {

constexpr uint8_t kDeviceConfigurationPage = 0x10;

// TapeAlert flags that a drive raises (SSC-3 annex A).
constexpr int kAlertMedia = 4;
constexpr int kAlertReadFailure = 5;
constexpr int kAlertWriteFailure = 6;
constexpr int kAlertWriteProtected = 9;
constexpr int kAlertNoRemoval = 10;
constexpr int kAlertWormOverwrite = 60;
// VPD page B2: the flags that a drive may raise, flag 1 first.
std::string SupportedTapeAlerts();

std::vector<ModePage> DriveModePages();

// A density support data block descriptor of REPORT DENSITY SUPPORT.
std::string DensityDescriptor(const vtape::DriveModel& model, bool writes, bool is_default);

// A MAM attribute that hosts may write.
struct HostAttribute {
  vtape::MamFormat format;
  size_t bytes;
  bool exact;  // `bytes` is its length, not only the most
};
std::optional<HostAttribute> HostAttributeOf(uint16_t id);
// The identifiers of those that every drive names as supported.
std::vector<uint16_t> HostAttributeIds();

}  // namespace oca::scsi

#endif  // OCA_GATEWAYS_VTL_SCSI_DRIVE_TABLES_H_
