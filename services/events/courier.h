// Takes events from the spool to nhm, in order, each until nhm has it on record.
#ifndef OCA_SERVICES_EVENTS_COURIER_H_
#define OCA_SERVICES_EVENTS_COURIER_H_

#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "lib/api/events.grpc.pb.h"
#include "lib/base/bell.h"
#include "services/events/collector.h"
#include "services/events/spool.h"

namespace oca::events {

// A thread. Borrows the spool and the collector, whose Tick it also calls.
class Courier {
 public:
  Courier(Spool& spool, Collector& collector, std::unique_ptr<event::v1::Recorder::Stub> stub);
  // Waits for the call that runs, some seconds at most.
  ~Courier();
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;

 private:
  void Loop();
  // kUnavailable while nhm, or its database, is down.
  absl::Status Deliver();
  bool Stopping() ABSL_LOCKS_EXCLUDED(mu_);

  Spool& spool_;
  Collector& collector_;
  const std::unique_ptr<event::v1::Recorder::Stub> stub_;
  bool down_ = false;  // belongs to the thread: the last call failed, and that was logged
  absl::Mutex mu_;
  bool stop_ ABSL_GUARDED_BY(mu_) = false;
  Bell stopping_;  // rung when stop_ is set
  std::thread thread_;
};

}  // namespace oca::events

#endif  // OCA_SERVICES_EVENTS_COURIER_H_
