#include "fs/engine/quarantine.h"

#include <algorithm>
#include <utility>

#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {

absl::Status Quarantine::Load() {
  absl::StatusOr<std::string> bytes = io::ReadFile(fs_, path_);
  if (absl::IsNotFound(bytes.status())) return absl::OkStatus();
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<format::PackHealth> health = format::DecodePackHealth(*bytes);
  if (absl::IsDataLoss(health.status())) {
    log::Error("what was known of damaged packs is lost; every pack will be checked again", "file",
               path_, "error", MessageOf(health.status()));
    absl::MutexLock lock(&mu_);
    changed_ = true;  // another one takes its place
    return absl::OkStatus();
  }
  if (!health.ok()) return Annotate(health.status(), path_);
  absl::MutexLock lock(&mu_);
  health_ = *std::move(health);
  damaged_count_ = health_.damaged.size();
  return absl::OkStatus();
}

bool Quarantine::Holds(PackId pack, uint64_t offset) const {
  if (damaged_count_ == 0) return false;
  absl::MutexLock lock(&mu_);
  return health_.damaged.contains({pack, offset});
}

bool Quarantine::HoldsAny(PackId pack) const {
  if (damaged_count_ == 0) return false;
  absl::MutexLock lock(&mu_);
  auto it = health_.damaged.lower_bound({pack, 0});
  return it != health_.damaged.end() && it->first.first == pack;
}

std::vector<Quarantine::Entry> Quarantine::List() const {
  std::vector<Entry> all;
  absl::MutexLock lock(&mu_);
  for (const auto& [position, found] : health_.damaged) {
    all.push_back({position.first, position.second, found});
  }
  return all;
}

PackId Quarantine::HighestPack() const {
  PackId highest;
  absl::MutexLock lock(&mu_);
  if (!health_.damaged.empty()) highest = health_.damaged.rbegin()->first.first;
  if (!health_.checks.empty()) highest = std::max(highest, health_.checks.rbegin()->first);
  return highest;
}

bool Quarantine::Add(PackId pack, uint64_t offset, int64_t now) {
  {
    absl::MutexLock lock(&mu_);
    if (!health_.damaged.try_emplace({pack, offset}, now).second) return false;
    damaged_count_ = health_.damaged.size();
    changed_ = true;
  }
  SaveOrWarn();
  return true;
}

void Quarantine::Remove(PackId pack, uint64_t offset) {
  {
    absl::MutexLock lock(&mu_);
    if (health_.damaged.erase({pack, offset}) == 0) return;
    damaged_count_ = health_.damaged.size();
    changed_ = true;
  }
  SaveOrWarn();
}

void Quarantine::Forget(PackId pack) {
  absl::MutexLock lock(&mu_);
  changed_ |= health_.checks.erase(pack) > 0;
  auto begin = health_.damaged.lower_bound({pack, 0});
  auto end = health_.damaged.upper_bound({pack, UINT64_MAX});
  if (begin == end) return;
  health_.damaged.erase(begin, end);
  damaged_count_ = health_.damaged.size();
  changed_ = true;
}

format::PackCheck Quarantine::CheckOf(PackId pack, int64_t now) {
  absl::MutexLock lock(&mu_);
  auto [it, added] = health_.checks.try_emplace(pack, format::PackCheck{now, false});
  changed_ |= added;
  return it->second;
}

void Quarantine::NoteCheck(PackId pack, bool good, int64_t now) {
  absl::MutexLock lock(&mu_);
  health_.checks[pack] = {now, good};
  changed_ = true;
}

absl::Status Quarantine::Save() {
  absl::MutexLock save_lock(&save_mu_);
  std::string bytes;
  {
    absl::MutexLock lock(&mu_);
    if (!changed_) return absl::OkStatus();
    bytes = format::EncodePackHealth(health_);
    changed_ = false;
  }
  absl::Status saved = io::WriteFileAtomically(fs_, path_, bytes);
  if (saved.ok()) return saved;
  absl::MutexLock lock(&mu_);
  changed_ = true;
  return saved;
}

void Quarantine::SaveOrWarn() {
  if (absl::Status saved = Save(); !saved.ok()) {
    log::Warning("what is known of damaged packs could not be written yet", "file", path_, "error",
                 MessageOf(saved));
  }
}

}  // namespace oca::engine
