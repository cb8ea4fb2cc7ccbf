#include "services/events/collector.h"

#include <utility>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/crypto/uuid.h"
#include "lib/log/log.h"
#include "services/events/spool_format.h"

namespace oca::events {
namespace {

using event::v1::Event;

constexpr size_t kMostWaiting = 1000;  // for a subscriber

absl::Status Check(const Event& event) {
  if (!crypto::IsUuid(event.id())) {
    return absl::InvalidArgumentError(fmt::format("'{}' is no event's id", event.id()));
  }
  if (event.number() == 0 || event.process().empty()) {
    return absl::InvalidArgumentError(
        fmt::format("event {} has no number or no sender", event.id()));
  }
  // Room for what is added to it.
  if (event.ByteSizeLong() > kMaxRecordBytes / 2) {
    return absl::InvalidArgumentError(fmt::format("event {} is too large", event.id()));
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<Event> Subscription::Next(absl::Duration timeout) {
  pushed_.WaitFor(timeout);
  absl::MutexLock lock(&mu_);
  std::vector<Event> taken(events_.begin(), events_.end());
  events_.clear();
  return taken;
}

void Subscription::Push(const Event& event) {
  absl::MutexLock lock(&mu_);
  if (events_.size() < kMostWaiting) events_.push_back(event);
  pushed_.Ring();
}

absl::Status Collector::Take(const event::v1::SendRequest& request) {
  for (const Event& event : request.events()) OCA_RETURN_IF_ERROR(Check(event));
  absl::MutexLock lock(&mu_);
  std::vector<Event> passing;
  uint64_t repeats = 0, duplicates = 0, over_rate = 0;
  for (const Event& event : request.events()) {
    switch (sieve_.Judge(event, clock_.Now())) {
      case Sieve::Verdict::kPass:
        passing.push_back(event);
        break;
      case Sieve::Verdict::kRepeat:
        ++repeats;
        break;
      case Sieve::Verdict::kDuplicate:
        ++duplicates;
        break;
      case Sieve::Verdict::kOverRate:
        ++over_rate;
        break;
    }
  }
  OCA_RETURN_IF_ERROR(Keep(std::move(passing)));
  if (request.dropped() > 0) {
    counts_.set_dropped(counts_.dropped() + request.dropped());
    sieve_.NoteLost(request.process(), "its queue was full", request.dropped());
  }
  counts_.set_received(counts_.received() + static_cast<uint64_t>(request.events_size()));
  counts_.set_repeats(counts_.repeats() + repeats);
  counts_.set_duplicates(counts_.duplicates() + duplicates);
  counts_.set_over_rate(counts_.over_rate() + over_rate);
  return absl::OkStatus();
}

absl::Status Collector::Keep(std::vector<Event> events) {
  if (events.empty()) return absl::OkStatus();
  std::vector<std::string> records;
  for (Event& event : events) {
    event.set_host(host_);
    records.push_back(event.SerializeAsString());
  }
  absl::Status status = spool_.Append(records);
  if (absl::IsResourceExhausted(status)) {
    // Nobody gains by sending it again and again.
    counts_.set_dropped(counts_.dropped() + events.size());
    for (const Event& event : events) sieve_.NoteLost(event.process(), "the spool was full", 1);
    return absl::OkStatus();
  }
  OCA_RETURN_IF_ERROR(status);
  for (const Event& event : events) {
    sieve_.NotePassed(event);
    Tell(event);
  }
  return absl::OkStatus();
}

void Collector::Tell(const Event& event) {
  std::erase_if(subscriptions_, [&](const std::weak_ptr<Subscription>& weak) {
    std::shared_ptr<Subscription> subscription = weak.lock();
    if (subscription != nullptr) subscription->Push(event);
    return subscription == nullptr;
  });
}

void Collector::Tick() {
  absl::MutexLock lock(&mu_);
  std::vector<Event> due = sieve_.Due(clock_.Now());
  for (Event& event : due) {
    absl::StatusOr<std::string> id = crypto::RandomUuid();
    if (id.ok()) event.set_id(*std::move(id));
  }
  std::erase_if(due, [](const Event& event) { return event.id().empty(); });
  if (absl::Status status = Keep(std::move(due)); !status.ok()) {
    log::Warning("repeats_lost", "error", MessageOf(status));
  }
}

void Collector::NoteDelivered(uint64_t count) {
  absl::MutexLock lock(&mu_);
  counts_.set_delivered(counts_.delivered() + count);
}

std::shared_ptr<Subscription> Collector::Subscribe() {
  auto subscription = std::make_shared<Subscription>();
  absl::MutexLock lock(&mu_);
  subscriptions_.push_back(subscription);
  return subscription;
}

event::v1::CollectorStatus Collector::Status() {
  absl::MutexLock lock(&mu_);
  event::v1::CollectorStatus status = counts_;
  status.set_waiting(spool_.records());
  status.set_spool_bytes(spool_.bytes());
  return status;
}

}  // namespace oca::events
