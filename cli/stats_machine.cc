// oca stats: the machine, and ocamonitor itself
#include <string>

#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/statistics.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::Statistics;

namespace mgmt = management::v1;

constexpr char kUnknown[] = "-";

// Each takes whether the value is known, and the value.
std::string PercentOf(bool known, double percent) {
  return known ? PercentText(percent) : kUnknown;
}
std::string LoadOf(bool known, double load) {
  return known ? fmt::format("{:.2f}", load) : kUnknown;
}
std::string RateOf(bool known, double mib_per_s) {
  return known ? fmt::format("{:.2f} MiB/s", mib_per_s) : kUnknown;
}
std::string EachSecond(bool known, double count) {
  return known ? fmt::format("{:.2f}", count) : kUnknown;
}
std::string SizeOf(bool known, uint64_t bytes) { return known ? BytesText(bytes) : kUnknown; }
std::string ShortOf(bool known, uint64_t bytes) { return known ? ShortBytes(bytes) : kUnknown; }

std::string CpuText(const mgmt::MachineStats& stats) {
  const mgmt::CpuStats& cpu = stats.cpu();
  return Record()
      .Add("Time", TimeText(stats.time()))
      .Add("Processors", cpu.has_processors() ? std::to_string(cpu.processors()) : kUnknown)
      .Add("Used", PercentOf(cpu.has_used_percent(), cpu.used_percent()))
      .Add("User", PercentOf(cpu.has_user_percent(), cpu.user_percent()))
      .Add("System", PercentOf(cpu.has_system_percent(), cpu.system_percent()))
      .Add("IO Wait", PercentOf(cpu.has_iowait_percent(), cpu.iowait_percent()))
      .Add("Steal", PercentOf(cpu.has_steal_percent(), cpu.steal_percent()))
      .Add("Load 1 min", LoadOf(cpu.has_load_1(), cpu.load_1()))
      .Add("Load 5 min", LoadOf(cpu.has_load_5(), cpu.load_5()))
      .Add("Load 15 min", LoadOf(cpu.has_load_15(), cpu.load_15()))
      .Text();
}

std::string MemoryText(const mgmt::MachineStats& stats) {
  const mgmt::MemoryStats& memory = stats.memory();
  return Record()
      .Add("Time", TimeText(stats.time()))
      .Add("Total", SizeOf(memory.has_total_bytes(), memory.total_bytes()))
      .Add("Used", SizeOf(memory.has_used_bytes(), memory.used_bytes()))
      .Add("Available", SizeOf(memory.has_available_bytes(), memory.available_bytes()))
      .Add("Cached", SizeOf(memory.has_cached_bytes(), memory.cached_bytes()))
      .Add("Swap Total", SizeOf(memory.has_swap_total_bytes(), memory.swap_total_bytes()))
      .Add("Swap Used", SizeOf(memory.has_swap_used_bytes(), memory.swap_used_bytes()))
      .Text();
}

std::string NetworkText(const mgmt::MachineStats& stats) {
  Table table({"Interface", "Receive>", "Send>", "Errors/s>", "Drops/s>"});
  for (const mgmt::NetworkStats& one : stats.networks()) {
    table.Add({one.name(), RateOf(one.has_receive_mib_per_s(), one.receive_mib_per_s()),
               RateOf(one.has_send_mib_per_s(), one.send_mib_per_s()),
               EachSecond(one.has_errors_per_s(), one.errors_per_s()),
               EachSecond(one.has_drops_per_s(), one.drops_per_s())});
  }
  return table.empty() ? "There is no interface but the loopback.\n" : table.Text();
}

std::string DiskText(const mgmt::MachineStats& stats) {
  Table table({"Path", "Total>", "Used>", "Free>", "Read>", "Write>", "Busy>"});
  for (const mgmt::DiskStats& one : stats.disks()) {
    table.Add({one.path(), ShortOf(one.has_total_bytes(), one.total_bytes()),
               ShortOf(one.has_used_bytes(), one.used_bytes()),
               ShortOf(one.has_free_bytes(), one.free_bytes()),
               RateOf(one.has_read_mib_per_s(), one.read_mib_per_s()),
               RateOf(one.has_write_mib_per_s(), one.write_mib_per_s()),
               PercentOf(one.has_busy_percent(), one.busy_percent())});
  }
  return table.empty() ? "Nothing was sampled yet.\n" : table.Text();
}

