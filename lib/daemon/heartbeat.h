// A process's sign of life to whoever watches it, and its care that somebody does.
#ifndef OCA_LIB_DAEMON_HEARTBEAT_H_
#define OCA_LIB_DAEMON_HEARTBEAT_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <thread>

#include "absl/time/time.h"

namespace oca::daemon {

// Every five seconds says WATCHDOG=1 to $NOTIFY_SOCKET (`beats`: else its owner does that itself).
// Where $OCA_KEEPER names the program watcher_spawn (set where no service manager starts it again),
// it is started with --home $OCA_HOME when for three seconds nobody has held its lock file: so that
// the watchers come back even when all of them were killed at once. The kernel tells when it ends;
// nobody looks again and again. Without these variables it does nothing.
class Heartbeat {
 public:
  static std::unique_ptr<Heartbeat> Start(bool beats = true);
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

 private:
  Heartbeat(bool beats, std::string home, std::string keeper);
  void Loop();
  // How long until it is to be minded again.
  absl::Duration MindKeeper();
  void StartKeeper();
  // For so long, or until the keeper that was seen ends. False: this shall end.
  bool Wait(absl::Duration time);

  const bool beats_;
  const std::string home_;
  const std::string keeper_;  // empty: none is to be minded
  const int stop_fd_;         // readable: this shall end
  int misses_ = 0;            // the next three belong to the thread
  int keeper_fd_ = -1;        // of the keeper as a process, when it was there
  pid_t started_ = 0;
  std::thread thread_;
};

}  // namespace oca::daemon

#endif  // OCA_LIB_DAEMON_HEARTBEAT_H_
