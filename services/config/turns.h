// One at a time, for work that waits for others: no lock is held meanwhile.
#ifndef OCA_SERVICES_CONFIG_TURNS_H_
#define OCA_SERVICES_CONFIG_TURNS_H_

#include <condition_variable>
#include <mutex>

#include "absl/status/status.h"

namespace oca::config {

// Thread-safe.
class Turns {
 private:
  friend class Turn;
  // Not Abseil's: those wait by the wall clock (lib/base/bell.h).
  std::mutex mu_;
  std::condition_variable freed_;
  bool busy_ = false;  // guarded by mu_: somebody has the turn
};

// The right to change, while it lives. Waits until nobody else has it, for at most a minute.
class Turn {
 public:
  explicit Turn(Turns& turns);
  ~Turn();
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  // kAborted when waiting took too long; then there is no such right.
  absl::Status status() const;

 private:
  Turns& turns_;
  bool mine_ = false;
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_TURNS_H_
