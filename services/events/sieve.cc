#include "services/events/sieve.h"

#include <algorithm>

#include "fmt/format.h"
#include "lib/api/timestamp.h"
#include "lib/event/event.h"

namespace oca::events {
namespace {

using event::Effect;
using event::v1::Event;

constexpr size_t kMostSeen = 10000;
constexpr size_t kMostProcesses = 1000;
constexpr size_t kMostPassed = 10000;

Effect EffectOf(const Event& event) {
  const event::Definition* definition = event::Find(event.number());
  return definition == nullptr ? Effect::kNone : definition->effect;
}

std::string SaidBy(const Event& event) {
  std::string said = std::to_string(event.number());
  for (const event::v1::Field& field : event.fields()) said += '\n' + field.value();
  return said;
}

// Events that raise and clear one alert have one key; others have one each.
std::string KeyOf(const Event& event, const std::string& said) {
  const event::Definition* definition = event::Find(event.number());
  if (definition == nullptr || definition->effect == Effect::kNone) return said;
  return fmt::format("{}\n{}", definition->condition, event::SubjectOf(event));
}

}  // namespace

bool Sieve::TakeToken(const std::string& process, absl::Time now) {
  if (buckets_.size() >= kMostProcesses && !buckets_.contains(process)) buckets_.clear();
  auto [found, is_new] = buckets_.try_emplace(process, Bucket{limits_.burst, now});
  Bucket& bucket = found->second;
  const double earned =
      std::max(absl::ToDoubleSeconds(now - bucket.filled), 0.0) * limits_.per_second;
  bucket.tokens = std::min(bucket.tokens + earned, limits_.burst);
  bucket.filled = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

Sieve::Verdict Sieve::Judge(const Event& event, absl::Time now) {
  if (passed_.contains(event.id())) return Verdict::kDuplicate;
  std::string said = SaidBy(event);
  std::string key = KeyOf(event, said);
  auto found = seen_.find(key);
  if (found != seen_.end() && found->second.said == said) {
    Seen& seen = found->second;
    if (seen.id == event.id()) return Verdict::kPass;  // it could not be kept the last time
    if (now < seen.window_end) {
      seen.repeats += 1 + event.repeats();
      seen.last = event;
      return Verdict::kRepeat;
    }
  }
  if (EffectOf(event) == Effect::kNone && !TakeToken(event.process(), now)) {
    NoteLost(event.process(), fmt::format("more than {} a second", limits_.per_second), 1);
    return Verdict::kOverRate;
  }
  // Without memory of it, it passes each time: then the rate is the bound.
  if (seen_.size() < kMostSeen || found != seen_.end()) {
    // Repeats of what it replaces have become untrue: to tell of them now would turn it back.
    seen_[std::move(key)] = {std::move(said), event.id(), now + limits_.window, 0, {}};
  }
  return Verdict::kPass;
}

void Sieve::NotePassed(const Event& event) {
  if (!passed_.insert(event.id()).second) return;
  passed_order_.push_back(event.id());
  if (passed_order_.size() <= kMostPassed) return;
  passed_.erase(passed_order_.front());
  passed_order_.pop_front();
}

void Sieve::NoteLost(const std::string& process, const std::string& reason, uint64_t count) {
  if (lost_.size() < kMostProcesses) lost_[{process, reason}] += count;
}

std::vector<Event> Sieve::Due(absl::Time now) {
  std::vector<Event> due;
  for (auto it = seen_.begin(); it != seen_.end();) {
    Seen& seen = it->second;
    if (now < seen.window_end) {
      ++it;
    } else if (seen.repeats == 0) {
      it = seen_.erase(it);
    } else {
      seen.last.set_repeats(seen.repeats - 1);
      due.push_back(std::move(seen.last));
      seen.last = {};
      seen.repeats = 0;
      seen.window_end = now + limits_.window;
      ++it;
    }
  }
  if (lost_.empty()) return due;
  if (lost_due_ == absl::InfiniteFuture()) lost_due_ = now + limits_.window;
  if (now < lost_due_) return due;
  for (const auto& [key, count] : lost_) {
    Event event = event::Make<event::Kind::kEventsLost>(key.first, count, key.second);
    *event.mutable_happened() = api::TimestampOf(now);
    event.set_process("oca_idm_eda");
    due.push_back(std::move(event));
  }
  lost_.clear();
  lost_due_ = absl::InfiniteFuture();
  return due;
}

}  // namespace oca::events
