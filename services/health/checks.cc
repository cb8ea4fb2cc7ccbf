#include "services/health/checks.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "lib/event/event.h"

namespace oca::health {
namespace {

using event::Kind;
using event::Severity;
using event::v1::Event;

// How bad something is; none: well.
using Level = std::optional<Severity>;

// From where on a percentage is bad, and by how much it must get better again.
struct Limits {
  double warning;
  double critical;
  double margin;
};
constexpr Limits kDiskFree = {10, 3, 2};
constexpr Limits kMemoryFree = {5, 0, 3};
constexpr Limits kQuotaLeft = {10, 1, 2};
constexpr uint64_t kLeastDebtBytes = 1ull << 30;
constexpr double kDebtPercent = 25;  // of what is stored; half of it ends the alert
constexpr int64_t kCertificateDays = 30;

double Percent(uint64_t part, uint64_t whole) {
  return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

// `left` is what is left, in percent; `was`: the level until now.
Level LevelOf(double left, const Limits& limits, Level was) {
  const bool was_critical = was == Severity::kCritical;
  if (left < limits.critical + (was_critical ? limits.margin : 0)) return Severity::kCritical;
  if (left < limits.warning + (was.has_value() ? limits.margin : 0)) return Severity::kWarning;
  return std::nullopt;
}

std::string BytesText(uint64_t bytes) {
  return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1ull << 30));
}

class Judgement {
 public:
  explicit Judgement(const std::vector<Recorder::Standing>& standing) : standing_(standing) {}

  Level Was(std::string_view condition, std::string_view subject) const {
    for (const Recorder::Standing& one : standing_) {
      if (one.condition == condition && one.subject == subject) return one.severity;
    }
    return std::nullopt;
  }
  // `raise` or `clear` makes the event when the level is another one than it was.
  template <typename Raise, typename Clear>
  void Set(Level was, Level is, Raise raise, Clear clear) {
    if (was == is) return;
    events_.push_back(is.has_value() ? raise() : clear());
  }
  std::vector<Event> Take() { return std::move(events_); }

