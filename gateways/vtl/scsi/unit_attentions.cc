#include "gateways/vtl/scsi/unit_attentions.h"

#include <algorithm>

namespace oca::scsi {

void UnitAttentions::Know(const std::string& port) {
  ports_[port].known_at = ++clock_;
  if (ports_.size() <= kMaxPorts) return;
  ports_.erase(std::min_element(ports_.begin(), ports_.end(), [](const auto& a, const auto& b) {
    return a.second.known_at < b.second.known_at;
  }));
}

void UnitAttentions::Add(const std::string& port, Asc asc) {
  auto found = ports_.find(port);
  if (found == ports_.end()) return;
  std::deque<Asc>& pending = found->second.pending;
  if (std::find(pending.begin(), pending.end(), asc) == pending.end()) pending.push_back(asc);
}

void UnitAttentions::AddForOthers(const std::string& port, Asc asc) {
  for (const auto& [other, state] : ports_) {
    if (other != port) Add(other, asc);
  }
}

std::optional<Asc> UnitAttentions::Take(const std::string& port) {
  auto found = ports_.find(port);
  if (found == ports_.end() || found->second.pending.empty()) return std::nullopt;
  Asc asc = found->second.pending.front();
  found->second.pending.pop_front();
  return asc;
}

}  // namespace oca::scsi
