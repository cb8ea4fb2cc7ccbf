#include "gateways/ndmp/ocandmpd/busy_watch.h"

#include <utility>

namespace oca::ndmp {

bool BusyWatch::Refused(const std::string& device, absl::Time now) {
  absl::MutexLock lock(&mu_);
  auto [found, is_new] = waits_.try_emplace(device, Wait{now, now});
  Wait& wait = found->second;
  if (!wait.told && now - wait.last > kTooLong) wait.first = now;
  wait.last = now;
  return !wait.told && now - wait.first >= kTooLong && !std::exchange(wait.told, true);
}

bool BusyWatch::Opened(const std::string& device) {
  absl::MutexLock lock(&mu_);
  auto found = waits_.find(device);
  if (found == waits_.end()) return false;
  const bool told = found->second.told;
  waits_.erase(found);
  return told;
}

}  // namespace oca::ndmp
