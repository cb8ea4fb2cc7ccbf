// Where new tape libraries are reached.
#ifndef OCA_SERVICES_CONFIG_PORTALS_H_
#define OCA_SERVICES_CONFIG_PORTALS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace oca::config {

struct PortalRange {
  std::string address = "127.0.0.1";
  int first_port = 3260;
};

// The first portal of the range that is not among `taken` and on which nothing listens now, be it
// another appliance's. kResourceExhausted when there is none among a thousand, kInvalidArgument for
// an address that is none, kFailedPrecondition for one that is not this machine's.
absl::StatusOr<std::string> ChoosePortal(const PortalRange& range,
                                         const std::vector<std::string>& taken);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_PORTALS_H_
