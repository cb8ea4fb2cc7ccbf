#include "absl/synchronization/mutex.h"
#include "fs/tools/run.h"

int main(int argc, char** argv) {
  // Debian builds Abseil with its debug checks: each Lock would take a global lock. Tests keep the
  // check.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return oca::ofsck::Run(argc, argv);
}
