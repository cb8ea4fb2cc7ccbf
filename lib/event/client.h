// How a process tells of events.
#ifndef OCA_LIB_EVENT_CLIENT_H_
#define OCA_LIB_EVENT_CLIENT_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "lib/api/events.grpc.pb.h"
#include "lib/base/bell.h"
#include "lib/event/event.h"

namespace oca::event {

// Where events go. Thread-safe.
class Sink {
 public:
  virtual ~Sink() = default;
  // Never waits for anybody, and never fails: an event that cannot be kept is counted.
  virtual void Send(v1::Event event) = 0;
};

// To oca_idm_eda, on a thread of its own. While that is down, events wait here, the oldest kQueue;
// those after them are counted, and the count goes with the next call that succeeds. What waits in
// a process that dies is lost.
class Client final : public Sink {
 public:
  static constexpr size_t kQueue = 1000;

  // process: the sender's name. socket: of oca_idm_eda. kInvalidArgument for a path that is no
  // socket's.
  static absl::StatusOr<std::unique_ptr<Client>> Start(std::string process,
                                                       const std::string& socket);
  // Tries once, for at most a second, to get rid of what waits.
  ~Client() override;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Adds id, time and sender.
  void Send(v1::Event event) override;
  // Since the start.
  uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  Client(std::string process, std::string socket);
  void Loop() ABSL_LOCKS_EXCLUDED(mu_);
  bool Deliver(absl::Duration timeout) ABSL_LOCKS_EXCLUDED(mu_);

  const std::string process_;
  const std::string socket_;
  // Made for the first event: gRPC's threads wake up every second, also in a process that has none.
  std::unique_ptr<v1::Collector::Stub> stub_;  // belongs to the thread
  std::atomic<uint64_t> dropped_ = 0;          // a mere count
  uint64_t told_ = 0;                          // of dropped_, to oca_idm_eda; belongs to the thread
  absl::Mutex mu_;
  bool stop_ ABSL_GUARDED_BY(mu_) = false;
  std::deque<v1::Event> queue_ ABSL_GUARDED_BY(mu_);
  Bell stopping_;  // rung when stop_ is set
  std::thread thread_;
};

}  // namespace oca::event

#endif  // OCA_LIB_EVENT_CLIENT_H_
