#include "services/monitor/rates.h"

#include <utility>

namespace oca::monitor {
namespace {

constexpr int64_t kLeastRateNanos = 1'000'000'000;

}  // namespace

void Rates::BeginRound() { before_ = std::exchange(now_, {}); }

std::optional<double> Rates::PerSecond(const std::string& key, uint64_t counter, int64_t nanos,
                                       uint64_t generation) {
  now_[key] = {counter, nanos, generation};
  const auto before = before_.find(key);
  if (before == before_.end() || before->second.generation != generation ||
      before->second.counter > counter || nanos - before->second.nanos < kLeastRateNanos) {
    return std::nullopt;
  }
  const double seconds = static_cast<double>(nanos - before->second.nanos) / 1e9;
  return static_cast<double>(counter - before->second.counter) / seconds;
}

}  // namespace oca::monitor
