// What Linux tells in /proc (proc(5), Documentation/admin-guide/iostats.rst). Pure: text in,
// numbers out. A line that is not as it should be is left out, whatever bytes it has; nothing here
// fails.
#ifndef OCA_SERVICES_MONITOR_PROC_H_
#define OCA_SERVICES_MONITOR_PROC_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace oca::monitor {

// As many interfaces and as many disks are read, the first ones.
inline constexpr size_t kMostInterfaces = 64;
inline constexpr size_t kMostDisks = 1024;

// Time that all processors spent since the machine's start, in ticks.
struct CpuTimes {
  uint64_t user = 0;    // with nice
  uint64_t system = 0;  // with interrupts
  uint64_t idle = 0;
  uint64_t iowait = 0;
  uint64_t steal = 0;
  uint32_t processors = 0;
};
// Of /proc/stat; nothing without its first line.
std::optional<CpuTimes> ParseStat(std::string_view text);

// Of /proc/loadavg: over one, five and fifteen minutes.
std::optional<std::array<double, 3>> ParseLoad(std::string_view text);

// Of /proc/meminfo, in bytes; what is not there is not set.
struct MemoryInfo {
  std::optional<uint64_t> total, available, cached, swap_total, swap_free;
};
MemoryInfo ParseMemory(std::string_view text);

// Since the interface came up.
struct Interface {
  std::string name;
  uint64_t received_bytes = 0;
  uint64_t sent_bytes = 0;
  uint64_t errors = 0;  // in both directions
  uint64_t drops = 0;
};
// Of /proc/net/dev, without the loopback.
std::vector<Interface> ParseInterfaces(std::string_view text);

// A disk or a partition, since the machine's start.
struct BlockDevice {
  uint32_t major = 0;
  uint32_t minor = 0;
  uint64_t read_bytes = 0;
  uint64_t written_bytes = 0;
  uint64_t busy_ms = 0;  // in which it had something to do
};
// Of /proc/diskstats.
std::vector<BlockDevice> ParseDisks(std::string_view text);

}  // namespace oca::monitor

#endif  // OCA_SERVICES_MONITOR_PROC_H_
