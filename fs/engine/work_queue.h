// A fixed set of threads that run tasks in the order in which they were added.
#ifndef OCA_FS_ENGINE_WORK_QUEUE_H_
#define OCA_FS_ENGINE_WORK_QUEUE_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace oca::engine {

// Thread-safe. Tasks must not wait for other tasks of the same queue.
class WorkQueue {
 public:
  // Up to `capacity` tasks wait; see Run.
  WorkQueue(int threads, size_t capacity);
  // Runs what is queued, then ends the threads.
  ~WorkQueue();

  // Queues the task; when `capacity` tasks wait already, runs it in the caller: that is the
  // back-pressure.
  void Run(std::function<void()> task) ABSL_LOCKS_EXCLUDED(mu_);
  // Queues the task whatever waits. For callers that bound their own number of tasks.
  void Add(std::function<void()> task) ABSL_LOCKS_EXCLUDED(mu_);
  // Queues the task unless `capacity` tasks wait; false = not taken.
  bool TryAdd(std::function<void()> task) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Loop() ABSL_LOCKS_EXCLUDED(mu_);

  const size_t capacity_;
  absl::Mutex mu_;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;  // set in the constructor, joined in the destructor
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_WORK_QUEUE_H_
