// When the cleaner runs, how it gives way, and what it tells about itself.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/time/civil_time.h"
#include "fs/engine/cleaner.h"
#include "lib/base/status.h"

namespace oca::engine {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
// Less is never worth a run while the foreground is at work.
constexpr uint64_t kLeastDebtBytes = 64u << 20;
constexpr uint64_t kLeastIdleDebtBytes = 1u << 20;
constexpr uint64_t kLeastToReduce = 64u << 20;
constexpr int64_t kBetweenRuns = 30 * kSecond;
constexpr int64_t kAfterFailure = 600 * kSecond;

// While somebody reads or writes, each piece of work is followed by a rest so many times as long;
// less when the disk is nearly full, or in a window of the schedule.
constexpr int64_t kRest = 7;
constexpr int64_t kRestWhenUrgent = 1;
constexpr int64_t kLeastWork = kSecond / 500;  // shorter pieces are put together
constexpr int64_t kLongestRest = 3 * kSecond;
constexpr int64_t kBusyFor = kSecond / 4;  // after the last call
constexpr int64_t kLook = kSecond / 20;    // is somebody still there?

}  // namespace

absl::Status Cleaner::StartRun(bool automatic) {
  if (excluded_) return PosixError(EBUSY, "a storage group is being deleted");
  if (running_) return PosixError(EBUSY, "space is being reclaimed already");
  CleanerStatus status;
  status.automatic = automatic;
  job_.Stop();  // waits for the last steps of a run that has ended
  OCA_RETURN_IF_ERROR(
      job_.Start("space is being reclaimed already", status, [this] { return Run(); }));
  running_ = true;
  automatic_ = automatic;
  once_more_ = false;
  by_window_ = false;
  return absl::OkStatus();
}

absl::Status Cleaner::Start() {
  absl::MutexLock lock(&mu_);
  if (!running_ || !automatic_) return StartRun(false);
  automatic_ = false;
  once_more_ = true;
  job_.Update([](CleanerStatus* status) { status->automatic = false; });
  return absl::OkStatus();
}

absl::Status Cleaner::StartAutomatically() {
  absl::MutexLock lock(&mu_);
  return StartRun(true);
}

bool Cleaner::BeginNextRound() {
  absl::MutexLock lock(&mu_);
  if (!once_more_) return false;
  once_more_ = false;
  return true;
}

std::unique_ptr<Cleaner::Exclusion> Cleaner::Exclude() {
  {
    absl::MutexLock lock(&mu_);
    if (excluded_ || (running_ && !automatic_)) return nullptr;
    excluded_ = true;
  }
  job_.Stop();
  return std::make_unique<Exclusion>(this);
}

uint64_t Cleaner::Debt() {
  uint64_t debt = left_bytes_;
  for (auto& [id, store] : host_->ChunkStores()) {
    if (store->RecipesOffline()) continue;
    debt += std::min(store->journal().dropped_bytes(), store->PhysicalBytes());
  }
  return debt;
}

bool IsInWindow(const CleanerSchedule& schedule, absl::Time now, absl::TimeZone zone) {
  const absl::CivilMinute minute = absl::ToCivilMinute(now, zone);
  const auto day = static_cast<size_t>(absl::GetWeekday(absl::CivilDay(minute)));  // Monday is 0
  const auto at = static_cast<uint32_t>(minute - absl::CivilMinute(absl::CivilDay(minute)));
  return schedule[day].start_minute <= at && at < schedule[day].stop_minute;
}