 private:
  const std::vector<Recorder::Standing>& standing_;
  std::vector<Event> events_;
};

void JudgeDisks(const Reading& reading, Judgement& judgement) {
  for (const Disk& disk : reading.disks) {
    if (disk.total_bytes == 0) continue;
    const double free = Percent(disk.free_bytes, disk.total_bytes);
    const int percent = static_cast<int>(free);
    const std::string bytes = BytesText(disk.free_bytes);
    const Level was = judgement.Was("disk_space", disk.path);
    const Level is = LevelOf(free, kDiskFree, was);
    judgement.Set(
        was, is,
        [&] {
          return is == Severity::kCritical
                     ? event::Make<Kind::kDiskSpaceExhausted>(disk.path, percent, bytes)
                     : event::Make<Kind::kDiskSpaceLow>(disk.path, percent, bytes);
        },
        [&] { return event::Make<Kind::kDiskSpaceEnough>(disk.path, percent); });
  }
}

void JudgeMemory(const Memory& memory, Judgement& judgement) {
  if (memory.total_bytes == 0) return;
  const double available = Percent(memory.available_bytes, memory.total_bytes);
  const int percent = static_cast<int>(available);
  const Level was = judgement.Was("memory", "");
  judgement.Set(
      was, LevelOf(available, kMemoryFree, was),
      [&] { return event::Make<Kind::kMemoryLow>(percent, BytesText(memory.available_bytes)); },
      [&] { return event::Make<Kind::kMemoryEnough>(percent); });
}

// What watcher told itself, should that have been lost.
void JudgeProcesses(const Reading& reading, Judgement& judgement) {
  for (const ProcessState& process : reading.processes) {
    const Level was = judgement.Was("process_down", process.name);
    Level is = was;
    if (process.word == "given_up") is = Severity::kCritical;
    if (process.word == "up") is = std::nullopt;
    judgement.Set(
        was, is,
        [&] {
          return event::Make<Kind::kProcessGivenUp>(process.name, "what its log says", "several");
        },
        [&] { return event::Make<Kind::kProcessServes>(process.name); });
  }
}

void JudgeCertificates(const Reading& reading, Judgement& judgement) {
  for (const Certificate& certificate : reading.certificates) {
    const Level was = judgement.Was("certificate", certificate.file);
    const Level is =
        certificate.days_left < kCertificateDays ? Level(Severity::kWarning) : std::nullopt;
    judgement.Set(
        was, is,
        [&] {
          return event::Make<Kind::kCertificateExpires>(certificate.file, certificate.days_left);
        },
        [&] {
          return event::Make<Kind::kCertificateValid>(certificate.file, certificate.days_left);
        });
  }
}

void JudgeQuotas(const FilesystemState& state, Judgement& judgement) {
  for (const fs::v1::StorageGroupStats& group : state.groups) {
    const Level was = judgement.Was("quota", group.name());
    const double used =
        group.quota_bytes() == 0 ? 0 : Percent(group.physical_bytes(), group.quota_bytes());
    const int percent = static_cast<int>(used);
    const Level is = LevelOf(100 - used, kQuotaLeft, was);
    judgement.Set(
        was, is,
        [&] {
          return is == Severity::kCritical
                     ? event::Make<Kind::kQuotaUsed>(group.name(), percent)
                     : event::Make<Kind::kQuotaNearlyUsed>(group.name(), percent);
        },
        [&] { return event::Make<Kind::kQuotaHasRoom>(group.name()); });
  }
}

void JudgeDamage(const FilesystemState& state, Judgement& judgement) {
  struct Damage {
    uint64_t parts = 0;
    uint64_t chunks = 0;
  };
  std::map<uint32_t, Damage> damaged;
  for (const fs::v1::DamagedGroup& part : state.health.damaged()) {
    ++damaged[part.group_id()].parts;
    damaged[part.group_id()].chunks += part.chunks_lost();
  }
  for (const fs::v1::StorageGroupStats& group : state.groups) {
    const Level was = judgement.Was("data_damaged", group.name());
    auto found = damaged.find(group.id());
    const Level is = found == damaged.end() ? std::nullopt : Level(Severity::kCritical);
    judgement.Set(
        was, is,
        [&] {
          return event::Make<Kind::kDataDamaged>(group.name(), found->second.parts,
                                                 found->second.chunks);
        },
        [&] { return event::Make<Kind::kDataHealed>(group.name()); });
  }
}

void JudgeDebt(const FilesystemState& state, Judgement& judgement) {
  uint64_t stored = 0;
  for (const fs::v1::StorageGroupStats& group : state.groups) stored += group.physical_bytes();
  const Level was = judgement.Was("cleaner_behind", "");
  const uint64_t debt = state.cleaner.debt_bytes();
  const int easier = was.has_value() ? 2 : 1;
  const bool behind = debt >= kLeastDebtBytes / easier && stored > 0 &&
                      Percent(debt, stored) >= kDebtPercent / easier;
  judgement.Set(
      was, behind ? Level(Severity::kWarning) : std::nullopt,
      [&] { return event::Make<Kind::kCleanerBehind>(BytesText(debt)); },
      [&] { return event::Make<Kind::kCleanerCaughtUp>(); });
}

}  // namespace

std::vector<Event> Judge(const Reading& reading, const std::vector<Recorder::Standing>& standing) {
  Judgement judgement(standing);
  JudgeDisks(reading, judgement);
  JudgeMemory(reading.memory, judgement);
  JudgeProcesses(reading, judgement);
  JudgeCertificates(reading, judgement);
  if (reading.filesystem.has_value()) {
    JudgeQuotas(*reading.filesystem, judgement);
    JudgeDamage(*reading.filesystem, judgement);
    JudgeDebt(*reading.filesystem, judgement);
  }
  return judgement.Take();
}

}  // namespace oca::health
