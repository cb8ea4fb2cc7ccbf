// oca maintenance --filesystem
#include <algorithm>
#include <limits>
#include <memory>
#include <string>

#include "cli/progress.h"
#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/management.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::Management;

namespace mgmt = management::v1;

constexpr int kFaultsShown = 20;
constexpr absl::Duration kBetweenJobLooks = absl::Milliseconds(300);

struct MaintenanceFlags {
  bool reclaim_space = false;
  bool stop_reclaim_space = false;
  bool scan_status = false;
  std::string start_scan;
  std::string restart_scan;
  bool scan_report = false;
  bool verbose = false;
  bool repair_now = false;
  bool repair_status = false;
  bool repair_history = false;
  bool clear_quarantine = false;
  bool stop_scan = false;
  bool shutdown = false;
  std::string storage_group;
  bool wait = false;
  bool no_wait = false;
};

// {"started": true}, or the sentence.
void PrintDone(Session& session, const std::string& key, std::string_view sentence) {
  if (session.json()) {
    session.PrintJson({{key, true}});
  } else {
    session.Print(fmt::format("{}\n", sentence));
  }
}

absl::Status JobOutcome(std::string_view what, fs::v1::JobState state, const std::string& error) {
  if (state == fs::v1::JOB_STATE_FAILED) {
    return absl::InternalError(fmt::format("{} failed: {}", what, error));
  }
  if (state == fs::v1::JOB_STATE_STOPPED) {
    return absl::CancelledError(fmt::format("{} was stopped", what));
  }
  return absl::OkStatus();
}

absl::Status AwaitCleaner(Session& session) {
  fs::v1::CleanerStatus status;
  {
    Progress progress(session);
    while (true) {
      OCA_RETURN_IF_ERROR(session.Call(&Management::Stub::GetCleanerStatus,
                                       mgmt::GetCleanerStatusRequest(), &status));
      if (status.state() != fs::v1::JOB_STATE_RUNNING) break;
      progress.Draw(fmt::format("Cleaner: {} {:.0f} %, {} reclaimed", status.phase(),
                                status.progress_percent(), ShortBytes(status.bytes_reclaimed())));
      session.Pause(kBetweenJobLooks);
    }
  }
  if (session.json()) {
    session.PrintJson(ToJson(status));
  } else {
    session.Print(CleanerText(status));
  }
  return JobOutcome("the cleaner", status.state(), status.error());
}

absl::Status Reclaim(Session& session, bool wait) {
  mgmt::StartReclaimResponse response;
  OCA_RETURN_IF_ERROR(session.Call(&Management::Stub::StartReclaim, mgmt::StartReclaimRequest(),
                                   &response, Patience::kChange));
  if (wait) return AwaitCleaner(session);
  PrintDone(session, "started", "The cleaner has started; oca stats --cleaner shows how it goes.");
  return absl::OkStatus();
}

// The first of `lines`, each indented.
std::string Lines(const google::protobuf::RepeatedPtrField<std::string>& lines, int shown) {
  std::string text;
  for (int i = 0; i < std::min(lines.size(), shown); ++i) text += "  " + lines[i] + "\n";
  if (shown < lines.size()) text += "  ... (--json shows more)\n";
  return text;
}

std::string ScanText(const fs::v1::ScanStatus& status, int shown = kFaultsShown) {
  Record record;
  record.Add("State", EnumWord(status.state()));
  if (status.state() != fs::v1::JOB_STATE_IDLE) {
    record.Add("Level", EnumWord(status.level()))
        .Add("Progress", fmt::format("{:.0f} %", status.progress_percent()))
        .Add("Started", TimeText(status.started()))
        .Add("Ended", TimeText(status.ended()))
        .Add("Inodes Checked", std::to_string(status.inodes_checked()))
        .Add("Packs Checked", std::to_string(status.packs_checked()))
        .Add("Chunks Checked", std::to_string(status.chunks_checked()))
        .Add("Faults Found", std::to_string(status.fault_count()));
  }
  if (status.repair()) record.Add("Repairs Made", std::to_string(status.repairs_size()));
  if (!status.error().empty()) record.Add("Error", status.error());
  return record.Text() + Lines(status.repairs(), shown) + Lines(status.faults(), shown);
}

