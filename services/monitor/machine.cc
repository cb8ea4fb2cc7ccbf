#include "services/monitor/machine.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <string_view>

#include "fmt/format.h"
#include "lib/base/utf8.h"
#include "lib/io/file_system.h"

namespace oca::monitor {
namespace {

namespace mgmt = management::v1;

constexpr double kBytesPerMib = 1 << 20;
constexpr size_t kMostNameBytes = 252;
constexpr int64_t kLeastShareNanos = 1'000'000'000;  // for shares to mean anything

std::optional<Volume> VolumeOf(const std::string& folder) {
  struct statvfs space {};
  struct stat st {};
  if (::statvfs(folder.c_str(), &space) != 0 || ::stat(folder.c_str(), &st) != 0) {
    return std::nullopt;
  }
  return Volume{.total_bytes = space.f_blocks * space.f_frsize,
                .used_bytes = (space.f_blocks - space.f_bfree) * space.f_frsize,
                .free_bytes = space.f_bavail * space.f_frsize,
                .major = major(st.st_dev),
                .minor = minor(st.st_dev)};
}

// Share of the ticks that one of the counts got, 0 to 100. Some of the kernel's counts go back at
// times: that is no time at all.
class Shares {
 public:
  Shares(const CpuTimes& before, const CpuTimes& now)
      : total_(Grown(before.user, now.user) + Grown(before.system, now.system) +
               Grown(before.idle, now.idle) + Grown(before.iowait, now.iowait) +
               Grown(before.steal, now.steal)) {}
  bool known() const { return total_ > 0; }
  double Of(uint64_t before, uint64_t now) const { return 100 * Grown(before, now) / total_; }

 private:
  static double Grown(uint64_t before, uint64_t now) {
    return now > before ? static_cast<double>(now - before) : 0;
  }
  const double total_;
};

}  // namespace

MachineSources ThisMachine() {
  return {[](const std::string& path) {
            return io::ReadFile(io::PosixFileSystem(), path).value_or("");
          },
          VolumeOf};
}

mgmt::MachineStats Machine::Look(const std::vector<std::string>& folders, Rates& rates,
                                 int64_t nanos) {
  mgmt::MachineStats stats;
  LookAtProcessors(nanos, stats.mutable_cpu());
  LookAtMemory(stats.mutable_memory());
  LookAtNetwork(rates, nanos, &stats);
  LookAtDisks(folders, rates, nanos, &stats);
  return stats;
}

void Machine::LookAtProcessors(int64_t nanos, mgmt::CpuStats* out) {
  const std::optional<CpuTimes> now = ParseStat(sources_.text("/proc/stat"));
  if (now.has_value()) out->set_processors(now->processors);
  if (now.has_value() && cpu_before_.has_value() && nanos - cpu_nanos_ >= kLeastShareNanos) {
    const CpuTimes& before = *cpu_before_;
    if (const Shares shares(before, *now); shares.known()) {
      const double iowait = shares.Of(before.iowait, now->iowait);
      out->set_user_percent(shares.Of(before.user, now->user));
      out->set_system_percent(shares.Of(before.system, now->system));
      out->set_iowait_percent(iowait);
      out->set_steal_percent(shares.Of(before.steal, now->steal));
      out->set_used_percent(
          std::clamp(100 - iowait - shares.Of(before.idle, now->idle), 0.0, 100.0));
    }
  }
  cpu_before_ = now;
  cpu_nanos_ = nanos;
  if (const auto load = ParseLoad(sources_.text("/proc/loadavg")); load.has_value()) {
    out->set_load_1((*load)[0]);
    out->set_load_5((*load)[1]);
    out->set_load_15((*load)[2]);
  }
}

void Machine::LookAtMemory(mgmt::MemoryStats* out) {
  const MemoryInfo memory = ParseMemory(sources_.text("/proc/meminfo"));
  if (memory.total.has_value()) out->set_total_bytes(*memory.total);
  if (memory.available.has_value()) out->set_available_bytes(*memory.available);
  if (memory.total.has_value() && memory.available.has_value()) {
    out->set_used_bytes(*memory.total - std::min(*memory.available, *memory.total));
  }
  if (memory.cached.has_value()) out->set_cached_bytes(*memory.cached);
  if (memory.swap_total.has_value()) out->set_swap_total_bytes(*memory.swap_total);
  if (memory.swap_total.has_value() && memory.swap_free.has_value()) {
    out->set_swap_used_bytes(*memory.swap_total - std::min(*memory.swap_free, *memory.swap_total));
  }
}

void Machine::LookAtNetwork(Rates& rates, int64_t nanos, mgmt::MachineStats* out) {
  for (const Interface& one : ParseInterfaces(sources_.text("/proc/net/dev"))) {
    mgmt::NetworkStats* stats = out->add_networks();
    stats->set_name(PrintableText(one.name, kMostNameBytes));
    const auto rate = [&](std::string_view word, uint64_t counter) {
      return rates.PerSecond(fmt::format("interface {} {}", one.name, word), counter, nanos);
    };
    if (const auto bytes = rate("received", one.received_bytes)) {
      stats->set_receive_mib_per_s(*bytes / kBytesPerMib);
    }
    if (const auto bytes = rate("sent", one.sent_bytes)) {
      stats->set_send_mib_per_s(*bytes / kBytesPerMib);
    }
    if (const auto errors = rate("errors", one.errors)) stats->set_errors_per_s(*errors);
    if (const auto drops = rate("drops", one.drops)) stats->set_drops_per_s(*drops);
  }
}

void Machine::LookAtDisks(const std::vector<std::string>& folders, Rates& rates, int64_t nanos,
                          mgmt::MachineStats* out) {
  const std::vector<BlockDevice> devices = ParseDisks(sources_.text("/proc/diskstats"));
  for (const std::string& folder : folders) {
    mgmt::DiskStats* stats = out->add_disks();
    stats->set_path(PrintableText(folder, kMostNameBytes));
    const std::optional<Volume> volume = sources_.volume(folder);
    if (!volume.has_value()) continue;
    stats->set_total_bytes(volume->total_bytes);
    stats->set_used_bytes(volume->used_bytes);
    stats->set_free_bytes(volume->free_bytes);
    const auto device = std::find_if(devices.begin(), devices.end(), [&](const BlockDevice& one) {
      return one.major == volume->major && one.minor == volume->minor;
    });
    if (device == devices.end()) continue;
    const auto rate = [&](std::string_view word, uint64_t counter) {
      // Another disk may stand in its place.
      return rates.PerSecond(fmt::format("disk {} {}", folder, word), counter, nanos,
                             uint64_t{device->major} << 32 | device->minor);
    };
    if (const auto bytes = rate("read", device->read_bytes)) {
      stats->set_read_mib_per_s(*bytes / kBytesPerMib);
    }
    if (const auto bytes = rate("written", device->written_bytes)) {
      stats->set_write_mib_per_s(*bytes / kBytesPerMib);
    }
    if (const auto ms = rate("busy", device->busy_ms)) {
      stats->set_busy_percent(std::min(100.0, *ms / 10));
    }
  }
}

}  // namespace oca::monitor
