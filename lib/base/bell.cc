#include "lib/base/bell.h"

#include <algorithm>
#include <chrono>

#include "lib/base/clock.h"

namespace oca {
namespace {

// What std::chrono can add to the present.
constexpr absl::Duration kLongest = absl::Hours(24 * 365);

}  // namespace

absl::Time MonotonicNow() { return absl::FromUnixNanos(SystemClock().MonotonicNanos()); }

void Bell::Ring() {
  std::lock_guard<std::mutex> lock(mu_);
  rung_ = true;
  changed_.notify_one();
}

bool Bell::WaitFor(absl::Duration timeout) {
  const auto end =
      std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(std::min(timeout, kLongest));
  std::unique_lock<std::mutex> lock(mu_);
  const bool rung = changed_.wait_until(lock, end, [this] { return rung_; });
  rung_ = false;
  return rung;
}

}  // namespace oca