void PrintScan(Session& session, const fs::v1::ScanStatus& status) {
  if (session.json()) {
    session.PrintJson(ToJson(status));
  } else {
    session.Print(ScanText(status));
  }
}

absl::Status GetScan(Session& session, fs::v1::ScanStatus* status) {
  return session.Call(&Management::Stub::GetScanStatus, mgmt::GetScanStatusRequest(), status);
}

absl::Status AwaitScan(Session& session) {
  fs::v1::ScanStatus status;
  {
    Progress progress(session);
    while (true) {
      OCA_RETURN_IF_ERROR(GetScan(session, &status));
      if (status.state() != fs::v1::JOB_STATE_RUNNING) break;
      progress.Draw(fmt::format("Scan: {:.0f} %, {} chunks, {} faults", status.progress_percent(),
                                status.chunks_checked(), status.fault_count()));
      session.Pause(kBetweenJobLooks);
    }
  }
  PrintScan(session, status);
  OCA_RETURN_IF_ERROR(JobOutcome("the scan", status.state(), status.error()));
  if (status.fault_count() == 0) return absl::OkStatus();
  return absl::DataLossError(fmt::format("the scan found {} faults", status.fault_count()));
}

std::string HealthText(const fs::v1::Health& health, int shown) {
  Record record;
  record.Add("Damaged Parts", std::to_string(health.damaged_size()))
      .Add("Packs", std::to_string(health.packs()))
      .Add("Packs Verified", std::to_string(health.packs_verified()))
      .Add("Oldest Check", TimeText(health.oldest_check()))
      .Add("Scrub Rate", health.scrub_bytes_per_second() == 0
                             ? "off"
                             : ShortBytes(health.scrub_bytes_per_second()) + "/s at most");
  std::string text = record.Text();
  for (int i = 0; i < std::min(health.damaged_size(), shown); ++i) {
    const fs::v1::DamagedGroup& each = health.damaged(i);
    text += fmt::format(
        "  pack {:016x} of storage group {}, at {}: {} of {} chunks lost, found {}\n", each.pack(),
        each.group_id(), each.offset(), each.chunks_lost(), each.chunks(), TimeText(each.found()));
  }
  if (shown < health.damaged_size()) text += "  ... (verbose shows more)\n";
  if (health.found_at_start_size() > 0) {
    text += "Found at the start:\n" + Lines(health.found_at_start(), shown);
  }
  return text;
}

// What the last scan found, what is in quarantine, and how far the packs were checked.
absl::Status ScanReport(Session& session, const MaintenanceFlags& flags) {
  fs::v1::ScanStatus status;
  OCA_RETURN_IF_ERROR(GetScan(session, &status));
  mgmt::GetHealthRequest request;
  request.set_storage_group(flags.storage_group);
  fs::v1::Health health;
  OCA_RETURN_IF_ERROR(session.Call(&Management::Stub::GetHealth, request, &health));
  if (session.json()) {
    session.PrintJson({{"scan", ToJson(status)}, {"health", ToJson(health)}});
  } else {
    const int shown = flags.verbose ? std::numeric_limits<int>::max() : kFaultsShown;
    session.Print(ScanText(status, shown) + "\n" + HealthText(health, shown));
  }
  return absl::OkStatus();
}

absl::Status RepairHistory(Session& session, const MaintenanceFlags& flags) {
  fs::v1::ListRepairsResponse history;
  OCA_RETURN_IF_ERROR(
      session.Call(&Management::Stub::ListRepairs, mgmt::ListRepairsRequest(), &history));
  if (session.json()) {
    session.PrintJson(ToJson(history));
    return absl::OkStatus();
  }
  if (history.repairs().empty()) session.Print("No repair was made yet.\n");
  for (const fs::v1::Repair& repair : history.repairs()) {
    session.Print(fmt::format("{} to {}: {} repairs, {} faults left{}\n",
                              TimeText(repair.started()), TimeText(repair.ended()),
                              repair.repairs_size(), repair.fault_count(),
                              repair.error().empty() ? "" : ", ended early: " + repair.error()));
    if (flags.verbose) {
      constexpr int kAll = std::numeric_limits<int>::max();
      session.Print(Lines(repair.repairs(), kAll) + Lines(repair.faults(), kAll));
    }
  }
  return absl::OkStatus();
}

