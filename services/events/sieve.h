// Holds back what says nothing new: the same event again and again, the same message twice, and
// what a sender gone wild tells.
#ifndef OCA_SERVICES_EVENTS_SIEVE_H_
#define OCA_SERVICES_EVENTS_SIEVE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "lib/api/events.pb.h"

namespace oca::events {

struct SieveLimits {
  // The same again within it is counted, and comes once at its end, with the count.
  absl::Duration window = absl::Minutes(1);
  // Of one process: so many at once, and so many a second. Events that raise or clear an alert are
  // not limited.
  double burst = 200;
  double per_second = 10;
};

// Not thread-safe.
class Sieve {
 public:
  explicit Sieve(SieveLimits limits = {}) : limits_(limits) {}

  enum class Verdict {
    kPass,
    kRepeat,     // it comes later, with a count
    kDuplicate,  // this very event (id) has passed before
    kOverRate,
  };
  // An event is a repeat when the last one about the same subject was the same, with the same
  // fields: what raises a condition that was cleared meanwhile is none. The same event may be
  // judged again as long as it was not noted.
  Verdict Judge(const event::v1::Event& event, absl::Time now);
  // It has passed, for good.
  void NotePassed(const event::v1::Event& event);
  // Events of this process were lost before they came here, or after.
  void NoteLost(const std::string& process, const std::string& reason, uint64_t count);

  // What is to be passed on now: repeats whose window has ended, and what was lost. `event.id` is
  // for the caller to set.
  std::vector<event::v1::Event> Due(absl::Time now);

 private:
  struct Seen {
    std::string said;  // number and fields
    std::string id;    // of the one that passed
    absl::Time window_end;
    uint64_t repeats = 0;
    event::v1::Event last;
  };
  struct Bucket {
    double tokens = 0;
    absl::Time filled;
  };
  bool TakeToken(const std::string& process, absl::Time now);

  const SieveLimits limits_;
  std::map<std::string, Seen, std::less<>> seen_;                 // by what and whom they are about
  std::map<std::string, Bucket> buckets_;                         // by process
  std::map<std::pair<std::string, std::string>, uint64_t> lost_;  // by process and reason
  absl::Time lost_due_ = absl::InfiniteFuture();
  absl::flat_hash_set<std::string> passed_;  // ids
  std::deque<std::string> passed_order_;
};

}  // namespace oca::events

#endif  // OCA_SERVICES_EVENTS_SIEVE_H_
