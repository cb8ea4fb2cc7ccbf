// The machine's own figures: CPU, memory, network, and the disks below some folders.
#ifndef OCA_SERVICES_MONITOR_MACHINE_H_
#define OCA_SERVICES_MONITOR_MACHINE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/api/statistics.pb.h"
#include "services/monitor/proc.h"
#include "services/monitor/rates.h"

namespace oca::monitor {

// Room of the file system that a folder is on, and the number of the device below it.
struct Volume {
  uint64_t total_bytes = 0;
  uint64_t used_bytes = 0;
  uint64_t free_bytes = 0;  // to an unprivileged writer
  uint32_t major = 0;
  uint32_t minor = 0;
};

// Where Machine reads; tests put texts of their own there.
struct MachineSources {
  std::function<std::string(const std::string& path)> text;  // empty: cannot be read
  std::function<std::optional<Volume>(const std::string& folder)> volume;
};
// The machine that this runs on.
MachineSources ThisMachine();

// Not thread-safe.
class Machine {
 public:
  explicit Machine(MachineSources sources) : sources_(std::move(sources)) {}

  // All but the time. folders: those whose disks count. Rates are since the call before. nanos: the
  // monotonic clock; the round of `rates` has begun.
  management::v1::MachineStats Look(const std::vector<std::string>& folders, Rates& rates,
                                    int64_t nanos);

 private:
  void LookAtProcessors(int64_t nanos, management::v1::CpuStats* out);
  void LookAtMemory(management::v1::MemoryStats* out);
  void LookAtNetwork(Rates& rates, int64_t nanos, management::v1::MachineStats* out);
  void LookAtDisks(const std::vector<std::string>& folders, Rates& rates, int64_t nanos,
                   management::v1::MachineStats* out);

  const MachineSources sources_;
  std::optional<CpuTimes> cpu_before_;
  int64_t cpu_nanos_ = 0;  // when that was
};

}  // namespace oca::monitor

#endif  // OCA_SERVICES_MONITOR_MACHINE_H_
