#include "lib/daemon/no_programs.h"

#include <seccomp.h>

#include <cerrno>

namespace oca::daemon {

absl::Status ForbidPrograms() {
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  if (filter == nullptr) return absl::InternalError("no memory for a seccomp filter");
  int error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(execve), 0);
  if (error == 0) {
    error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(execveat), 0);
  }
  if (error == 0) error = seccomp_load(filter);
  seccomp_release(filter);
  if (error == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(-error, "programs cannot be forbidden by seccomp");
}

}  // namespace oca::daemon
