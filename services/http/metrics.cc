#include "services/http/metrics.h"

#include <functional>
#include <string_view>
#include <utility>

#include "google/protobuf/util/time_util.h"
#include "lib/base/status.h"
#include "prometheus/text_serializer.h"

namespace oca::httpd {
namespace {

namespace mgmt = management::v1;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// One gauge for each of `items`, whose label `key` is its name.
template <typename Items, typename Value>
void AddGauges(std::vector<MetricFamily>* families, std::string_view name, std::string_view help,
               const std::string& key, const Items& items, Value value) {
  MetricFamily family{std::string(name), std::string(help), MetricType::Gauge, {}};
  for (const auto& item : items) {
    ClientMetric metric;
    metric.label.push_back({key, item.name()});
    metric.gauge.value = static_cast<double>(value(item));
    family.metric.push_back(std::move(metric));
  }
  if (!family.metric.empty()) families->push_back(std::move(family));
}

void AddGauge(std::vector<MetricFamily>* families, std::string_view name, std::string_view help,
              double value) {
  MetricFamily family{std::string(name), std::string(help), MetricType::Gauge, {}};
  family.metric.emplace_back();
  family.metric.front().gauge.value = value;
  families->push_back(std::move(family));
}

void AddSystem(const mgmt::System& system, std::vector<MetricFamily>* out) {
  AddGauge(out, "oca_ready", "1 when all parts are up and agree.", system.ready() ? 1 : 0);
  AddGauges(out, "oca_part_up", "1 when the part of the appliance is up.", "part", system.parts(),
            [](const mgmt::Part& part) { return part.up() ? 1 : 0; });
  if (system.capacity_total_bytes() == 0) return;  // the filesystem is down
  AddGauge(out, "oca_capacity_total_bytes", "Size of the filesystem below the repository.",
           static_cast<double>(system.capacity_total_bytes()));
  AddGauge(out, "oca_capacity_free_bytes", "Free room of the filesystem below the repository.",
           static_cast<double>(system.capacity_free_bytes()));
}

// What groups and containers both have.
template <typename Items>
void AddReduction(std::string_view prefix, const std::string& key, const Items& items,
                  std::vector<MetricFamily>* out) {
  using Item = std::decay_t<decltype(*items.begin())>;
  const auto add = [&](std::string_view name, std::string_view help, auto value) {
    AddGauges(out, std::string(prefix) + std::string(name), help, key, items, value);
  };
  add("_files", "Regular files.", [](const Item& i) { return i.current_files(); });
  add("_inodes", "Files, folders and all other inodes.",
      [](const Item& i) { return i.total_inodes(); });
  add("_logical_bytes", "Sum of the sizes of all files.",
      [](const Item& i) { return i.current_bytes(); });
  add("_deduplicated_bytes", "Plain bytes of the distinct chunks.",
      [](const Item& i) { return i.post_dedupe_bytes(); });
  add("_compressed_bytes", "Bytes of the distinct chunks after compression.",
      [](const Item& i) { return i.post_compression_bytes(); });
  add("_physical_bytes", "Bytes on disk.", [](const Item& i) { return i.physical_bytes(); });
  add("_savings_ratio", "Share of the logical bytes that need no room.",
      [](const Item& i) { return i.total_savings_percent() / 100; });
  constexpr double kMib = 1 << 20;
  add("_read_bytes_per_second", "File bytes read, over the last seconds.",
      [](const Item& i) { return i.read_mib_per_s() * kMib; });
  add("_write_bytes_per_second", "File bytes written, over the last seconds.",
      [](const Item& i) { return i.write_mib_per_s() * kMib; });
}

void AddGroups(const mgmt::GetStorageGroupStatsResponse& stats, std::vector<MetricFamily>* out) {
  using Group = fs::v1::StorageGroupStats;
  const auto add = [&](std::string_view name, std::string_view help, auto value) {
    AddGauges(out, name, help, "storage_group", stats.groups(), value);
  };
  AddReduction("oca_storage_group", "storage_group", stats.groups(), out);
  add("oca_storage_group_quota_bytes", "Limit of physical bytes; 0 = none.",
      [](const Group& g) { return g.quota_bytes(); });
  add("oca_storage_group_free_bytes", "What the group may still take.",
      [](const Group& g) { return g.capacity_free_bytes(); });
  add("oca_storage_group_packs", "Pack files.", [](const Group& g) { return g.packs(); });
  add("oca_storage_group_index_entries", "Chunks in the fingerprint index.",
      [](const Group& g) { return g.index_entries(); });
  add("oca_storage_group_index_memory_bytes", "RAM of the fingerprint index.",
      [](const Group& g) { return g.index_memory_bytes(); });
}

void AddCleaner(const fs::v1::CleanerStatus& cleaner, std::vector<MetricFamily>* out) {
  AddGauge(out, "oca_cleaner_running", "1 while the cleaner runs.",
           cleaner.state() == fs::v1::JOB_STATE_RUNNING ? 1 : 0);
  AddGauge(out, "oca_cleaner_failed", "1 when its last run failed.",
           cleaner.state() == fs::v1::JOB_STATE_FAILED ? 1 : 0);
  AddGauge(out, "oca_cleaner_reclaimed_bytes", "Physical bytes that the last run freed.",
           static_cast<double>(cleaner.bytes_reclaimed()));
  AddGauge(out, "oca_cleaner_reclaimable_bytes", "Physical bytes known to be dead.",
           static_cast<double>(cleaner.reclaimable_bytes()));
  AddGauge(out, "oca_cleaner_debt_bytes",
           "Dead bytes worth the work, and file bytes deleted since the last run.",
           static_cast<double>(cleaner.debt_bytes()));
  if (cleaner.has_ended()) {
    using google::protobuf::util::TimeUtil;
    AddGauge(out, "oca_cleaner_last_end_timestamp_seconds", "When its last run ended.",
             static_cast<double>(TimeUtil::TimestampToMilliseconds(cleaner.ended())) / 1000);
  }
}

absl::Status Call(Backend& backend, const Visitor& visitor, const std::string& method,
                  const google::protobuf::Message& request, google::protobuf::Message* response) {
  const auto* found = mgmt::System::descriptor()->file()->service(0)->FindMethodByName(method);
  if (found == nullptr) return absl::InternalError("no method " + method);
  constexpr absl::Duration kPatience = absl::Seconds(10);
  return backend.Call(*found, visitor, request, response, kPatience);
}

}  // namespace

std::vector<MetricFamily> Families(const Figures& figures) {
  std::vector<MetricFamily> families;
  AddSystem(figures.system, &families);
  if (!figures.has_stats) return families;
  AddGroups(figures.groups, &families);
  AddReduction("oca_container", "container", figures.containers.containers(), &families);
  AddCleaner(figures.cleaner, &families);
  return families;
}

absl::StatusOr<std::string> Metrics(Backend& backend, const Visitor& visitor) {
  Figures figures;
  OCA_RETURN_IF_ERROR(
      Call(backend, visitor, "GetSystem", mgmt::GetSystemRequest(), &figures.system));
  figures.has_stats =
      Call(backend, visitor, "GetStorageGroupStats", mgmt::GetStorageGroupStatsRequest(),
           &figures.groups)
          .ok() &&
      Call(backend, visitor, "GetContainerStats", mgmt::GetContainerStatsRequest(),
           &figures.containers)
          .ok() &&
      Call(backend, visitor, "GetCleanerStatus", mgmt::GetCleanerStatusRequest(), &figures.cleaner)
          .ok();
  return prometheus::TextSerializer().Serialize(Families(figures));
}

}  // namespace oca::httpd
