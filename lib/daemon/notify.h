// The service manager's readiness protocol (sd_notify(3)), without its library.
#ifndef OCA_LIB_DAEMON_NOTIFY_H_
#define OCA_LIB_DAEMON_NOTIFY_H_

#include <string_view>

#include "absl/status/status.h"

namespace oca::daemon {

// Sends `state` to the datagram socket `name`: a path, or an abstract name after '@'. Never waits:
// a receiver that is behind is an error.
absl::Status SendState(std::string_view name, std::string_view state);

// Sends `state` (such as "READY=1" or "STOPPING=1") to the datagram socket named by $NOTIFY_SOCKET:
// a path, or an abstract name after '@'. OK without effect when the variable is not set.
absl::Status Notify(std::string_view state);

// Notify("READY=1"); a failure is logged, for who serves goes on all the same.
void TellReady();

}  // namespace oca::daemon

#endif  // OCA_LIB_DAEMON_NOTIFY_H_