absl::Status ClearQuarantine(Session& session, const MaintenanceFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Confirm(
      "What is in quarantine is read again, and packs that were set aside because nothing in them "
      "was whole are deleted. Go on?"));
  mgmt::ClearQuarantineRequest request;
  request.set_storage_group(flags.storage_group);
  fs::v1::ClearQuarantineResponse cleared;
  OCA_RETURN_IF_ERROR(
      session.Call(&Management::Stub::ClearQuarantine, request, &cleared, Patience::kWork));
  if (session.json()) {
    session.PrintJson(ToJson(cleared));
  } else {
    session.Print(Record()
                      .Add("In Quarantine Before", std::to_string(cleared.before()))
                      .Add("Good Again", std::to_string(cleared.good_again()))
                      .Add("Still Damaged", std::to_string(cleared.still_damaged()))
                      .Add("Packs Deleted", std::to_string(cleared.packs_deleted()))
                      .Text());
  }
  return absl::OkStatus();
}

absl::Status StopScan(Session& session) {
  mgmt::StopScanResponse response;
  return session.Call(&Management::Stub::StopScan, mgmt::StopScanRequest(), &response,
                      Patience::kWork);
}

absl::Status StartScan(Session& session, const MaintenanceFlags& flags) {
  mgmt::StartScanRequest request;
  std::string word = flags.repair_now ? "verify_data" : flags.start_scan + flags.restart_scan;
  OCA_ASSIGN_OR_RETURN(auto level, ParseScanLevel(word));
  if (!flags.restart_scan.empty()) OCA_RETURN_IF_ERROR(StopScan(session));
  request.set_level(level);
  request.set_storage_group(flags.storage_group);
  request.set_repair(flags.repair_now);
  mgmt::StartScanResponse response;
  OCA_RETURN_IF_ERROR(
      session.Call(&Management::Stub::StartScan, request, &response, Patience::kChange));
  if (flags.wait) return AwaitScan(session);
  PrintDone(session, "started",
            "The scan has started; oca maintenance --filesystem --scan_status shows how it goes.");
  return absl::OkStatus();
}

absl::Status Shutdown(Session& session) {
  OCA_RETURN_IF_ERROR(session.Confirm(
      "The filesystem will be unmounted, and its containers cannot be reached. Go on?"));
  mgmt::ShutdownFilesystemResponse response;
  OCA_RETURN_IF_ERROR(session.Call(&Management::Stub::ShutdownFilesystem,
                                   mgmt::ShutdownFilesystemRequest(), &response,
                                   Patience::kChange));
  PrintDone(session, "shutting_down", "The filesystem commits, unmounts and ends.");
  return absl::OkStatus();
}

