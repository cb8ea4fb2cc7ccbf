#include "services/monitor/writer.h"

#include "lib/base/status.h"
#include "lib/log/log.h"
#include "services/monitor/levels.h"

namespace oca::monitor {

Writer::Writer(Backlog& backlog, Store& store, Board& board, Clock& clock, absl::Duration retry)
    : backlog_(backlog),
      store_(store),
      board_(board),
      clock_(clock),
      retry_(retry),
      thread_([this] { Loop(); }) {}

Writer::~Writer() {
  {
    absl::MutexLock lock(&mu_);
    stop_ = true;
  }
  stopping_.Ring();
  backlog_.Stop();
  thread_.join();
}

bool Writer::stopped() const {
  absl::MutexLock lock(&mu_);
  return stop_;
}

void Writer::Loop() {
  for (;;) {
    const Samples samples = backlog_.Wait();
    if (samples.empty()) return;
    absl::Status status = Put(samples);
    if (status.ok()) status = KeepHouse();
    const bool news = board_.SetProblem(MessageOf(status));
    if (status.ok()) {
      if (news) log::Info("statistics_stored_again", "samples", samples.size());
      continue;
    }
    if (news) log::Info("statistics_not_stored", "error", MessageOf(status));
    if (stopping_.WaitFor(retry_)) return;
  }
}

absl::Status Writer::Put(const Samples& samples) {
  absl::StatusOr<size_t> stored = store_.Put(samples);
  if (absl::IsInvalidArgument(stored.status())) return PutEach(samples);
  OCA_RETURN_IF_ERROR(stored.status());
  board_.Stored(*stored);
  board_.Dropped(samples.size() - *stored);
  backlog_.Done(samples);
  return absl::OkStatus();
}

// One that the database refuses must not hold up the others.
absl::Status Writer::PutEach(const Samples& samples) {
  for (const auto& sample : samples) {
    absl::StatusOr<size_t> stored = store_.Put({&sample, 1});
    if (absl::IsInvalidArgument(stored.status())) {
      log::Error("sample_refused", "error", MessageOf(stored.status()));
      stored = 0;
    }
    OCA_RETURN_IF_ERROR(stored.status());
    board_.Stored(*stored);
    board_.Dropped(1 - *stored);
    backlog_.Done({sample});
  }
  return absl::OkStatus();
}

// Once in each of the finest periods that are rolled up.
absl::Status Writer::KeepHouse() {
  const absl::Time now = clock_.Now();
  const absl::Time period = PeriodOf(now, Levels()[1].seconds);
  if (period == kept_house_) return absl::OkStatus();
  for (;;) {
    OCA_ASSIGN_OR_RETURN(size_t rolled_up, store_.RollUp(now));
    if (rolled_up == 0) break;
    if (stopped()) return absl::OkStatus();
  }
  OCA_RETURN_IF_ERROR(store_.Trim(now));
  kept_house_ = period;
  return absl::OkStatus();
}

}  // namespace oca::monitor
