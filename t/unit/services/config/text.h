// What a status says.
#ifndef OCA_T_UNIT_SERVICES_CONFIG_TEXT_H_
#define OCA_T_UNIT_SERVICES_CONFIG_TEXT_H_

#include <string>

#include "lib/base/status.h"

namespace oca::config {

inline std::string Text(const absl::Status& status) { return std::string(MessageOf(status)); }

}  // namespace oca::config

#endif  // OCA_T_UNIT_SERVICES_CONFIG_TEXT_H_
