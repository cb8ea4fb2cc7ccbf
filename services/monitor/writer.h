// Brings samples from the backlog into PostgreSQL, rolls them up and forgets the oldest.
#ifndef OCA_SERVICES_MONITOR_WRITER_H_
#define OCA_SERVICES_MONITOR_WRITER_H_

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "lib/base/bell.h"
#include "lib/base/clock.h"
#include "services/monitor/backlog.h"
#include "services/monitor/board.h"
#include "services/monitor/store.h"

namespace oca::monitor {

// A thread. While PostgreSQL is away it tries again and again; the backlog bounds what waits.
class Writer {
 public:
  // Borrows all. retry: between two attempts.
  Writer(Backlog& backlog, Store& store, Board& board, Clock& clock,
         absl::Duration retry = absl::Seconds(5));
  // Waits for what it is doing; what waits is lost.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

 private:
  using Samples = std::vector<std::shared_ptr<const Sample>>;

  void Loop() ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status Put(const Samples& samples);
  absl::Status PutEach(const Samples& samples);
  absl::Status KeepHouse();
  bool stopped() const ABSL_LOCKS_EXCLUDED(mu_);

  Backlog& backlog_;
  Store& store_;
  Board& board_;
  Clock& clock_;
  const absl::Duration retry_;
  absl::Time kept_house_ = absl::InfinitePast();  // the period in which it last did; of the thread
  mutable absl::Mutex mu_;
  bool stop_ ABSL_GUARDED_BY(mu_) = false;
  Bell stopping_;  // rung when stop_ is set
  std::thread thread_;
};

}  // namespace oca::monitor

#endif  // OCA_SERVICES_MONITOR_WRITER_H_
