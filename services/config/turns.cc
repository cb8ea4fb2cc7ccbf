#include "services/config/turns.h"

#include <chrono>

namespace oca::config {
namespace {

constexpr std::chrono::minutes kTurnTimeout{1};

}  // namespace

Turn::Turn(Turns& turns) : turns_(turns) {
  const auto end = std::chrono::steady_clock::now() + kTurnTimeout;
  std::unique_lock<std::mutex> lock(turns_.mu_);
  mine_ = turns_.freed_.wait_until(lock, end, [this] { return !turns_.busy_; });
  if (mine_) turns_.busy_ = true;
}

Turn::~Turn() {
  if (!mine_) return;
  std::lock_guard<std::mutex> lock(turns_.mu_);
  turns_.busy_ = false;
  turns_.freed_.notify_one();
}

absl::Status Turn::status() const {
  if (mine_) return absl::OkStatus();
  return absl::AbortedError("another change of the configuration is still running; try again");
}

}  // namespace oca::config
