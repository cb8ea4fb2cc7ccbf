#include "services/monitor/board.h"

#include <string>
#include <utility>

#include "services/monitor/levels.h"

namespace oca::monitor {

Board::Board(absl::Time started) {
  status_.mutable_started()->set_seconds(absl::ToUnixSeconds(started));
  status_.set_interval_seconds(static_cast<uint32_t>(Levels().front().seconds));
}

void Board::SetMachine(management::v1::MachineStats machine) {
  absl::MutexLock lock(&mu_);
  machine_ = std::move(machine);
}

management::v1::MachineStats Board::machine() const {
  absl::MutexLock lock(&mu_);
  return machine_;
}

void Board::Taken(absl::Time at, uint64_t values_left_out) {
  absl::MutexLock lock(&mu_);
  status_.mutable_last_sample()->set_seconds(absl::ToUnixSeconds(at));
  status_.set_samples_taken(status_.samples_taken() + 1);
  status_.set_values_left_out(status_.values_left_out() + values_left_out);
}

void Board::Missed(uint64_t samples) {
  absl::MutexLock lock(&mu_);
  status_.set_samples_missed(status_.samples_missed() + samples);
}

void Board::Stored(uint64_t samples) {
  absl::MutexLock lock(&mu_);
  status_.set_samples_stored(status_.samples_stored() + samples);
}

void Board::Dropped(uint64_t samples) {
  absl::MutexLock lock(&mu_);
  status_.set_samples_dropped(status_.samples_dropped() + samples);
}

bool Board::SetProblem(std::string_view problem) {
  absl::MutexLock lock(&mu_);
  if (status_.problem() == problem) return false;
  const bool news = status_.problem().empty() != problem.empty();
  status_.set_problem(std::string(problem));
  return news;
}

management::v1::MonitorStatus Board::status() const {
  absl::MutexLock lock(&mu_);
  return status_;
}

}  // namespace oca::monitor
