#include "services/monitor/catalogue.h"

#include <algorithm>

namespace oca::monitor {
namespace {

constexpr double kMibPerByte = 1.0 / (1 << 20);
constexpr std::string_view kNoField = "-";  // made of something else

constexpr Definition kCatalogue[] = {
    // CpuStats
    {"cpu.used_percent", "percent", "Processors neither idle nor waiting for a disk"},
    {"cpu.user_percent", "percent", "In programs"},
    {"cpu.system_percent", "percent", "In the kernel"},
    {"cpu.iowait_percent", "percent", "Waiting for a disk"},
    {"cpu.steal_percent", "percent", "Taken by other guests of the same hardware"},
    {"cpu.load_1", "processes", "That run or wait for a disk, on average over a minute"},
    {"cpu.load_5", "processes", "The same over five minutes"},
    {"cpu.load_15", "processes", "The same over fifteen minutes"},
    // MemoryStats
    {"memory.total_bytes", "bytes", "Memory of the machine"},
    {"memory.used_bytes", "bytes", "Total without available"},
    {"memory.available_bytes", "bytes", "That programs can get without swapping"},
    {"memory.cached_bytes", "bytes", "Of files"},
    {"memory.swap_used_bytes", "bytes", "Swapped out"},
    // NetworkStats, of each interface
    {"network.receive_mib_per_s", "MiB/s", "Received by the interface"},
    {"network.send_mib_per_s", "MiB/s", "Sent by the interface"},
    {"network.errors_per_s", "1/s", "Packets with errors, in both directions"},
    {"network.drops_per_s", "1/s", "Packets dropped, in both directions"},
    // DiskStats, of the home and each storage path
    {"disk.total_bytes", "bytes", "Of the file system that the folder is on"},
    {"disk.used_bytes", "bytes", "Of the same, that are taken"},
    {"disk.free_bytes", "bytes", "Of the same, that may still be written"},
    {"disk.read_mib_per_s", "MiB/s", "Read from the disk below it"},
    {"disk.write_mib_per_s", "MiB/s", "Written to the disk below it"},
    {"disk.busy_percent", "percent", "Time in which that disk had something to do"},
    // SystemStats
    {"system.total_inodes", "inodes", "Files, folders and all others, of all storage groups"},
    {"system.current_files", "files", "Regular files"},
    {"system.current_bytes", "bytes", "Sum of the sizes of all files"},
    {"system.post_dedupe_bytes", "bytes", "Plain bytes of the distinct chunks held"},
    {"system.post_compression_bytes", "bytes", "The same after compression"},
    {"system.physical_bytes", "bytes", "Bytes of pack files on disk"},
    {"system.read_mib_per_s", "MiB/s", "File bytes read", Kind::kGauge, kNoField},
    {"system.write_mib_per_s", "MiB/s", "File bytes written", Kind::kGauge, kNoField},
    {"system.dedupe_savings_percent", "percent", "1 - post_dedupe / current"},
    {"system.compression_savings_percent", "percent", "1 - post_compression / post_dedupe"},
    {"system.total_savings_percent", "percent", "1 - post_compression / current"},
    // oca.fs.v1.StorageGroupStats, of each storage group
    {"storage_group.capacity_free_bytes", "bytes", "What the group may still take on disk"},
    {"storage_group.total_inodes", "inodes", "Files, folders and all others"},
    {"storage_group.current_files", "files", "Regular files"},
    {"storage_group.current_bytes", "bytes", "Sum of the sizes of its files"},
    {"storage_group.post_dedupe_bytes", "bytes", "Plain bytes of the distinct chunks held"},
    {"storage_group.post_compression_bytes", "bytes", "The same after compression"},
    {"storage_group.physical_bytes", "bytes", "Bytes of its pack files on disk"},
    {"storage_group.encrypted_bytes", "bytes", "Bytes of its encrypted pack files"},
    {"storage_group.read_mib_per_s", "MiB/s", "File bytes read", Kind::kRate,
     "read_bytes_since_start", kMibPerByte},
    {"storage_group.write_mib_per_s", "MiB/s", "File bytes written", Kind::kRate,
     "written_bytes_since_start", kMibPerByte},
    {"storage_group.dedupe_savings_percent", "percent", "1 - post_dedupe / current"},
    {"storage_group.compression_savings_percent", "percent", "1 - post_compression / post_dedupe"},
    {"storage_group.total_savings_percent", "percent", "1 - post_compression / current"},
    {"storage_group.index_entries", "chunks", "In the fingerprint index"},
    {"storage_group.index_memory_bytes", "bytes", "RAM of the fingerprint index"},
    {"storage_group.index_disk_reads_per_s", "1/s", "Pages of the index read from disk",
     Kind::kRate, "index_disk_reads"},
    // oca.fs.v1.ContainerStats, of each container
    {"container.total_inodes", "inodes", "Files, folders and all others"},
    {"container.current_files", "files", "Regular files"},
    {"container.current_bytes", "bytes", "Sum of the sizes of its files"},
    {"container.post_dedupe_bytes", "bytes", "Plain bytes that it stored first"},
    {"container.post_compression_bytes", "bytes", "The same after compression"},
    {"container.physical_bytes", "bytes", "The same on disk"},
    {"container.read_mib_per_s", "MiB/s", "File bytes read", Kind::kRate, "read_bytes_since_start",
     kMibPerByte},
    {"container.write_mib_per_s", "MiB/s", "File bytes written", Kind::kRate,
     "written_bytes_since_start", kMibPerByte},
    {"container.dedupe_savings_percent", "percent", "1 - post_dedupe / current"},
    {"container.total_savings_percent", "percent", "1 - post_compression / current"},
    // oca.fs.v1.CleanerStatus
    {"cleaner.running", "0 or 1", "A run is under way", Kind::kGauge, kNoField},
    {"cleaner.reclaimable_bytes", "bytes", "Known to be dead, not reclaimed yet"},
    {"cleaner.debt_bytes", "bytes", "What of it is worth the work, and what was deleted since"},
    // What ocaconfigsvc tells
    {"configuration.ready", "0 or 1", "All parts are up and agree", Kind::kGauge, kNoField},
    {"configuration.storage_groups", "groups", "Storage groups", Kind::kGauge, kNoField},
    {"configuration.containers", "containers", "Containers", Kind::kGauge, kNoField},
    {"configuration.logins", "logins", "Users who are signed in", Kind::kGauge, kNoField},
};

}  // namespace

std::span<const Definition> Catalogue() { return kCatalogue; }

const Definition* Find(std::string_view name) {
  const auto* found = std::find_if(std::begin(kCatalogue), std::end(kCatalogue),
                                   [&](const Definition& one) { return one.name == name; });
  return found == std::end(kCatalogue) ? nullptr : found;
}

}  // namespace oca::monitor
