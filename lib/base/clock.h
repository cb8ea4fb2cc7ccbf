// Time as an interface, so that tests own it.
#ifndef OCA_LIB_BASE_CLOCK_H_
#define OCA_LIB_BASE_CLOCK_H_

#include <cstdint>

#include "absl/time/time.h"

namespace oca {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Wall time.
  virtual absl::Time Now() = 0;
  // Nanoseconds since an arbitrary start; never goes back.
  virtual int64_t MonotonicNanos() = 0;
};

// The machine's clock; lives for ever.
Clock& SystemClock();

}  // namespace oca

#endif  // OCA_LIB_BASE_CLOCK_H_
