// What the tests of tape libraries have in common: where the units of one are, and who asks.
#ifndef OCA_T_INTEGRATION_60_VTL_UNITS_H_
#define OCA_T_INTEGRATION_60_VTL_UNITS_H_

#include <string>

#include "absl/time/time.h"

namespace oca::scsi {

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr char kTarget[] = "iqn.2026-11.local.oca:lib1";
constexpr char kHost[] = "iqn.2026-11.local.test:host";
// Units of a library; the second drive is the next.
constexpr int kChanger = 1;
constexpr int kTape = 2;
inline const std::string kReady(6, '\0');  // TEST UNIT READY

}  // namespace oca::scsi

#endif  // OCA_T_INTEGRATION_60_VTL_UNITS_H_
