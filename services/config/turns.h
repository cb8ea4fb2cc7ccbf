// One at a time, for work that waits for others: no lock is held meanwhile.
#ifndef OCA_SERVICES_CONFIG_TURNS_H_
#define OCA_SERVICES_CONFIG_TURNS_H_

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace oca::config {

// Thread-safe.
class Turns {
 private:
  friend class Turn;
  absl::Mutex mu_;
  bool busy_ ABSL_GUARDED_BY(mu_) = false;  // somebody has the turn
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
