#include "fs/fuse/offload.h"

#include <utility>

#include "lib/base/thread.h"

namespace oca::fuse {

void Offload::Drain() {
  std::vector<std::thread> threads;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
  absl::MutexLock lock(&mutex_);
  stopping_ = false;
}

void Offload::Run(std::function<void()> task) {
  absl::MutexLock lock(&mutex_);
  queue_.push_back(std::move(task));
  if (queue_.size() > static_cast<size_t>(idle_) &&
      threads_.size() < static_cast<size_t>(max_threads_)) {
    threads_.push_back(StartThread([this] { Work(); }));
  }
}

void Offload::Work() {
  absl::MutexLock lock(&mutex_);
  auto ready = [this]()
                   ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_ || !queue_.empty(); };
  for (;;) {
    ++idle_;
    mutex_.Await(absl::Condition(&ready));
    --idle_;
    if (queue_.empty()) return;
    std::function<void()> task = std::move(queue_.front());
    queue_.pop_front();
    mutex_.Unlock();
    task();
    task = nullptr;
    mutex_.Lock();
  }
}

}  // namespace oca::fuse
