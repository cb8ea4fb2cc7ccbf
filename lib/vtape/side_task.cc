#include "lib/vtape/side_task.h"

namespace oca::vtape {

SideTask::~SideTask() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mu_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void SideTask::Start() {
  std::lock_guard lock(mu_);
  busy_ = true;
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  changed_.notify_all();
}

void SideTask::Wait() {
  std::unique_lock lock(mu_);
  changed_.wait(lock, [this] { return !busy_; });
}

bool SideTask::Busy() {
  std::lock_guard lock(mu_);
  return busy_;
}

void SideTask::Run() {
  std::unique_lock lock(mu_);
  for (;;) {
    changed_.wait(lock, [this] { return busy_ || stopping_; });
    if (!busy_) return;
    lock.unlock();
    task_();
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

}  // namespace oca::vtape
