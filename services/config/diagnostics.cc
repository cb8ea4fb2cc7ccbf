#include "services/config/diagnostics.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <utility>

#include "fmt/format.h"
#include "google/protobuf/util/time_util.h"
#include "lib/base/host_name.h"
#include "lib/base/status.h"
#include "lib/conf/redact.h"
#include "lib/log/log.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;

constexpr std::string_view kSuffix = ".tar.zst";
constexpr uint64_t kBasicLogBytes = 1u << 20;
// What tells of the machine.
constexpr const char* kSystemFiles[] = {
    "/etc/os-release", "/proc/version",        "/proc/meminfo",     "/proc/loadavg",
    "/proc/uptime",    "/proc/self/mountinfo", "/proc/pressure/io", "/proc/pressure/memory"};

// The machine's name, as a part of a file's.
std::string HostPart() {
  std::string host = HostName();
  std::replace(host.begin(), host.end(), '/', '-');
  return host.empty() ? "unknown" : host;
}

bool IsBundle(std::string_view name) {
  return name.starts_with("oca-") && name.ends_with(kSuffix) &&
         name.find('/') == std::string_view::npos;
}

// A file of /proc says nothing about its size.
std::string Contents(const char* path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> FilesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    if (at->is_regular_file(error)) names.push_back(at->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Diagnostics::Diagnostics(std::string home, std::vector<DiagnosticText> texts,
                         std::function<absl::Time()> now)
    : folder_(home + "/diagnostics"),
      home_(std::move(home)),
      texts_(std::move(texts)),
      now_(std::move(now)) {
  // What a service that ended in the middle has left.
  for (const std::string& name : FilesIn(folder_)) {
    if (name.ends_with(".part")) unlink(PathOf(name).c_str());
  }
}

Diagnostics::~Diagnostics() {
  std::thread worker;
  {
    absl::MutexLock lock(&mu_);
    worker = std::move(worker_);
  }
  if (worker.joinable()) worker.join();
}

std::string Diagnostics::PathOf(std::string_view name) const {
  return fmt::format("{}/{}", folder_, name);
}

std::vector<std::string> Diagnostics::Names() const {
  std::vector<std::string> names = FilesIn(folder_);
  std::erase_if(names, [](const std::string& name) { return !IsBundle(name); });
  return names;
}

absl::StatusOr<mgmt::DiagnosticBundle> Diagnostics::Collect(bool basic) {
  if (mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) return PosixError(errno, folder_);
  absl::MutexLock lock(&mu_);
  if (collecting_) {
    return absl::FailedPreconditionError(
        fmt::format("{} is being collected; oca maintenance --diags --show tells how far it is",
                    current_.name()));
  }
  if (worker_.joinable()) worker_.join();
  const absl::Time now = now_();
  current_.Clear();
  current_.set_name(fmt::format("oca-{}-{}{}", HostPart(),
                                absl::FormatTime("%Y%m%dT%H%M%E3SZ", now, absl::UTCTimeZone()),
                                kSuffix));
  current_.set_path(PathOf(current_.name()));
  current_.set_state(mgmt::DIAGNOSTIC_STATE_COLLECTING);
  *current_.mutable_created() =
      google::protobuf::util::TimeUtil::SecondsToTimestamp(absl::ToUnixSeconds(now));
  collecting_ = true;
  worker_ = std::thread([this, name = current_.name(), basic] { Work(name, basic); });
  return current_;
}

void Diagnostics::Work(const std::string& name, bool basic) {
  absl::StatusOr<std::unique_ptr<Bundle>> bundle =
      Bundle::Create(PathOf(name), name.substr(0, name.size() - kSuffix.size()));
  absl::Status status = bundle.status();
  if (status.ok()) status = Fill(**bundle, basic);
  if (status.ok()) status = (*bundle)->Finish();
  if (!status.ok()) log::Warning("diagnostics_not_collected", "error", MessageOf(status));
  absl::MutexLock lock(&mu_);
  collecting_ = false;
  current_.set_state(status.ok() ? mgmt::DIAGNOSTIC_STATE_DONE : mgmt::DIAGNOSTIC_STATE_FAILED);
  current_.set_error(std::string(MessageOf(status)));
}

void Diagnostics::Progress(size_t done, size_t of) {
  absl::MutexLock lock(&mu_);
  current_.set_progress_percent(100.0 * static_cast<double>(done) / static_cast<double>(of));
}

absl::Status Diagnostics::Fill(Bundle& bundle, bool basic) {
  const std::string logs = home_ + "/log";
  std::vector<std::string> log_files = FilesIn(logs);
  if (basic) {
    std::erase_if(log_files, [](const std::string& name) { return name.ends_with(".zst"); });
  }
  const size_t of = texts_.size() + log_files.size() + 1;
  size_t done = 0;
  std::string missing;
  for (const DiagnosticText& text : texts_) {
    absl::StatusOr<std::string> made = text.make();
    if (!made.ok()) missing += fmt::format("{}: {}\n", text.name, MessageOf(made.status()));
    OCA_RETURN_IF_ERROR(bundle.AddText(text.name, made.ok() ? *made : std::string()));
    Progress(++done, of);
  }
  OCA_RETURN_IF_ERROR(
      bundle.AddText("oca.toml", conf::Redact(Contents((home_ + "/oca.toml").c_str()))));
  OCA_RETURN_IF_ERROR(
      bundle.AddText("state/watcher.status", Contents((home_ + "/run/watcher.status").c_str())));
  for (const char* path : kSystemFiles) {
    OCA_RETURN_IF_ERROR(bundle.AddText(fmt::format("system{}", path), Contents(path)));
  }
  Progress(++done, of);
  const uint64_t most = basic ? kBasicLogBytes : std::numeric_limits<int64_t>::max();
  for (const std::string& name : log_files) {
    absl::Status added = bundle.AddFile("log/" + name, fmt::format("{}/{}", logs, name), most);
    // It may have been rotated away meanwhile.
    if (absl::IsNotFound(added)) missing += fmt::format("log/{}: {}\n", name, MessageOf(added));
    if (!added.ok() && !absl::IsNotFound(added)) return added;
    Progress(++done, of);
  }
  return bundle.AddText("missing.txt", missing);
}

std::vector<mgmt::DiagnosticBundle> Diagnostics::List() {
  std::vector<mgmt::DiagnosticBundle> bundles;
  absl::MutexLock lock(&mu_);
  for (const std::string& name : Names()) {
    if (name == current_.name() && current_.state() != mgmt::DIAGNOSTIC_STATE_DONE) continue;
    struct stat info {};
    if (stat(PathOf(name).c_str(), &info) != 0) continue;
    mgmt::DiagnosticBundle& bundle = bundles.emplace_back();
    bundle.set_name(name);
    bundle.set_path(PathOf(name));
    bundle.set_state(mgmt::DIAGNOSTIC_STATE_DONE);
    bundle.set_progress_percent(100);
    bundle.set_size_bytes(static_cast<uint64_t>(info.st_size));
    *bundle.mutable_created() =
        google::protobuf::util::TimeUtil::SecondsToTimestamp(info.st_mtim.tv_sec);
  }
  if (!current_.name().empty() && current_.state() != mgmt::DIAGNOSTIC_STATE_DONE) {
    bundles.push_back(current_);
  }
  std::reverse(bundles.begin(), bundles.end());
  return bundles;
}

absl::Status Diagnostics::Delete(std::string_view name) {
  absl::MutexLock lock(&mu_);
  if (collecting_ && name == current_.name()) {
    return absl::FailedPreconditionError(fmt::format("{} is being collected", name));
  }
  if (!IsBundle(name)) {
    return absl::NotFoundError(
        fmt::format("there is no bundle '{}'; oca maintenance --diags --show lists them", name));
  }
  const bool failed = name == current_.name() && current_.state() == mgmt::DIAGNOSTIC_STATE_FAILED;
  if (name == current_.name()) current_.Clear();
  if (unlink(PathOf(name).c_str()) == 0 || failed) return absl::OkStatus();
  if (errno != ENOENT) return PosixError(errno, PathOf(name));
  return absl::NotFoundError(
      fmt::format("there is no bundle '{}'; oca maintenance --diags --show lists them", name));
}

absl::StatusOr<int> Diagnostics::DeleteAll() {
  int deleted = 0;
  for (const mgmt::DiagnosticBundle& bundle : List()) {
    if (bundle.state() == mgmt::DIAGNOSTIC_STATE_COLLECTING) continue;
    OCA_RETURN_IF_ERROR(Delete(bundle.name()));
    ++deleted;
  }
  return deleted;
}

}  // namespace oca::config