void Cleaner::StartIfDue(bool in_window) {
  const int64_t now = clock_->MonotonicNanos();
  if (const uint64_t calls = host_->ForegroundCalls();
      calls != calls_at_last_look_ || busy_ns_ == 0) {
    calls_at_last_look_ = calls;
    busy_ns_ = now;
  }
  in_window_ = in_window;
  if (!cleaning_.automatic && !in_window) {
    absl::MutexLock lock(&mu_);
    if (running_ && automatic_ && by_window_) job_.AskToStop();
    return;
  }
  uint64_t stored = 0;
  bool uncounted = false;  // what was deleted before a crash is not known
  for (auto& [id, store] : host_->ChunkStores()) {
    stored += store->PhysicalBytes();
    uncounted |= !store->RecipesOffline() && store->NeedsCount();
  }
  absl::MutexLock lock(&mu_);
  if (running_ || now - ended_ns_ < (failed_ ? kAfterFailure : kBetweenRuns)) return;
  const uint64_t debt = Debt();
  const uint64_t enough =
      std::max(kLeastDebtBytes, stored / 100 * static_cast<uint64_t>(cleaning_.start_percent));
  const bool anything = in_window || absl::Nanoseconds(now - busy_ns_) >= cleaning_.idle_after;
  const bool due =
      debt >= enough || (debt >= kLeastIdleDebtBytes && host_->DiskRoom().is_short) ||
      (anything && (debt >= kLeastIdleDebtBytes || uncounted || Unreduced() >= kLeastToReduce));
  if (due && StartRun(true).ok()) by_window_ = in_window;  // else another was faster
}

uint64_t Cleaner::Unreduced() {
  uint64_t bytes = 0;
  for (auto& [id, store] : host_->ChunkStores()) {
    if (!store->RecipesOffline()) bytes += store->UnreducedBytes();
  }
  return bytes;
}

bool Cleaner::SomebodyIsThere(int64_t now_ns) {
  if (const uint64_t calls = host_->ForegroundCalls(); calls != calls_seen_) {
    calls_seen_ = calls;
    busy_until_ns_ = now_ns + kBusyFor;
  }
  return now_ns < busy_until_ns_;
}

bool Cleaner::LeavesReduction() {
  if (host_->DiskRoom().is_short) return true;
  const bool busy = SomebodyIsThere(clock_->MonotonicNanos());
  absl::MutexLock lock(&mu_);
  return once_more_ || (automatic_ && busy && !in_window_.load());
}

absl::Status Cleaner::Pause() {
  if (job_.stopping()) return absl::CancelledError("stopped");
  const int64_t begin = clock_->MonotonicNanos();
  const int64_t worked = begin - work_began_ns_;
  if (worked < kLeastWork) return absl::OkStatus();
  if (SomebodyIsThere(begin)) {
    const bool urgent = in_window_.load() || host_->DiskRoom().is_short;
    const int64_t factor = urgent ? kRestWhenUrgent : kRest;
    const int64_t end = begin + std::min(worked * factor, kLongestRest);
    for (int64_t now = begin; now < end && SomebodyIsThere(now); now = clock_->MonotonicNanos()) {
      if (job_.AwaitStop(absl::Nanoseconds(std::min(kLook, end - now))))
        return absl::CancelledError("stopped");
    }
  }
  work_began_ns_ = clock_->MonotonicNanos();
  return absl::OkStatus();
}

CleanerStatus Cleaner::status() {
  CleanerStatus status = job_.status();
  uint64_t worth = 0;
  uint64_t dropped = 0;
  for (auto& [id, store] : host_->ChunkStores()) {
    dropped += std::min(store->journal().dropped_bytes(), store->PhysicalBytes());
    if (!store->references().exact()) continue;
    const SweepPlan plan = store->PlanSweep();
    status.reclaimable_bytes += plan.reclaimable_bytes;
    worth += plan.freed_bytes;
  }
  status.debt_bytes = worth + dropped;
  if (status.state == JobState::kRunning) return status;
  status.time_left = absl::InfiniteDuration();
  absl::MutexLock lock(&mu_);
  if (status.debt_bytes == 0)
    status.time_left = absl::ZeroDuration();
  else if (sweep_rate_ > 0)
    status.time_left = absl::Seconds(static_cast<double>(status.debt_bytes) / sweep_rate_);
  return status;
}

}  // namespace oca::engine
