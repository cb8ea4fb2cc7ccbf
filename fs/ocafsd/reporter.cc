#include "fs/ocafsd/reporter.h"

#include <optional>

#include "lib/event/event.h"

namespace oca::ocafsd {

using engine::JobState;
using event::Kind;

void Findings::Look() {
  LookAtDamage();
  LookAtScan();
  LookAtCleaner();
}

void Findings::LookAtDamage() {
  struct Damage {
    uint64_t parts = 0;
    uint64_t chunks = 0;
  };
  std::map<GroupId, Damage> found;
  for (const engine::DamagedGroup& part : filesystem_.GetHealth(std::nullopt).damaged) {
    ++found[part.group].parts;
    found[part.group].chunks += part.chunks_lost;
  }
  for (const engine::StorageGroup& group : filesystem_.ListGroups()) {
    auto now = found.find(group.id);
    if (now == found.end()) {
      if (damaged_.erase(group.id) > 0) {
        events_.Send(event::Make<Kind::kDataHealed>(group.name));
      }
      continue;
    }
    uint64_t& told = damaged_[group.id];
    if (now->second.parts != told) {
      events_.Send(
          event::Make<Kind::kDataDamaged>(group.name, now->second.parts, now->second.chunks));
    }
    told = now->second.parts;
  }
}

void Findings::LookAtScan() {
  const engine::ScanStatus scan = filesystem_.GetScanStatus();
  if (scan.state != JobState::kDone || scan.ended == scan_ended_) return;
  scan_ended_ = scan.ended;
  if (scan.fault_count > 0) {
    events_.Send(event::Make<Kind::kScanFoundFaults>(scan.fault_count));
  } else if (!scan.group.has_value()) {
    events_.Send(event::Make<Kind::kScanFoundNone>());
  }
}

void Findings::LookAtCleaner() {
  const engine::CleanerStatus cleaner = filesystem_.GetCleanerStatus();
  const bool over = cleaner.state == JobState::kDone || cleaner.state == JobState::kFailed;
  if (!over || cleaner.ended == cleaner_ended_) return;
  cleaner_ended_ = cleaner.ended;
  const bool failed = cleaner.state == JobState::kFailed;
  if (failed) {
    events_.Send(event::Make<Kind::kCleanerFailed>(cleaner.error));
  } else if (cleaner_failed_) {
    events_.Send(event::Make<Kind::kCleanerWorks>());
  }
  cleaner_failed_ = failed;
}

Reporter::Reporter(engine::Filesystem& filesystem, event::Sink& events)
    : findings_(filesystem, events), thread_([this] { Loop(); }) {}

Reporter::~Reporter() {
  stop_.Ring();
  thread_.join();
}

void Reporter::Loop() {
  for (;;) {
    findings_.Look();
    if (stop_.WaitFor(kInterval)) return;
  }
}

}  // namespace oca::ocafsd
