// oca stats
#include <cmath>
#include <memory>
#include <string>

#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/management.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::Management;

namespace mgmt = management::v1;

// "12.34 MiB/s"
std::string Rate(double mib_per_s) { return fmt::format("{:.2f} MiB/s", mib_per_s); }

// The lines that the system, a group and a container have in common.
template <typename Stats>
void AddCounters(const Stats& stats, Record* record) {
  record->Add("Total Inodes", std::to_string(stats.total_inodes()))
      .Add("Read Throughput", Rate(stats.read_mib_per_s()))
      .Add("Write Throughput", Rate(stats.write_mib_per_s()))
      .Add("Current Files", std::to_string(stats.current_files()))
      .Add("Current Bytes", BytesText(stats.current_bytes()))
      .Add("Post Dedupe Bytes", BytesText(stats.post_dedupe_bytes()))
      .Add("Post Compression Bytes", BytesText(stats.post_compression_bytes()))
      .Add("Physical Bytes", BytesText(stats.physical_bytes()))
      .Add("Held As Deltas", fmt::format("{} in {}", BytesText(stats.delta_plain_bytes()),
                                         BytesText(stats.delta_stored_bytes())))
      .Add("Dedupe Savings", PercentText(stats.dedupe_savings_percent()))
      .Add("Compression Savings", PercentText(stats.compression_savings_percent()))
      .Add("Total Savings", PercentText(stats.total_savings_percent()))
      .Add("Cleaner Status", EnumWord(stats.cleaner_status()));
}

std::string SystemStatsText(const mgmt::SystemStats& stats) {
  Record record;
  record.Add("Capacity Total", BytesText(stats.capacity_total_bytes()))
      .Add("Capacity Used", BytesText(stats.capacity_used_bytes()))
      .Add("Capacity Free", BytesText(stats.capacity_free_bytes()))
      .Add("Storage Groups", std::to_string(stats.storage_groups()))
      .Add("Containers", std::to_string(stats.containers()));
  AddCounters(stats, &record);
  return record.Text();
}

std::string StatsText(const fs::v1::StorageGroupStats& stats) {
  Record record;
  record.Add("Name", stats.name())
      .Add("ID", std::to_string(stats.id()))
      .Add("Capacity Used", BytesText(stats.capacity_used_bytes()))
      .Add("Capacity Free", BytesText(stats.capacity_free_bytes()))
      .Add("Quota", stats.quota_bytes() == 0 ? "none" : BytesText(stats.quota_bytes()));
  AddCounters(stats, &record);
  record.Add("Encryption Status", EnumWord(stats.encryption_status()))
      .Add("Encrypted Bytes", BytesText(stats.encrypted_bytes()))
      .Add("Packs", std::to_string(stats.packs()))
      .Add("Index Entries", std::to_string(stats.index_entries()))
      .Add("Index Mode", stats.index_one_in() <= 1
                             ? "exact"
                             : "sampled, one in " + std::to_string(stats.index_one_in()))
      .Add("Index Memory", BytesText(stats.index_memory_bytes()))
      .Add("Index Memory Limit", BytesText(stats.index_budget_bytes()))
      .Add("Index On Disk", BytesText(stats.index_stored_bytes()))
      .Add("Index Disk Reads", std::to_string(stats.index_disk_reads()));
  return record.Text();
}

// "3 tar-gnu, 1 tar-pax"
std::string RecognisedText(const fs::v1::ContainerStats& stats) {
  std::string text;
  for (const fs::v1::RecognisedFormat& format : stats.recognised_formats()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", format.streams(), format.format());
  }
  return text.empty() ? "none" : text;
}

std::string StatsText(const fs::v1::ContainerStats& stats) {
  Record record;
  record.Add("Name", stats.name())
      .Add("ID", std::to_string(stats.id()))
      .Add("Storage Group", stats.group());
  AddCounters(stats, &record);
  record.Add("Marker", EnumWord(stats.marker()))
      .Add("Recognised Streams", RecognisedText(stats))
      .Add("Recognised Headers", std::to_string(stats.recognised_headers()))
      .Add("Recognised Header Bytes", BytesText(stats.recognised_header_bytes()))
      .Add("Recognised Payload Bytes", BytesText(stats.recognised_payload_bytes()))
      .Add("Recycle Bin Files", std::to_string(stats.recycle_bin_files()))
      .Add("Recycle Bin Bytes", BytesText(stats.recycle_bin_bytes()));
  return record.Text();
}

template <typename Items>
std::string StatsListText(const Items& items) {
  Table table({"Name", "ID>", "Files>", "Current>", "Post Dedupe>", "Post Compression>",
               "Physical>", "Dedupe>", "Total Savings>"});
  for (const auto& stats : items) {
    table.Add({stats.name(), std::to_string(stats.id()), std::to_string(stats.current_files()),
               ShortBytes(stats.current_bytes()), ShortBytes(stats.post_dedupe_bytes()),
               ShortBytes(stats.post_compression_bytes()), ShortBytes(stats.physical_bytes()),
               PercentText(stats.dedupe_savings_percent()),
               PercentText(stats.total_savings_percent())});
  }
  return table.empty() ? "There is none yet.\n" : table.Text();
}

// One by name, or all.
template <typename Response, typename Items>
void PrintStats(Session& session, bool one, const Response& response, const Items& items) {
  if (session.json()) {
    session.PrintJson(one ? ToJson(items[0]) : ToJson(response));
  } else {
    session.Print(one ? StatsText(items[0]) : StatsListText(items));
  }
}

