#include "services/health/monitor.h"

#include <utility>

#include "lib/base/status.h"
#include "lib/event/event.h"
#include "lib/log/log.h"
#include "services/health/checks.h"

namespace oca::health {
namespace {

constexpr absl::Duration kLeastJump = absl::Seconds(5);
constexpr int kExpireEvery = 120;  // rounds

}  // namespace

absl::Duration ClockWatch::Jump() {
  const absl::Time wall = clock_.Now();
  const int64_t monotonic_nanos = clock_.MonotonicNanos();
  const absl::Duration jump =
      (wall - wall_) - absl::Nanoseconds(monotonic_nanos - monotonic_nanos_);
  const bool counts = seen_ && absl::AbsDuration(jump) >= kLeastJump;
  seen_ = true;
  wall_ = wall;
  monotonic_nanos_ = monotonic_nanos;
  return counts ? jump : absl::ZeroDuration();
}

Monitor::Monitor(std::function<Reading()> look, Recorder& recorder, event::Sink& events,
                 Clock& clock, absl::Duration interval)
    : look_(std::move(look)),
      recorder_(recorder),
      events_(events),
      interval_(interval),
      clock_watch_(clock),
      thread_([this] { Loop(); }) {}

Monitor::~Monitor() {
  stop_.Ring();
  thread_.join();
}

void Monitor::Loop() {
  for (;;) {
    Round();
    if (stop_.WaitFor(interval_)) return;
  }
}

void Monitor::Round() {
  if (const absl::Duration jump = clock_watch_.Jump(); jump != absl::ZeroDuration()) {
    events_.Send(event::Make<event::Kind::kClockJumped>(absl::ToInt64Seconds(jump)));
  }
  if (rounds_++ % kExpireEvery == 0) {
    absl::Status expired = recorder_.Expire(Retention());
    if (!expired.ok()) log::Info("old_events_stay", "error", MessageOf(expired));
  }
  // Events are told without the database too; then what stood when it was last seen counts.
  absl::StatusOr<std::vector<Recorder::Standing>> standing = recorder_.ListStanding();
  if (standing.ok()) standing_ = *std::move(standing);
  for (event::v1::Event& event : Judge(look_(), standing_)) {
    const event::Definition& definition = *event::Find(event.number());
    const std::string subject(event::SubjectOf(event));
    std::erase_if(standing_, [&](const Recorder::Standing& one) {
      return one.condition == definition.condition && one.subject == subject;
    });
    if (definition.effect == event::Effect::kRaises) {
      standing_.push_back({std::string(definition.condition), subject, definition.severity});
    }
    events_.Send(std::move(event));
  }
}

}  // namespace oca::health
