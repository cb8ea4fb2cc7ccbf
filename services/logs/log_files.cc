#include "services/logs/log_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "lib/io/file_system.h"

namespace oca::logs {
namespace {

constexpr size_t kStampLength = std::string_view("20260102T030405.678Z").size();

// The process of a rotated file's name, "<process>-<stamp><suffix>"; empty for other files.
std::string_view ProcessOf(std::string_view file, std::string_view suffix) {
  if (!file.ends_with(suffix)) return {};
  file.remove_suffix(suffix.size());
  if (file.size() < kStampLength + 2 || file[file.size() - kStampLength - 1] != '-') return {};
  const std::string_view stamp = file.substr(file.size() - kStampLength);
  if (stamp[8] != 'T' || stamp.back() != 'Z') return {};
  return file.substr(0, file.size() - kStampLength - 1);
}

std::vector<std::string> FilesIn(const std::string& folder) {
  absl::StatusOr<std::vector<std::string>> names = io::PosixFileSystem().List(folder);
  if (!names.ok()) return {};
  std::sort(names->begin(), names->end());
  return *std::move(names);
}

}  // namespace

bool IsLogName(std::string_view name) {
  if (name.empty() || name.size() > 32 || name.front() == '-') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

LogFiles::LogFiles(std::string folder, Limits limits, std::function<absl::Time()> now,
                   std::function<void(const std::string& path)> rotated)
    : folder_(std::move(folder)),
      limits_(limits),
      now_(std::move(now)),
      rotated_(std::move(rotated)) {}

LogFiles::~LogFiles() {
  for (auto& [name, file] : files_) {
    if (file.fd >= 0) close(file.fd);
  }
}

std::string LogFiles::PathOf(std::string_view name) const {
  return fmt::format("{}/{}.log", folder_, name);
}

bool LogFiles::Open(std::string_view name, File* file) {
  file->fd = open(PathOf(name).c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (file->fd < 0) return false;
  struct statx info {};
  if (statx(file->fd, "", AT_EMPTY_PATH, STATX_SIZE | STATX_BTIME | STATX_MTIME, &info) != 0) {
    return true;
  }
  file->bytes = info.stx_size;
  const bool has_birth = (info.stx_mask & STATX_BTIME) != 0;
  file->begun = absl::FromUnixSeconds(has_birth ? info.stx_btime.tv_sec : info.stx_mtime.tv_sec);
  return true;
}

void LogFiles::Forget(File* file) {
  if (file->fd >= 0) close(file->fd);
  const uint64_t lost = file->lost;
  *file = File();
  file->lost = lost;
}

bool LogFiles::Write(File* file, std::string_view text) {
  const ssize_t n = write(file->fd, text.data(), text.size());
  if (n > 0) file->bytes += static_cast<uint64_t>(n);
  const bool whole = n == static_cast<ssize_t>(text.size());
  if (n > 0) file->torn = !whole;
  return whole;
}

void LogFiles::Append(std::string_view name, std::string_view line) {
  auto at = files_.find(name);
  if (at == files_.end()) at = files_.emplace(std::string(name), File()).first;
  File& file = at->second;
  if (file.bytes > 0 && file.bytes + line.size() >= limits_.max_bytes) Rotate(at->first, &file);
  std::string text;
  if (file.torn) text += '\n';
  if (file.lost > 0) {
    text += fmt::format("{} W {}[0] log_lines_lost lines={}\n",
                        absl::FormatTime("%Y-%m-%dT%H:%M:%E3S+00:00", now_(), absl::UTCTimeZone()),
                        name, file.lost);
  }
  for (char c : line) text += c == '\n' || c == '\0' ? ' ' : c;
  text += '\n';
  if ((file.fd >= 0 || Open(name, &file)) && Write(&file, text)) {
    file.lost = 0;
    return;
  }
  ++file.lost;
  ++lost_;
}

void LogFiles::LookAfter() {
  for (auto& [name, file] : files_) {
    struct stat held {
    }, there{};
    if (file.fd >= 0 && (stat(PathOf(name).c_str(), &there) != 0 || fstat(file.fd, &held) != 0 ||
                         there.st_ino != held.st_ino || there.st_dev != held.st_dev)) {
      Forget(&file);
    }
    if (file.fd >= 0 && file.bytes > 0 && now_() - file.begun >= limits_.max_age) {
      Rotate(name, &file);
    }
  }
}

void LogFiles::Rotate(const std::string& name, File* file) {
  const std::string stamp = absl::FormatTime("%Y%m%dT%H%M%E3S", now_(), absl::UTCTimeZone()) + "Z";
  const std::string old = fmt::format("{}/{}-{}.log", folder_, name, stamp);
  if (!io::PosixFileSystem().Rename(PathOf(name), old).ok()) return;  // it goes on growing
  Forget(file);
  rotated_(old);
  DropOldest(name);
}

void LogFiles::DropOldest(const std::string& name) {
  std::vector<std::string> old;
  for (const std::string& file : FilesIn(folder_)) {
    if (ProcessOf(file, ".log") == name || ProcessOf(file, ".log.zst") == name) old.push_back(file);
  }
  for (size_t i = 0; i + limits_.keep_files < old.size(); ++i) {
    unlink(fmt::format("{}/{}", folder_, old[i]).c_str());
  }
}

std::vector<std::string> LogFiles::Uncompressed(const std::string& folder) {
  std::vector<std::string> paths;
  for (const std::string& file : FilesIn(folder)) {
    if (!ProcessOf(file, ".log").empty()) paths.push_back(folder + "/" + file);
  }
  return paths;
}

}  // namespace oca::logs