absl::Status Filesystem(Session& session, const MaintenanceFlags& flags) {
  int actions = flags.reclaim_space + flags.stop_reclaim_space + flags.scan_status +
                !flags.start_scan.empty() + !flags.restart_scan.empty() + flags.scan_report +
                flags.repair_now + flags.repair_status + flags.repair_history +
                flags.clear_quarantine + flags.stop_scan + flags.shutdown;
  if (actions != 1) {
    return absl::InvalidArgumentError(
        "give one of --reclaim_space, --stop_reclaim_space, --scan_status, --scan_report, "
        "--start_scan, --scan_restart, --stop_scan, --repair_now, --repair_status, "
        "--repair_history, --clear_quarantine, --shutdown (see oca maintenance --filesystem "
        "--help)");
  }
  if (flags.reclaim_space) return Reclaim(session, !flags.no_wait);
  if (flags.stop_reclaim_space) {
    mgmt::StopReclaimResponse response;
    OCA_RETURN_IF_ERROR(session.Call(&Management::Stub::StopReclaim, mgmt::StopReclaimRequest(),
                                     &response, Patience::kWork));
    PrintDone(session, "stopped", "The cleaner does not run any more.");
    return absl::OkStatus();
  }
  if (flags.scan_report) return ScanReport(session, flags);
  if (flags.repair_history) return RepairHistory(session, flags);
  if (flags.clear_quarantine) return ClearQuarantine(session, flags);
  if (flags.scan_status || flags.repair_status) {
    fs::v1::ScanStatus status;
    OCA_RETURN_IF_ERROR(GetScan(session, &status));
    PrintScan(session, status);
    return absl::OkStatus();
  }
  if (flags.repair_now || !flags.start_scan.empty() || !flags.restart_scan.empty()) {
    return StartScan(session, flags);
  }
  if (flags.stop_scan) {
    OCA_RETURN_IF_ERROR(StopScan(session));
    PrintDone(session, "stopped", "No scan runs any more.");
    return absl::OkStatus();
  }
  return Shutdown(session);
}

}  // namespace

void AddMaintenance(CLI::App* group, Session& session) {
  auto flags = std::make_shared<MaintenanceFlags>();
  CLI::App* filesystem =
      group->add_subcommand("filesystem", "Space, integrity and end of the filesystem");
  filesystem->add_flag("--reclaim_space", flags->reclaim_space,
                       "Run the cleaner: free the space of deleted data. Returns when it is done");
  filesystem->add_flag("--no_wait", flags->no_wait,
                       "With --reclaim_space: return once it has started");
  filesystem->add_flag("--stop_reclaim_space", flags->stop_reclaim_space,
                       "Stop the cleaner; what it has freed stays free");
  filesystem->add_option("--start_scan", flags->start_scan,
                         "Start a scan: verify_data reads and checks every chunk, verify_metadata "
                         "only what refers to them");
  filesystem->add_option("--scan_restart", flags->restart_scan,
                         "Stop the scan that is running, if any, and start one as --start_scan");
  filesystem->add_flag("--repair_now", flags->repair_now,
                       "Scan all data and mend what can be mended without loss; files stay in use");
  filesystem->add_option("--storage_group", flags->storage_group,
                         "With --start_scan, --scan_restart, --repair_now, --scan_report and "
                         "--clear_quarantine: only this storage group");
  filesystem->add_flag(
      "--wait", flags->wait,
      "With --start_scan, --scan_restart and --repair_now: return when it is done; "
      "faults that are left are an error");
  filesystem->add_flag("--scan_report", flags->scan_report,
                       "What the last scan or repair found, what is in quarantine, and how far the "
                       "scrub is");
  filesystem->add_flag("--verbose", flags->verbose,
                       "With --scan_report and --repair_history: all lines");
  filesystem->add_flag("--repair_status", flags->repair_status,
                       "How the last repair or scan went, or goes");
  filesystem->add_flag("--repair_history", flags->repair_history,
                       "The repairs of the past: when, what was done, what was left");
  filesystem->add_flag("--clear_quarantine", flags->clear_quarantine,
                       "Read again what is in quarantine, use what is good by now, delete packs "
                       "that were set aside; what is still damaged stays");
  filesystem->add_flag("--scan_status", flags->scan_status, "How the last scan went, or goes");
  filesystem->add_flag("--stop_scan", flags->stop_scan, "Stop the scan");
  filesystem->add_flag("--shutdown", flags->shutdown, "Commit, unmount and end ocafsd");
  session.AddYes(filesystem);
  session.Bind(filesystem, [&session, flags] { return Filesystem(session, *flags); });
  filesystem->footer(
      "Examples:\n  oca maintenance --filesystem --reclaim_space\n"
      "  oca maintenance --filesystem --start_scan verify_data --wait");
}

}  // namespace oca::cli
