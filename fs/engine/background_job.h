// A long task on a thread of its own, once at a time, that can be asked to stop: the cleaner, the
// scan.
#ifndef OCA_FS_ENGINE_BACKGROUND_JOB_H_
#define OCA_FS_ENGINE_BACKGROUND_JOB_H_

#include <atomic>
#include <cerrno>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "fs/engine/stats.h"
#include "lib/base/bell.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/base/thread.h"

namespace oca::engine {

// `Status` has at least state, progress_percent, error, started and ended, which are kept here.
// Thread-safe. Destruction stops the run and waits for it.
template <typename Status>
class BackgroundJob {
 public:
  explicit BackgroundJob(Clock* clock) : clock_(clock) {}
  ~BackgroundJob() { Stop(); }

  // Runs `task` in the background, with `status` as what is known of it so far. EBUSY, with `busy`
  // as its message, when a run is under way. A task that was stopped returns kCancelled.
  absl::Status Start(std::string_view busy, Status status, std::function<absl::Status()> task)
      ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    if (status_.state == JobState::kRunning) return PosixError(EBUSY, busy);
    if (thread_.joinable()) thread_.join();  // of an earlier run, which has ended
    status_ = std::move(status);
    status_.state = JobState::kRunning;
    status_.started = clock_->Now();
    stop_ = false;
    thread_ = StartThread([this, task = std::move(task)] { End(task()); });
    return absl::OkStatus();
  }

  // Asks the run to end at its next safe point; returns when it has ended.
  void Stop() ABSL_LOCKS_EXCLUDED(mu_) {
    std::thread thread;
    {
      absl::MutexLock lock(&mu_);
      stop_ = true;
      thread = std::move(thread_);
    }
    bell_.Ring();
    if (thread.joinable()) thread.join();
  }

  // The same without waiting; Stop or Start must follow one day.
  void AskToStop() ABSL_LOCKS_EXCLUDED(mu_) {
    {
      absl::MutexLock lock(&mu_);
      stop_ = true;
    }
    bell_.Ring();
  }

  // The task asks: shall it end?
  bool stopping() const { return stop_; }
  // The task waits so long, or until it shall end: then true.
  bool AwaitStop(absl::Duration longest) {
    if (!stop_) bell_.WaitFor(longest);
    return stop_;
  }
  // The task says what it has done: change(&status), under the lock.
  template <typename Change>
  void Update(Change change) ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    change(&status_);
  }
  // Returns when no run is under way, at the latest after `timeout`.
  void AwaitEnd(absl::Duration timeout) ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    auto ended = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
      return status_.state != JobState::kRunning;
    };
    mu_.AwaitWithTimeout(absl::Condition(&ended), timeout);
  }
  Status status() ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    return status_;
  }

 private:
  void End(const absl::Status& result) ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    status_.ended = clock_->Now();
    if (absl::IsCancelled(result)) {
      status_.state = JobState::kStopped;
    } else if (!result.ok()) {
      status_.state = JobState::kFailed;
      status_.error = std::string(MessageOf(result));
    } else {
      status_.state = JobState::kDone;
      status_.progress_percent = 100;
    }
  }

  Clock* const clock_;
  Bell bell_;                      // the task's; rung when it shall end
  std::atomic<bool> stop_{false};  // set and cleared under mu_, read by the task without it
  absl::Mutex mu_;
  Status status_ ABSL_GUARDED_BY(mu_);
  std::thread thread_ ABSL_GUARDED_BY(mu_);
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_BACKGROUND_JOB_H_
