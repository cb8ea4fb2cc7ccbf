// Asks a process again and again whether it serves, on a thread of its own: an answer may take
// long.
#ifndef OCA_SERVICES_WATCHER_PROBER_H_
#define OCA_SERVICES_WATCHER_PROBER_H_

#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "lib/base/bell.h"

namespace oca::watcher {

// Thread-safe.
class Prober {
 public:
  static constexpr absl::Duration kPause = absl::Seconds(10);
  // While nobody has answered since Begin.
  static constexpr absl::Duration kEagerPause = absl::Milliseconds(100);

  // Starts; on_answer is called on that thread after the first success since a Begin.
  Prober(std::function<bool()> probe, std::function<void()> on_answer);
  // Waits for the probe that runs.
  ~Prober();
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  // The process is another one from now on: ask at once.
  void Begin();
  // There is none: do not ask.
  void Pause();
  // When it answered last since Begin; InfinitePast = not yet.
  absl::Time last_answer() const;

 private:
  void Loop();

  const std::function<bool()> probe_;
  const std::function<void()> on_answer_;
  mutable absl::Mutex mu_;
  bool stop_ ABSL_GUARDED_BY(mu_) = false;
  bool paused_ ABSL_GUARDED_BY(mu_) = true;
  bool again_ ABSL_GUARDED_BY(mu_) = false;  // a Begin since the last probe began
  absl::Time last_answer_ ABSL_GUARDED_BY(mu_) = absl::InfinitePast();
  Bell sooner_;  // rung by Begin and at the end
  std::thread thread_;
};

}  // namespace oca::watcher

#endif  // OCA_SERVICES_WATCHER_PROBER_H_
