// Times and timed waits that do not depend on the wall clock. absl::Mutex, CondVar and Notification
// wait until a time of the wall clock: when that is set back by an hour, what they wait for comes
// an hour later. Whatever works in rounds waits at a bell instead.
#ifndef OCA_LIB_BASE_BELL_H_
#define OCA_LIB_BASE_BELL_H_

#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"

namespace oca {

// A time of the clock that nobody sets, only to be compared with others of this process.
absl::Time MonotonicNow();

// Of one thread, which waits; all may ring. Takes no other lock, so that it may be rung with one
// held.
class Bell {
 public:
  // Wakes who waits, or makes the next wait end at once.
  void Ring();
  // Until it is rung, or for `timeout` of a clock that nobody sets. Whether it was rung.
  bool WaitFor(absl::Duration timeout);

 private:
  std::mutex mu_;
  std::condition_variable changed_;
  bool rung_ = false;  // guarded by mu_
};

}  // namespace oca

#endif  // OCA_LIB_BASE_BELL_H_
