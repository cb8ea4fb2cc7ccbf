#include "fs/engine/scrubber.h"

#include <algorithm>
#include <string>

#include "absl/time/clock.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {
namespace {

constexpr absl::Duration kIdlePause = absl::Minutes(1);
constexpr absl::Duration kSaveEvery = absl::Minutes(1);

}  // namespace

void Scrubber::Start() {
  if (rate_ > 0) thread_ = std::thread([this] { Loop(); });
}

void Scrubber::Stop() {
  stopping_ = true;
  bell_.Ring();
  if (thread_.joinable()) thread_.join();
}

void Scrubber::Loop() {
  absl::Time next_save = MonotonicNow() + kSaveEvery;
  absl::Duration pause;
  while (true) {
    bell_.WaitFor(pause);
    if (stopping_) break;
    const uint64_t bytes = Step();
    pause = bytes == 0 ? kIdlePause
                       : absl::Seconds(static_cast<double>(bytes) / static_cast<double>(rate_));
    if (MonotonicNow() < next_save) continue;
    SaveHealth();
    next_save = MonotonicNow() + kSaveEvery;
  }
  SaveHealth();
}

uint64_t Scrubber::Step() {
  absl::MutexLock lock(&step_mu_);
  const absl::Time now = clock_->Now();
  for (auto& [id, store] : host_->ChunkStores()) {
    auto pack = store->NextToCheck(now - interval_, now - interval_ / 30);
    if (!pack) continue;
    uint64_t chunks = 0;
    for (const std::string& fault : store->VerifyPack(pack->id, &chunks)) {
      log::Error("the scrub found a fault", "group", id.value, "fault", fault);
    }
    return std::max<uint64_t>(pack->size_bytes, 1);
  }
  return 0;
}

void Scrubber::SaveHealth() {
  absl::MutexLock lock(&step_mu_);
  for (auto& [id, store] : host_->ChunkStores()) {
    if (absl::Status saved = store->SaveHealth(); !saved.ok()) {
      log::Warning("what the scrub checked could not be written yet", "group", id.value, "error",
                   MessageOf(saved));
    }
  }
}

}  // namespace oca::engine
