// Drives that clients ask for in vain for too long.
#ifndef OCA_GATEWAYS_NDMP_OCANDMPD_BUSY_WATCH_H_
#define OCA_GATEWAYS_NDMP_OCANDMPD_BUSY_WATCH_H_

#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace oca::ndmp {

// Times are MonotonicNow(). Thread-safe.
class BusyWatch {
 public:
  // Refusals for so long are worth a word. Those that are further apart are not one wait.
  static constexpr absl::Duration kTooLong = absl::Minutes(15);

  // A client was told that the device is busy. True, once for each wait: that goes on for too long.
  bool Refused(const std::string& device, absl::Time now);
  // A client got it. True: it had been busy for too long.
  bool Opened(const std::string& device);

 private:
  struct Wait {
    absl::Time first;
    absl::Time last;
    bool told = false;
  };

  absl::Mutex mu_;
  std::map<std::string, Wait> waits_ ABSL_GUARDED_BY(mu_);
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_OCANDMPD_BUSY_WATCH_H_
