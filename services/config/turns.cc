#include "services/config/turns.h"

#include "absl/time/time.h"

namespace oca::config {
namespace {

constexpr absl::Duration kTurnTimeout = absl::Minutes(1);

}  // namespace

Turn::Turn(Turns& turns) : turns_(turns) {
  absl::MutexLock lock(&turns_.mu_);
  auto is_free = [this]() ABSL_SHARED_LOCKS_REQUIRED(turns_.mu_) { return !turns_.busy_; };
  mine_ = turns_.mu_.AwaitWithTimeout(absl::Condition(&is_free), kTurnTimeout);
  if (mine_) turns_.busy_ = true;
}

Turn::~Turn() {
  if (!mine_) return;
  absl::MutexLock lock(&turns_.mu_);
  turns_.busy_ = false;
}

absl::Status Turn::status() const {
  if (mine_) return absl::OkStatus();
  return absl::AbortedError("another change of the configuration is still running; try again");
}

}  // namespace oca::config
