// oca system
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/management.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::Management;

namespace mgmt = management::v1;

constexpr absl::Duration kBetweenSystemLooks = absl::Milliseconds(200);

std::string SystemText(const mgmt::System& system) {
  Record record;
  record.Add("Version", system.version())
      .Add("System ID", system.system_id())
      .Add("Host", system.host_name())
      .Add("Home", system.home_path())
      .Add("Mount", system.mount_path())
      .Add("Capacity Total", BytesText(system.capacity_total_bytes()))
      .Add("Capacity Used", BytesText(system.capacity_used_bytes()))
      .Add("Capacity Free", BytesText(system.capacity_free_bytes()))
      .Add("Storage Groups", std::to_string(system.storage_groups()))
      .Add("Containers", std::to_string(system.containers()))
      .Add("Ready", system.ready() ? "yes" : "no");
  return record.Text();
}

std::string PartsText(const mgmt::System& system, bool verbose) {
  Table table({"Part", "State", "PID>", "Started", "Detail"});
  for (const mgmt::Part& part : system.parts()) {
    table.Add({part.name(), part.up() ? "up" : "down",
               part.pid() == 0 ? "-" : std::to_string(part.pid()), TimeText(part.started()),
               verbose || !part.up() ? part.detail() : ""});
  }
  return table.Text();
}

std::string StorageText(const mgmt::System& system) {
  Table table({"Name", "Path", "Total>", "Used>", "Available>", "Status"});
  for (const mgmt::StorageFolder& folder : system.storage()) {
    table.Add({folder.name(), folder.path(), ShortBytes(folder.total_bytes()),
               ShortBytes(folder.used_bytes()), ShortBytes(folder.free_bytes()), folder.status()});
  }
  return table.empty() ? "ocafsd is down: nothing is known about storage.\n" : table.Text();
}

struct SystemFlags {
  bool verbose = false;
  bool version = false;
  bool storage = false;
};

absl::Status ShowSystem(Session& session, const SystemFlags& flags) {
  mgmt::System system;
  OCA_RETURN_IF_ERROR(
      session.Call(&Management::Stub::GetSystem, mgmt::GetSystemRequest(), &system));
  if (flags.version) {
    if (session.json()) {
      session.PrintJson({{"version", system.version()}});
    } else {
      session.Print(Record().Add("Version", system.version()).Text());
    }
  } else if (flags.storage) {
    if (session.json()) {
      session.PrintJson({{"storage", ToJson(system)["storage"]}});
    } else {
      session.Print(StorageText(system));
    }
  } else if (session.json()) {
    session.PrintJson(ToJson(system));
  } else {
    session.Print(SystemText(system) + "\n" + PartsText(system, flags.verbose));
    if (flags.verbose) session.Print("\n" + StorageText(system));
  }
  return absl::OkStatus();
}

// Why the system is not ready.
std::string NotReady(const mgmt::System& system) {
  for (const mgmt::Part& part : system.parts()) {
    if (!part.up()) return part.detail();
  }
  return "the configuration does not yet agree with what ocafsd holds";
}

absl::Status WaitForSystem(Session& session, int64_t timeout_seconds) {
  absl::Time deadline = absl::Now() + absl::Seconds(timeout_seconds);
  while (true) {
    mgmt::System system;
    absl::Status status =
        session.Call(&Management::Stub::GetSystem, mgmt::GetSystemRequest(), &system);
    // A busy machine is waited for too.
    if (!status.ok() && !absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status)) {
      return status;
    }
    if (status.ok() && system.ready()) {
      if (session.json()) {
        session.PrintJson(ToJson(system));
      } else {
        session.Print("The appliance is ready.\n");
      }
      return absl::OkStatus();
    }
    if (absl::Now() >= deadline) {
      return absl::UnavailableError(
          fmt::format("not ready after {} s: {}", timeout_seconds,
                      status.ok() ? NotReady(system) : std::string(MessageOf(status))));
    }
    session.Pause(kBetweenSystemLooks);
  }
}

}  // namespace

void AddSystem(CLI::App* group, Session& session) {
  CLI::App* show =
      group->add_subcommand("show", "Version, identity, capacity, and the state of each part");
  auto flags = std::make_shared<SystemFlags>();
  show->add_flag("--verbose", flags->verbose, "Details of the parts, and storage, too");
  show->add_flag("--version", flags->version, "The version only");
  show->add_flag("--storage", flags->storage, "The folders that hold the data only");
  session.Bind(show, [&session, flags] { return ShowSystem(session, *flags); });
  show->footer("Example:\n  oca system --show --verbose");

  CLI::App* wait = group->add_subcommand(
      "wait", "Wait until every part is up and the configuration is in force");
  auto timeout = std::make_shared<int64_t>(60);
  wait->add_option("--timeout", *timeout, "Longest time in seconds (60)")
      ->check(CLI::Range(0, 86400));
  session.Bind(wait, [&session, timeout] { return WaitForSystem(session, *timeout); });
  wait->footer("Example:\n  oca system --wait --timeout 30 && cp -a /home $OCA_HOME/mnt/backups/");
}

}  // namespace oca::cli
