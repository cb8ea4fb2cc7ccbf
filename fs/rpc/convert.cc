#include "fs/rpc/convert.h"

#include <cmath>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "lib/api/savings.h"
#include "lib/api/timestamp.h"

namespace oca::fs_rpc {
namespace {

bool IsSet(absl::Time time) { return time > absl::UnixEpoch() && time < absl::InfiniteFuture(); }

double TwoDecimals(double value) {
  return std::isfinite(value) && value > 0 ? std::round(value * 100) / 100 : 0;
}

template <typename Message>
void FillReduction(const engine::ReductionCounters& bytes, Message* out) {
  out->set_current_bytes(bytes.current_bytes);
  out->set_post_dedupe_bytes(bytes.post_dedupe_bytes);
  out->set_post_compression_bytes(bytes.post_compression_bytes);
  out->set_physical_bytes(bytes.physical_bytes);
  out->set_delta_plain_bytes(bytes.delta_plain_bytes);
  out->set_delta_stored_bytes(bytes.delta_stored_bytes);
  api::FillSavings(out);
}

}  // namespace

fs::v1::StorageGroup ToProto(const names::StorageGroup& group) {
  fs::v1::StorageGroup out;
  out.set_id(group.id.value);
  out.set_name(group.name);
  switch (group.compression) {
    case names::GroupCompression::kFast:
      out.set_compression_mode(fs::v1::COMPRESSION_MODE_FAST);
      break;
    case names::GroupCompression::kBest:
      out.set_compression_mode(fs::v1::COMPRESSION_MODE_BEST);
      break;
    case names::GroupCompression::kLz4:
      out.set_compression_mode(fs::v1::COMPRESSION_MODE_LZ4);
      break;
  }
  out.set_chunk_size_bytes(group.chunk_target_bytes);
  out.set_quota_bytes(group.quota_bytes);
  out.set_performance_tier(group.performance_tier);
  return out;
}

fs::v1::Marker ToProto(names::ContainerMarker marker) {
  switch (marker) {
    case names::ContainerMarker::kAuto:
      return fs::v1::MARKER_AUTO;
    case names::ContainerMarker::kNone:
      return fs::v1::MARKER_NONE;
    case names::ContainerMarker::kTar:
      return fs::v1::MARKER_TAR;
  }
  return fs::v1::MARKER_UNSPECIFIED;
}

absl::StatusOr<names::ContainerMarker> FromProto(fs::v1::Marker marker) {
  switch (marker) {
    case fs::v1::MARKER_UNSPECIFIED:
    case fs::v1::MARKER_AUTO:
      return names::ContainerMarker::kAuto;
    case fs::v1::MARKER_NONE:
      return names::ContainerMarker::kNone;
    case fs::v1::MARKER_TAR:
      return names::ContainerMarker::kTar;
    default:
      return absl::InvalidArgumentError(fmt::format("unknown marker {}", static_cast<int>(marker)));
  }
}

fs::v1::Container ToProto(const names::Container& container) {
  fs::v1::Container out;
  out.set_id(container.id.value);
  out.set_name(container.name);
  out.set_group_id(container.group.value);
  out.set_deleting(container.deleting);
  out.set_marker(ToProto(container.marker));
  if (container.created_ns > 0) {
    *out.mutable_created() = api::TimestampOfNanos(container.created_ns);
  }
  return out;
}

fs::v1::Retention ToProto(const names::RetentionStatus& status) {
  fs::v1::Retention out;
  switch (status.policy.mode) {
    case names::RetentionMode::kNone:
      out.set_mode(fs::v1::RETENTION_MODE_NONE);
      break;
    case names::RetentionMode::kGovernance:
      out.set_mode(fs::v1::RETENTION_MODE_GOVERNANCE);
      break;
    case names::RetentionMode::kCompliance:
      out.set_mode(fs::v1::RETENTION_MODE_COMPLIANCE);
      break;
  }
  out.set_min_period_seconds(status.policy.min_seconds);
  out.set_max_period_seconds(status.policy.max_seconds);
  out.set_default_period_seconds(status.policy.default_seconds);
  out.set_auto_lock_seconds(status.policy.auto_lock_seconds);
  *out.mutable_trusted_time() = api::TimestampOfNanos(status.trusted_now_ns);
  out.set_locked_files(status.locked_files);
  if (status.locked_files > 0) {
    *out.mutable_first_unlock() = api::TimestampOfNanos(status.first_unlock_ns);
    *out.mutable_last_unlock() = api::TimestampOfNanos(status.last_unlock_ns);
  }
  return out;
}

absl::StatusOr<names::RetentionPolicy> Apply(const fs::v1::SetRetentionRequest& request,
                                             names::RetentionPolicy policy) {
  constexpr uint64_t kDay = 24 * 3600;
  if (policy.mode == names::RetentionMode::kNone) {
    policy.max_seconds = 30 * 365 * kDay;
    policy.default_seconds = 30 * kDay;
  }
  switch (request.mode()) {
    case fs::v1::RETENTION_MODE_UNSPECIFIED:
      break;
    case fs::v1::RETENTION_MODE_NONE:
      return names::RetentionPolicy();
    case fs::v1::RETENTION_MODE_GOVERNANCE:
      policy.mode = names::RetentionMode::kGovernance;
      break;
    case fs::v1::RETENTION_MODE_COMPLIANCE:
      policy.mode = names::RetentionMode::kCompliance;
      break;
    default:
      return absl::InvalidArgumentError(
          fmt::format("unknown retention mode {}", static_cast<int>(request.mode())));
  }
  if (policy.mode == names::RetentionMode::kNone) {
    return absl::InvalidArgumentError("the container has no retention mode: give one");
  }
  if (request.has_min_period_seconds()) policy.min_seconds = request.min_period_seconds();
  if (request.has_max_period_seconds()) policy.max_seconds = request.max_period_seconds();
  if (request.has_default_period_seconds()) {
    policy.default_seconds = request.default_period_seconds();
  }
  if (request.has_auto_lock_seconds()) policy.auto_lock_seconds = request.auto_lock_seconds();
  return policy;
}

fs::v1::StorageGroupStats ToProto(const engine::GroupStats& stats) {
  fs::v1::StorageGroupStats out;
  out.set_name(stats.name);
  out.set_id(stats.id.value);
  out.set_capacity_used_bytes(stats.bytes.physical_bytes);
  out.set_capacity_free_bytes(stats.capacity_free_bytes);
  out.set_quota_bytes(stats.quota_bytes);
  out.set_total_inodes(stats.total_inodes);
  out.set_current_files(stats.files);
  out.set_read_mib_per_s(TwoDecimals(stats.read_mib_per_s));
  out.set_write_mib_per_s(TwoDecimals(stats.write_mib_per_s));
  out.set_read_bytes_since_start(stats.read_bytes);
  out.set_written_bytes_since_start(stats.written_bytes);
  FillReduction(stats.bytes, &out);
  out.set_cleaner_status(ToProto(stats.cleaner_state));
  out.set_index_entries(stats.index.entries);
  out.set_index_memory_bytes(stats.index.memory_bytes);
  out.set_packs(stats.packs);
  out.set_index_one_in(stats.index.one_in);
  out.set_index_budget_bytes(stats.index.budget_bytes);
  out.set_index_runs(stats.index.runs);
  out.set_index_stored_bytes(stats.index.stored_bytes);
  out.set_index_stored_lookups(stats.index.stored_lookups);
  out.set_index_disk_reads(stats.index.disk_reads);
  out.set_encryption_status(ToProto(stats.encryption_state));
  out.set_encrypted_bytes(stats.encrypted_bytes);
  return out;
}

fs::v1::ContainerStats ToProto(const engine::ContainerStats& stats) {
  fs::v1::ContainerStats out;
  out.set_name(stats.name);
  out.set_id(stats.id.value);
  out.set_group_id(stats.group.value);
  out.set_total_inodes(stats.total_inodes);
  out.set_current_files(stats.files);
  out.set_read_mib_per_s(TwoDecimals(stats.read_mib_per_s));
  out.set_write_mib_per_s(TwoDecimals(stats.write_mib_per_s));
  out.set_read_bytes_since_start(stats.read_bytes);
  out.set_written_bytes_since_start(stats.written_bytes);
  FillReduction(stats.bytes, &out);
  out.set_marker(ToProto(stats.marker));
  for (const auto& [format, streams] : stats.recognised_formats) {
    fs::v1::RecognisedFormat* recognised = out.add_recognised_formats();
    recognised->set_format(std::string(format));
    recognised->set_streams(streams);
  }
  out.set_recognised_headers(stats.recognised_headers);
  out.set_recognised_header_bytes(stats.recognised_header_bytes);
  out.set_recognised_payload_bytes(stats.recognised_payload_bytes);
  out.set_recycle_bin_inodes(stats.recycled_inodes);
  out.set_recycle_bin_files(stats.recycled_files);
  out.set_recycle_bin_bytes(stats.recycled_bytes);
  return out;
}

fs::v1::CleanerStatus ToProto(const engine::CleanerStatus& status) {
  fs::v1::CleanerStatus out;
  out.set_state(ToProto(status.state));
  out.set_phase(status.phase);
  out.set_progress_percent(TwoDecimals(status.progress_percent));
  out.set_packs_examined(status.packs_examined);
  out.set_packs_removed(status.packs_removed);
  out.set_bytes_reclaimed(status.bytes_reclaimed);
  out.set_bytes_copied(status.bytes_copied);
  out.set_bytes_saved(status.bytes_saved);
  out.set_automatic(status.automatic);
  out.set_whole(status.whole);
  out.set_recipes_counted(status.recipes_counted);
  out.set_reclaimable_bytes(status.reclaimable_bytes);
  out.set_debt_bytes(status.debt_bytes);
  if (status.time_left != absl::InfiniteDuration()) {
    out.set_seconds_left(TwoDecimals(absl::ToDoubleSeconds(status.time_left)));
  }
  out.set_longest_pause_ms(TwoDecimals(absl::ToDoubleMilliseconds(status.longest_pause)));
  out.set_error(status.error);
  if (IsSet(status.started)) *out.mutable_started() = api::ExactTimestampOf(status.started);
  if (IsSet(status.ended)) *out.mutable_ended() = api::ExactTimestampOf(status.ended);
  return out;
}

fs::v1::CleanerSchedule ToProto(const names::CleanerSchedule& schedule) {
  fs::v1::CleanerSchedule out;
  for (size_t day = 0; day < schedule.size(); ++day) {
    if (schedule[day] == names::CleanerWindow()) continue;
    fs::v1::CleanerWindow* window = out.add_windows();
    window->set_day(static_cast<fs::v1::Weekday>(fs::v1::WEEKDAY_MONDAY + static_cast<int>(day)));
    window->set_start_minute(schedule[day].start_minute);
    window->set_stop_minute(schedule[day].stop_minute);
  }
  return out;
}

fs::v1::ScanStatus ToProto(const engine::ScanStatus& status) {
  fs::v1::ScanStatus out;
  out.set_state(ToProto(status.state));
  out.set_level(status.level == engine::ScanLevel::kVerifyData
                    ? fs::v1::SCAN_LEVEL_VERIFY_DATA
                    : fs::v1::SCAN_LEVEL_VERIFY_METADATA);
  out.set_progress_percent(TwoDecimals(status.progress_percent));
  out.set_packs_checked(status.packs_checked);
  out.set_chunks_checked(status.chunks_checked);
  out.set_inodes_checked(status.inodes_checked);
  for (const std::string& fault : status.faults) out.add_faults(fault);
  out.set_fault_count(status.fault_count);
  out.set_repair(status.repair);
  for (const std::string& repair : status.repairs) out.add_repairs(repair);
  out.set_error(status.error);
  if (IsSet(status.started)) *out.mutable_started() = api::ExactTimestampOf(status.started);
  if (IsSet(status.ended)) *out.mutable_ended() = api::ExactTimestampOf(status.ended);
  return out;
}

fs::v1::Health ToProto(const engine::HealthStatus& health) {
  fs::v1::Health out;
  for (const engine::DamagedGroup& damaged : health.damaged) {
    fs::v1::DamagedGroup* added = out.add_damaged();
    added->set_group_id(damaged.group.value);
    added->set_pack(damaged.pack.value);
    added->set_offset(damaged.offset);
    *added->mutable_found() = api::ExactTimestampOf(damaged.found);
    added->set_chunks(damaged.chunks);
    added->set_chunks_lost(damaged.chunks_lost);
  }
  out.set_packs(health.packs);
  out.set_packs_verified(health.packs_verified);
  if (health.packs_verified > 0) {
    *out.mutable_oldest_check() = api::ExactTimestampOf(health.oldest_check);
  }
  out.set_scrub_bytes_per_second(health.scrub_bytes_per_second);
  for (const engine::FoundAtStart& found : health.found_at_start) {
    out.add_found_at_start(found.what);
  }
  return out;
}

fs::v1::Repair ToProto(const engine::RepairRecord& repair) {
  fs::v1::Repair out;
  *out.mutable_started() = api::ExactTimestampOf(absl::FromUnixSeconds(repair.started));
  *out.mutable_ended() = api::ExactTimestampOf(absl::FromUnixSeconds(repair.ended));
  out.set_group_id(repair.group.value);
  out.set_fault_count(repair.fault_count);
  out.set_error(repair.error);
  for (const std::string& line : repair.repairs) out.add_repairs(line);
  for (const std::string& line : repair.faults) out.add_faults(line);
  return out;
}

fs::v1::JobState ToProto(engine::JobState state) {
  switch (state) {
    case engine::JobState::kIdle:
      return fs::v1::JOB_STATE_IDLE;
    case engine::JobState::kRunning:
      return fs::v1::JOB_STATE_RUNNING;
    case engine::JobState::kDone:
      return fs::v1::JOB_STATE_DONE;
    case engine::JobState::kStopped:
      return fs::v1::JOB_STATE_STOPPED;
    case engine::JobState::kFailed:
      return fs::v1::JOB_STATE_FAILED;
  }
  return fs::v1::JOB_STATE_UNSPECIFIED;
}

absl::StatusOr<names::GroupCompression> FromProto(fs::v1::CompressionMode mode) {
  switch (mode) {
    case fs::v1::COMPRESSION_MODE_UNSPECIFIED:
    case fs::v1::COMPRESSION_MODE_FAST:
      return names::GroupCompression::kFast;
    case fs::v1::COMPRESSION_MODE_BEST:
      return names::GroupCompression::kBest;
    case fs::v1::COMPRESSION_MODE_LZ4:
      return names::GroupCompression::kLz4;
    default:
      return absl::InvalidArgumentError(
          fmt::format("unknown compression mode {}", static_cast<int>(mode)));
  }
}

fs::v1::Encryption ToProto(const engine::EncryptionStatus& status) {
  using Keys = engine::EncryptionStatus::Keys;
  fs::v1::Encryption out;
  switch (status.keys) {
    case Keys::kNone:
      out.set_keys(fs::v1::KEY_STATE_NONE);
      break;
    case Keys::kLocked:
      out.set_keys(fs::v1::KEY_STATE_LOCKED);
      break;
    case Keys::kUnlocked:
      out.set_keys(fs::v1::KEY_STATE_UNLOCKED);
      break;
    case Keys::kUnusable:
      out.set_keys(fs::v1::KEY_STATE_UNUSABLE);
      break;
  }
  out.set_problem(status.problem);
  out.set_on(status.on);
  out.set_mode(status.mode == engine::EncryptionMode::kInternal ? fs::v1::ENCRYPTION_MODE_INTERNAL
                                                                : fs::v1::ENCRYPTION_MODE_STATIC);
  out.set_rotation_seconds(status.rotation_seconds);
  out.set_content_keys(static_cast<uint32_t>(status.content_keys));
  if (absl::ToUnixSeconds(status.newest_key) > 0) {
    *out.mutable_newest_key() = api::ExactTimestampOf(status.newest_key);
  }
  out.set_state(ToProto(status.state));
  out.set_progress_percent(TwoDecimals(status.progress_percent));
  out.set_plain_bytes(status.plain_bytes);
  out.set_encrypted_bytes(status.encrypted_bytes);
  return out;
}

absl::StatusOr<engine::EncryptionMode> FromProto(fs::v1::EncryptionMode mode) {
  switch (mode) {
    case fs::v1::ENCRYPTION_MODE_UNSPECIFIED:
    case fs::v1::ENCRYPTION_MODE_STATIC:
      return engine::EncryptionMode::kStatic;
    case fs::v1::ENCRYPTION_MODE_INTERNAL:
      return engine::EncryptionMode::kInternal;
    default:
      return absl::InvalidArgumentError(
          fmt::format("unknown encryption mode {}", static_cast<int>(mode)));
  }
}

absl::StatusOr<engine::ScanLevel> FromProto(fs::v1::ScanLevel level) {
  switch (level) {
    case fs::v1::SCAN_LEVEL_VERIFY_METADATA:
      return engine::ScanLevel::kVerifyMetadata;
    case fs::v1::SCAN_LEVEL_VERIFY_DATA:
      return engine::ScanLevel::kVerifyData;
    default:
      return absl::InvalidArgumentError(
          fmt::format("unknown scan level {}", static_cast<int>(level)));
  }
}

}  // namespace oca::fs_rpc
