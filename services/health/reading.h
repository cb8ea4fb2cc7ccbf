// What nhm looks at: the machine, the appliance's processes, the filesystem.
#ifndef OCA_SERVICES_HEALTH_READING_H_
#define OCA_SERVICES_HEALTH_READING_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/api/fs.grpc.pb.h"

namespace oca::health {

struct Disk {
  std::string path;
  uint64_t total_bytes = 0;
  uint64_t free_bytes = 0;
};
struct Memory {
  uint64_t total_bytes = 0;  // 0: not known
  uint64_t available_bytes = 0;
};
// As watcher sees it: "up", "given_up" ...
struct ProcessState {
  std::string name;
  std::string word;
};
struct Certificate {
  std::string file;
  int64_t days_left = 0;
};
// As ocafsd tells.
struct FilesystemState {
  std::vector<fs::v1::StorageGroupStats> groups;
  fs::v1::CleanerStatus cleaner;
  fs::v1::Health health;
};

struct Reading {
  std::vector<Disk> disks;
  Memory memory;
  std::vector<ProcessState> processes;
  std::vector<Certificate> certificates;
  std::optional<FilesystemState> filesystem;  // none: ocafsd does not answer
};

// Of /proc/meminfo's text.
Memory ParseMemory(std::string_view meminfo);
// Of watcher's status file.
std::vector<ProcessState> ParseProcesses(std::string_view status);
// Asks ocafsd; takes at most some seconds. kUnavailable while it is down.
absl::StatusOr<FilesystemState> LookAtFilesystem(fs::v1::Fs::Stub& filesystem);

// All of it, as far as it can be known. home: the appliance's folder.
Reading Look(const std::string& home, fs::v1::Fs::Stub& filesystem, absl::Time now);

}  // namespace oca::health

#endif  // OCA_SERVICES_HEALTH_READING_H_
