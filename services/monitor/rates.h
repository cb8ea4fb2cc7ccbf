// Rates from counters that only grow, until who counts is started anew.
#ifndef OCA_SERVICES_MONITOR_RATES_H_
#define OCA_SERVICES_MONITOR_RATES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace oca::monitor {

// Holds what the counters were in the round before: one that was not asked for there begins anew.
// Not thread-safe.
class Rates {
 public:
  void BeginRound();

  // How much the counter `key` grew in a second since the round before. Nothing at first, after it
  // was away, within less than a second, and when it counts from zero again: it is smaller, or of
  // another generation (who counts was started anew). nanos: the monotonic clock when it was read.
  std::optional<double> PerSecond(const std::string& key, uint64_t counter, int64_t nanos,
                                  uint64_t generation = 0);

 private:
  struct Reading {
    uint64_t counter = 0;
    int64_t nanos = 0;
    uint64_t generation = 0;
  };
  std::map<std::string, Reading> before_;
  std::map<std::string, Reading> now_;
};

}  // namespace oca::monitor

#endif  // OCA_SERVICES_MONITOR_RATES_H_
