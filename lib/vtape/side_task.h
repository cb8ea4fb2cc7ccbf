// A thread that does one task at a time for one caller, beside it.
#ifndef OCA_LIB_VTAPE_SIDE_TASK_H_
#define OCA_LIB_VTAPE_SIDE_TASK_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace oca::vtape {

// For one caller at a time. What the task touches is its own while Busy(), and the caller's after
// Wait().
class SideTask {
 public:
  // `task` is done once for each Start.
  explicit SideTask(std::function<void()> task) : task_(std::move(task)) {}
  SideTask(const SideTask&) = delete;
  SideTask& operator=(const SideTask&) = delete;
  // Waits for a task that was started.
  ~SideTask();

  // Only while it is not Busy().
  void Start();
  // Returns once it is not busy.
  void Wait();
  // Does not wait.
  bool Busy();

 private:
  void Run();

  const std::function<void()> task_;
  std::mutex mu_;
  std::condition_variable changed_;
  bool busy_ = false;      // guarded by mu_
  bool stopping_ = false;  // guarded by mu_
  std::thread thread_;     // from the first Start on
};

}  // namespace oca::vtape

#endif  // OCA_LIB_VTAPE_SIDE_TASK_H_
