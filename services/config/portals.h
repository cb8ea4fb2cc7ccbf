// Where new tape libraries are reached.
#ifndef OCA_SERVICES_CONFIG_PORTALS_H_
#define OCA_SERVICES_CONFIG_PORTALS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/api/iscsi.h"

namespace oca::config {

struct PortalRange {
  std::string address = "127.0.0.1";
  int first_port = 3260;
};

// OK when somebody can listen there. kInvalidArgument for what is no address; else the errno of
// bind, as EADDRINUSE or EADDRNOTAVAIL. Port 0: whether it is an address of this machine.
absl::Status TryToListen(const api::Portal& portal);

// The first portal of the range that is not among `taken` and on which nothing listens now, be it
// another appliance's. kResourceExhausted when there is none among a thousand, kInvalidArgument for
// an address that is none, kFailedPrecondition for one that is not this machine's.
absl::StatusOr<std::string> ChoosePortal(const PortalRange& range,
                                         const std::vector<std::string>& taken);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_PORTALS_H_