absl::Status ShowSystemStats(Session& session) {
  mgmt::SystemStats stats;
  OCA_RETURN_IF_ERROR(
      session.Call(&Management::Stub::GetSystemStats, mgmt::GetSystemStatsRequest(), &stats));
  if (session.json()) {
    session.PrintJson(ToJson(stats));
  } else {
    session.Print(SystemStatsText(stats));
  }
  return absl::OkStatus();
}

absl::Status ShowGroupStats(Session& session, const std::string& name) {
  mgmt::GetStorageGroupStatsRequest request;
  request.set_name(name);
  mgmt::GetStorageGroupStatsResponse response;
  OCA_RETURN_IF_ERROR(session.Call(&Management::Stub::GetStorageGroupStats, request, &response));
  PrintStats(session, !name.empty(), response, response.groups());
  return absl::OkStatus();
}

absl::StatusOr<fs::v1::StorageGroupStats> GetTierStats(Session& session) {
  mgmt::GetStorageGroupStatsRequest request;
  request.set_name(kTierGroup);
  mgmt::GetStorageGroupStatsResponse response;
  const absl::Status found =
      session.Call(&Management::Stub::GetStorageGroupStats, request, &response);
  if (absl::IsNotFound(found)) {
    return absl::NotFoundError("there is no performance tier (see oca performance_tier --help)");
  }
  if (!found.ok()) return found;
  return response.groups(0);
}

absl::Status ShowTierStats(Session& session) {
  OCA_ASSIGN_OR_RETURN(const fs::v1::StorageGroupStats stats, GetTierStats(session));
  if (session.json()) {
    session.PrintJson(ToJson(stats));
  } else {
    session.Print(StatsText(stats));
  }
  return absl::OkStatus();
}

absl::Status ShowContainerStats(Session& session, const std::string& name) {
  mgmt::GetContainerStatsRequest request;
  request.set_name(name);
  mgmt::GetContainerStatsResponse response;
  OCA_RETURN_IF_ERROR(session.Call(&Management::Stub::GetContainerStats, request, &response));
  PrintStats(session, !name.empty(), response, response.containers());
  return absl::OkStatus();
}

absl::Status ShowCleaner(Session& session) {
  fs::v1::CleanerStatus status;
  OCA_RETURN_IF_ERROR(
      session.Call(&Management::Stub::GetCleanerStatus, mgmt::GetCleanerStatusRequest(), &status));
  if (session.json()) {
    session.PrintJson(ToJson(status));
    return absl::OkStatus();
  }
  session.Print(CleanerText(status));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> TierStatsText(Session& session) {
  OCA_ASSIGN_OR_RETURN(const fs::v1::StorageGroupStats stats, GetTierStats(session));
  return StatsText(stats);
}

std::string CleanerText(const fs::v1::CleanerStatus& status) {
  Record record;
  record.Add("State", fmt::format("{}{}", EnumWord(status.state()),
                                  status.automatic() ? " (started itself)" : ""));
  if (!status.phase().empty()) {
    record.Add("Phase", fmt::format("{}, {:.0f} %", status.phase(), status.progress_percent()));
  }
  record.Add("Reclaimable", BytesText(status.reclaimable_bytes()))
      .Add("Debt", BytesText(status.debt_bytes()))
      .Add("Time To Finish", status.has_seconds_left()
                                 ? fmt::format("{:.0f} s", std::ceil(status.seconds_left()))
                                 : "not known");
  record.Add("Started", TimeText(status.started()))
      .Add("Ended", TimeText(status.ended()))
      .Add("Packs Examined", std::to_string(status.packs_examined()))
      .Add("Packs Removed", std::to_string(status.packs_removed()))
      .Add("Bytes Reclaimed", BytesText(status.bytes_reclaimed()))
      .Add("Bytes Copied", BytesText(status.bytes_copied()))
      .Add("Bytes Saved", BytesText(status.bytes_saved()))
      .Add("Recipes Counted",
           fmt::format("{}{}", status.recipes_counted(), status.whole() ? " (all)" : ""))
      .Add("Longest Pause", fmt::format("{:.2f} ms", status.longest_pause_ms()));
  if (!status.error().empty()) record.Add("Error", status.error());
  return record.Text();
}

void AddStats(CLI::App* group, Session& session) {
  CLI::App* system = group->add_subcommand("system", "Of the whole appliance");
  session.Bind(system, [&session] { return ShowSystemStats(session); });
  system->footer("Example:\n  oca stats --system");

  auto name = std::make_shared<std::string>();
  CLI::App* groups =
      group->add_subcommand("storage_group", "Of one storage group, or a table of all");
  groups->add_option("--name", *name, "Which one");
  session.Bind(groups, [&session, name] { return ShowGroupStats(session, *name); });
  groups->footer("Example:\n  oca stats --storage_group --name DefaultGroup --json");

  CLI::App* container = group->add_subcommand("container", "Of one container, or a table of all");
  container->add_option("--name", *name, "Which one");
  session.Bind(container, [&session, name] { return ShowContainerStats(session, *name); });
  container->footer("Example:\n  oca stats --container --name backups");

  CLI::App* tier = group->add_subcommand("performance_tier", "Of the performance tier");
  session.Bind(tier, [&session] { return ShowTierStats(session); });
  tier->footer("Example:\n  oca stats --performance_tier");

  CLI::App* cleaner = group->add_subcommand(
      "cleaner", "Of the last run of the cleaner, or of the one that is running");
  session.Bind(cleaner, [&session] { return ShowCleaner(session); });
  cleaner->footer("Example:\n  oca stats --cleaner");
}

}  // namespace oca::cli
