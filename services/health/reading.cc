#include "services/health/reading.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "lib/api/home.h"
#include "lib/base/status.h"
#include "lib/crypto/certificate.h"
#include "lib/io/file_system.h"
#include "lib/rpc/status.h"
#include "lib/rpc/unix_socket.h"

namespace oca::health {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(10);

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

// Of a line "Name:   123 kB".
uint64_t Kibibytes(std::string_view text, std::string_view name) {
  for (absl::string_view line : absl::StrSplit(View(text), '\n')) {
    if (!absl::ConsumePrefix(&line, View(name)) || !absl::ConsumePrefix(&line, ":")) continue;
    absl::ConsumeSuffix(&line, " kB");
    uint64_t number = 0;
    return absl::SimpleAtoi(line, &number) ? number : 0;
  }
  return 0;
}

template <typename Request, typename Response>
absl::Status Ask(fs::v1::Fs::Stub& stub,
                 grpc::Status (fs::v1::Fs::Stub::*method)(grpc::ClientContext*, const Request&,
                                                          Response*),
                 Response* out) {
  grpc::ClientContext context;
  rpc::SetTimeout(&context, kTimeout);
  return rpc::FromGrpc((stub.*method)(&context, Request(), out));
}

// Whole ones, rounded down.
int64_t DaysBetween(absl::Time from, absl::Time to) {
  return absl::ToInt64Hours(absl::Floor(to - from, absl::Hours(24))) / 24;
}

std::string FileText(const std::string& path) {
  return io::ReadFile(io::PosixFileSystem(), path).value_or("");
}

std::vector<Certificate> Certificates(const std::string& folder, absl::Time now) {
  std::vector<Certificate> certificates;
  const absl::StatusOr<std::vector<std::string>> names = io::PosixFileSystem().List(folder);
  if (!names.ok()) return certificates;
  for (const std::string& name : *names) {
    const std::string path = io::JoinPath(folder, name);
    // Keys lie beside them.
    absl::StatusOr<absl::Time> end = crypto::CertificateEnd(FileText(path));
    if (end.ok()) certificates.push_back({path, DaysBetween(now, *end)});
  }
  return certificates;
}

}  // namespace

Memory ParseMemory(std::string_view meminfo) {
  return {Kibibytes(meminfo, "MemTotal") << 10, Kibibytes(meminfo, "MemAvailable") << 10};
}

std::vector<ProcessState> ParseProcesses(std::string_view status) {
  std::vector<ProcessState> processes;
  for (absl::string_view line : absl::StrSplit(View(status), '\n', absl::SkipEmpty())) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    if (words.size() >= 2) processes.push_back({words[0], words[1]});
  }
  return processes;
}

absl::StatusOr<FilesystemState> LookAtFilesystem(fs::v1::Fs::Stub& filesystem) {
  using Stub = fs::v1::Fs::Stub;
  FilesystemState state;
  fs::v1::GetStorageGroupStatsResponse groups;
  OCA_RETURN_IF_ERROR(
      Ask<fs::v1::GetStorageGroupStatsRequest>(filesystem, &Stub::GetStorageGroupStats, &groups));
  state.groups.assign(groups.groups().begin(), groups.groups().end());
  OCA_RETURN_IF_ERROR(
      Ask<fs::v1::GetCleanerStatusRequest>(filesystem, &Stub::GetCleanerStatus, &state.cleaner));
  OCA_RETURN_IF_ERROR(Ask<fs::v1::GetHealthRequest>(filesystem, &Stub::GetHealth, &state.health));
  return state;
}

Reading Look(const std::string& home, fs::v1::Fs::Stub& filesystem, absl::Time now) {
  Reading reading;
  absl::StatusOr<io::SpaceInfo> space = io::PosixFileSystem().Space(home);
  if (space.ok()) reading.disks.push_back({home, space->total_bytes, space->available_bytes});
  reading.memory = ParseMemory(FileText("/proc/meminfo"));
  reading.processes = ParseProcesses(FileText(home + "/run/watcher.status"));
  reading.certificates = Certificates(api::HttpFolder(home), now);
  absl::StatusOr<FilesystemState> state = LookAtFilesystem(filesystem);
  if (state.ok()) reading.filesystem = *std::move(state);
  return reading;
}

}  // namespace oca::health
