#include "gateways/ndmp/session/session_list.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "lib/log/log.h"

namespace oca::ndmp {

void SessionList::Add(const std::string& id, const std::string& client) {
  absl::MutexLock lock(&mu_);
  open_[id] = {id, client, absl::Now(), {}};
}

void SessionList::Set(const std::string& id, const SessionState& state) {
  absl::MutexLock lock(&mu_);
  open_[id].state = state;
}

void SessionList::End(const std::string& id, SessionResult result, const std::string& error) {
  absl::MutexLock lock(&mu_);
  auto found = open_.find(id);
  OpenSession session = std::move(found->second);
  open_.erase(found);
  if (session.state.user.empty()) return;
  if (ended_.size() == kMostEnded) {
    log::Warning("ndmp_session_forgotten", "id", ended_.front().session.id);
    ended_.pop_front();
  }
  ended_.push_back({std::move(session), absl::Now(), result, error});
}

std::vector<OpenSession> SessionList::Open() const {
  std::vector<OpenSession> all;
  {
    absl::MutexLock lock(&mu_);
    for (const auto& [id, session] : open_) all.push_back(session);
  }
  std::stable_sort(all.begin(), all.end(), [](const OpenSession& a, const OpenSession& b) {
    return a.started < b.started;
  });
  return all;
}

std::vector<EndedSession> SessionList::Ended() const {
  absl::MutexLock lock(&mu_);
  return {ended_.begin(), ended_.end()};
}

void SessionList::Forget(const std::vector<EndedSession>& ended) {
  absl::MutexLock lock(&mu_);
  for (const EndedSession& each : ended) {
    auto same = [&](const EndedSession& other) { return other.session.id == each.session.id; };
    if (auto found = std::find_if(ended_.begin(), ended_.end(), same); found != ended_.end()) {
      ended_.erase(found);
    }
  }
}

}  // namespace oca::ndmp
