// A bounded set of threads for requests that wait long, so that they do not hold the threads that
// read the kernel's queue.
#ifndef OCA_FS_FUSE_OFFLOAD_H_
#define OCA_FS_FUSE_OFFLOAD_H_

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace oca::fuse {

// Thread-safe.
class Offload {
 public:
  // At most `max_threads`, started when they are first needed.
  explicit Offload(int max_threads) : max_threads_(max_threads) {}
  ~Offload() { Drain(); }
  Offload(const Offload&) = delete;
  Offload& operator=(const Offload&) = delete;

  // Runs `task` soon, in the order of the calls when there is one thread. The queue needs no bound
  // of its own: each task answers a request, and the kernel bounds those by the processes that wait
  // for them.
  void Run(std::function<void()> task);
  // Finishes everything that was given to Run, and ends the threads.
  void Drain();

 private:
  void Work();

  const int max_threads_;
  absl::Mutex mutex_;
  std::deque<std::function<void()>> queue_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
  int idle_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace oca::fuse

#endif  // OCA_FS_FUSE_OFFLOAD_H_
