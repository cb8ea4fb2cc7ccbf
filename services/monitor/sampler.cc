#include "services/monitor/sampler.h"

#include <utility>

#include "services/monitor/levels.h"

namespace oca::monitor {
namespace {

// The clocks by which the timer wakes and by which we look may differ by so much.
constexpr absl::Duration kTolerance = absl::Milliseconds(100);

}  // namespace

Sampler::Sampler(Sources sources, Backlog& backlog, Board& board, Clock& clock,
                 std::function<Woke(absl::Time)> wait)
    : sources_(std::move(sources)),
      backlog_(backlog),
      board_(board),
      clock_(clock),
      wait_(std::move(wait)),
      machine_(sources_.machine),
      folders_{sources_.home} {}

Sample Sampler::Look(absl::Time at) {
  rates_.BeginRound();
  SampleBuilder builder(at, rates_);
  management::v1::MachineStats machine = machine_.Look(folders_, rates_, clock_.MonotonicNanos());
  machine.mutable_time()->set_seconds(absl::ToUnixSeconds(at));
  builder.AddFrom("cpu", "", machine.cpu());
  builder.AddFrom("memory", "", machine.memory());
  for (const auto& network : machine.networks()) {
    builder.AddFrom("network", network.name(), network);
  }
  for (const auto& disk : machine.disks()) builder.AddFrom("disk", disk.path(), disk);
  board_.SetMachine(std::move(machine));

  if (auto figures = sources_.configuration(); figures.ok()) AddConfiguration(*figures, &builder);
  if (auto figures = sources_.filesystem(); figures.ok()) {
    AddFilesystem(*figures, clock_.MonotonicNanos(), &builder);
    folders_ = {sources_.home};
    for (const std::string& path : figures->paths) {
      const bool in_home = path.starts_with(sources_.home + "/");
      if (!in_home && folders_.size() <= kMostPaths) folders_.push_back(path);
    }
  }
  return builder.Take();
}

void Sampler::Take(absl::Time at) {
  Sample sample = Look(at);
  board_.Taken(at, sample.left_out);
  if (const size_t dropped = backlog_.Put(std::move(sample)); dropped > 0) board_.Dropped(dropped);
}

void Sampler::Run() {
  const int64_t seconds = Levels().front().seconds;
  const absl::Duration interval = absl::Seconds(seconds);
  Look(clock_.Now());
  std::optional<absl::Time> expected;  // none: the clock was set
  for (;;) {
    const absl::Time next = PeriodOf(clock_.Now() + kTolerance, seconds) + interval;
    const Woke woke = wait_(next);
    if (woke == Woke::kStopped) return;
    const absl::Time now = clock_.Now() + kTolerance;
    if (woke == Woke::kClockSet || now < next) {
      expected.reset();
      continue;
    }
    const absl::Time at = PeriodOf(now, seconds);
    if (expected.has_value() && at > *expected) {
      board_.Missed(static_cast<uint64_t>((at - *expected) / interval));
    }
    expected = at + interval;
    Take(at);
  }
}

}  // namespace oca::monitor