// `text` makes the answer for people, `json` the one for programs.
template <typename Text, typename ToAnswer>
absl::Status ShowMachine(Session& session, Text text, ToAnswer json) {
  mgmt::MachineStats stats;
  OCA_RETURN_IF_ERROR(
      session.Call(&Statistics::Stub::GetMachineStats, mgmt::GetMachineStatsRequest(), &stats));
  if (session.json()) {
    session.PrintJson(json(ToJson(stats)));
  } else {
    session.Print(text(stats));
  }
  return absl::OkStatus();
}

// The fields of `part`, after the sample's time.
Json WithTime(const Json& stats, const char* part) {
  Json answer = {{"time", stats["time"]}};
  if (stats[part].is_object()) answer.update(stats[part]);
  return answer;
}

// The sample's time, and a list.
Json ListWithTime(const Json& stats, const char* list) {
  return {{"time", stats["time"]}, {list, stats[list]}};
}

std::string MonitorText(const mgmt::MonitorStatus& status) {
  Record record;
  record.Add("Started", TimeText(status.started()))
      .Add("Interval", fmt::format("{} s", status.interval_seconds()))
      .Add("Last Sample", TimeText(status.last_sample()))
      .Add("Samples Taken", std::to_string(status.samples_taken()))
      .Add("Samples Stored", std::to_string(status.samples_stored()))
      .Add("Samples Waiting", std::to_string(status.samples_waiting()))
      .Add("Samples Dropped", std::to_string(status.samples_dropped()))
      .Add("Samples Missed", std::to_string(status.samples_missed()))
      .Add("Values Left Out", std::to_string(status.values_left_out()));
  if (!status.problem().empty()) record.Add("Problem", status.problem());
  return record.Text();
}

absl::Status ShowMonitor(Session& session) {
  mgmt::MonitorStatus status;
  OCA_RETURN_IF_ERROR(
      session.Call(&Statistics::Stub::GetMonitorStatus, mgmt::GetMonitorStatusRequest(), &status));
  if (session.json()) {
    session.PrintJson(ToJson(status));
  } else {
    session.Print(MonitorText(status));
  }
  return absl::OkStatus();
}

}  // namespace

void AddMachineStats(CLI::App* group, Session& session) {
  CLI::App* cpu = group->add_subcommand("cpu", "Of the machine's processors, as sampled last");
  session.Bind(cpu, [&session] {
    return ShowMachine(session, CpuText, [](const Json& stats) { return WithTime(stats, "cpu"); });
  });
  cpu->footer("Example:\n  oca stats --cpu");

  CLI::App* memory = group->add_subcommand("memory", "Of the machine's memory");
  session.Bind(memory, [&session] {
    return ShowMachine(session, MemoryText,
                       [](const Json& stats) { return WithTime(stats, "memory"); });
  });
  memory->footer("Example:\n  oca stats --memory --json");

  CLI::App* network = group->add_subcommand("network", "Of the machine's network interfaces");
  session.Bind(network, [&session] {
    return ShowMachine(session, NetworkText,
                       [](const Json& stats) { return ListWithTime(stats, "networks"); });
  });
  network->footer("Example:\n  oca stats --network");

  CLI::App* disk =
      group->add_subcommand("disk", "Of the disks below the appliance's folder and storage paths");
  session.Bind(disk, [&session] {
    return ShowMachine(session, DiskText,
                       [](const Json& stats) { return ListWithTime(stats, "disks"); });
  });
  disk->footer("Example:\n  oca stats --disk");

  CLI::App* monitor =
      group->add_subcommand("monitor", "Of ocamonitor: samples taken, stored, waiting and lost");
  session.Bind(monitor, [&session] { return ShowMonitor(session); });
  monitor->footer("Example:\n  oca stats --monitor");
}

}  // namespace oca::cli
