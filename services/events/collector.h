// Takes events in: sieves them, adds the host, puts them into the spool and tells subscribers.
#ifndef OCA_SERVICES_EVENTS_COLLECTOR_H_
#define OCA_SERVICES_EVENTS_COLLECTOR_H_

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "lib/api/events.pb.h"
#include "lib/base/bell.h"
#include "lib/base/clock.h"
#include "services/events/sieve.h"
#include "services/events/spool.h"

namespace oca::events {

// What passes, for one who listens. Thread-safe.
class Subscription {
 public:
  // Waits for the next ones, for at most `timeout`.
  std::vector<event::v1::Event> Next(absl::Duration timeout);

 private:
  friend class Collector;
  void Push(const event::v1::Event& event);

  absl::Mutex mu_;
  std::deque<event::v1::Event> events_ ABSL_GUARDED_BY(mu_);
  Bell pushed_;
};

// Thread-safe.
class Collector {
 public:
  // Borrows spool and clock.
  Collector(Spool& spool, Clock& clock, std::string host, SieveLimits limits = {})
      : spool_(spool), clock_(clock), host_(std::move(host)), sieve_(limits) {}

  // What passes is durable when OK. kInvalidArgument for what is no event (none of them is taken);
  // the errors of the disk: send them again.
  absl::Status Take(const event::v1::SendRequest& request) ABSL_LOCKS_EXCLUDED(mu_);
  // Passes on what was held back long enough; each second or so.
  void Tick() ABSL_LOCKS_EXCLUDED(mu_);
  void NoteDelivered(uint64_t count) ABSL_LOCKS_EXCLUDED(mu_);

  // Gets what passes from now on, as long as somebody holds it.
  std::shared_ptr<Subscription> Subscribe() ABSL_LOCKS_EXCLUDED(mu_);
  event::v1::CollectorStatus Status() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  absl::Status Keep(std::vector<event::v1::Event> events) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Tell(const event::v1::Event& event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  Spool& spool_;
  Clock& clock_;
  const std::string host_;
  absl::Mutex mu_;  // held while the disk writes: it keeps the order
  Sieve sieve_ ABSL_GUARDED_BY(mu_);
  event::v1::CollectorStatus counts_ ABSL_GUARDED_BY(mu_);
  std::vector<std::weak_ptr<Subscription>> subscriptions_ ABSL_GUARDED_BY(mu_);
};

}  // namespace oca::events

#endif  // OCA_SERVICES_EVENTS_COLLECTOR_H_
