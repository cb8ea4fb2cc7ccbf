#include "services/watcher/prober.h"

#include <utility>

#include "services/watcher/policy.h"

namespace oca::watcher {

Prober::Prober(std::function<bool()> probe, std::function<void()> on_answer)
    : probe_(std::move(probe)), on_answer_(std::move(on_answer)), thread_([this] { Loop(); }) {}

Prober::~Prober() {
  {
    absl::MutexLock lock(&mu_);
    stop_ = true;
  }
  sooner_.Ring();
  thread_.join();
}

void Prober::Begin() {
  absl::MutexLock lock(&mu_);
  paused_ = false;
  again_ = true;
  last_answer_ = absl::InfinitePast();
  sooner_.Ring();
}

void Prober::Pause() {
  absl::MutexLock lock(&mu_);
  paused_ = true;
}

absl::Time Prober::last_answer() const {
  absl::MutexLock lock(&mu_);
  return last_answer_;
}

void Prober::Loop() {
  auto wanted = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return stop_ || !paused_; };
  while (true) {
    {
      absl::MutexLock lock(&mu_);
      mu_.Await(absl::Condition(&wanted));
      if (stop_) return;
      again_ = false;
    }
    const bool answered = probe_();
    absl::Duration pause = kEagerPause;
    bool is_first = false;
    {
      absl::MutexLock lock(&mu_);
      // What was asked before a Begin says nothing about the process after it.
      if (answered && !again_ && !paused_) {
        is_first = last_answer_ == absl::InfinitePast();
        last_answer_ = MonotonicNow();
      }
      if (last_answer_ != absl::InfinitePast()) pause = kPause;
    }
    if (is_first) on_answer_();
    sooner_.WaitFor(pause);
  }
}

}  // namespace oca::watcher
