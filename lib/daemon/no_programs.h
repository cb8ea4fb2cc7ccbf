// A process that never becomes or starts another program.
#ifndef OCA_LIB_DAEMON_NO_PROGRAMS_H_
#define OCA_LIB_DAEMON_NO_PROGRAMS_H_

#include "absl/status/status.h"

namespace oca::daemon {

// From now on whoever in this process, its threads or its children executes a program gets EPERM,
// for ever (seccomp). Call it before the first thread starts. An error when the system cannot do
// that.
absl::Status ForbidPrograms();

}  // namespace oca::daemon

#endif  // OCA_LIB_DAEMON_NO_PROGRAMS_H_
