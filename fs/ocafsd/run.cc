#include "fs/ocafsd/run.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>

#include "fmt/format.h"
#include "fs/engine/filesystem.h"
#include "fs/fuse/session.h"
#include "fs/ocafsd/arguments.h"
#include "fs/ocafsd/reporter.h"
#include "fs/rpc/server.h"
#include "lib/api/home.h"
#include "lib/base/status.h"
#include "lib/conf/conf.h"
#include "lib/daemon/heartbeat.h"
#include "lib/daemon/limits.h"
#include "lib/daemon/notify.h"
#include "lib/daemon/out_of_memory.h"
#include "lib/daemon/pid_file.h"
#include "lib/daemon/secret_file.h"
#include "lib/daemon/stop_signal.h"
#include "lib/event/client.h"
#include "lib/io/file_system.h"
#include "lib/log/log.h"

namespace oca::ocafsd {
namespace {

constexpr uint64_t kOpenFiles = 65536;
constexpr int kMallocArenas = 4;

absl::Status MakeFolder(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return PosixError(errno, path);
  return absl::OkStatus();
}

absl::Status MakeHome(const std::string& home) {
  OCA_RETURN_IF_ERROR(MakeFolder(home, 0755));
  OCA_RETURN_IF_ERROR(MakeFolder(home + "/log", 0755));
  OCA_RETURN_IF_ERROR(MakeFolder(home + "/run", 0700));  // who enters may speak to us
  return MakeFolder(home + "/data", 0700);
}

engine::Options EngineOptions(const Arguments& arguments, const conf::Config& all) {
  const conf::Fs& config = all.fs;
  engine::Options options;
  options.fs = &io::PosixFileSystem();
  options.clock = &SystemClock();
  options.dir = arguments.home + "/data";
  options.commit_interval = absl::Milliseconds(config.commit_interval_ms);
  options.memory_budget_bytes = config.memory_budget_bytes;
  options.workers = static_cast<int>(config.workers);
  options.cleaning.automatic = all.cleaner.automatic;
  options.cleaning.start_percent = all.cleaner.start_percent;
  options.cleaning.idle_after = absl::Seconds(all.cleaner.idle_seconds);
  options.scrub_bytes_per_second = config.scrub_rate_bytes;
  options.scrub_interval = absl::Hours(24) * config.scrub_interval_days;
  options.root_uid = geteuid();
  options.root_gid = getegid();
  if (!config.passphrase_dir.empty()) {
    options.passphrase_of = [dir = config.passphrase_dir](const engine::StorageGroup& group) {
      return daemon::ReadSecretFile(dir + "/" + group.name);
    };
  }
  return options;
}

fuse::Options MountOptions(const Arguments& arguments, const conf::Fs& config,
                           daemon::StopSignal* stop) {
  fuse::Options options;
  options.mountpoint = arguments.mountpoint;
  options.threads = static_cast<int>(config.mount_threads);
  options.allow_other = config.allow_other;
  options.read_ahead_kib = static_cast<uint32_t>(config.read_ahead_kib);
  options.on_unmounted = [stop] {
    log::Warning("unmounted_by_somebody", "action", "stop");
    stop->Trigger();
  };
  return options;
}

// Keeps the first failure.
void Note(absl::Status* first, const char* step, const absl::Status& status) {
  if (status.ok()) return;
  log::Error("stop_failed", "step", step, "error", MessageOf(status));
  if (first->ok()) *first = status;
}

// From an open repository to the end of its service.
absl::Status ServeMount(const Arguments& arguments, const conf::Fs& config,
                        engine::Filesystem& filesystem, daemon::StopSignal& stop) {
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<fuse::Session> session,
                       fuse::Session::Mount(filesystem, MountOptions(arguments, config, &stop)));
  fs_rpc::Callbacks callbacks;
  callbacks.container_changed = [&session](std::string_view name) {
    session->InvalidateEntry(names::kRootInode, name);
  };
  callbacks.shutdown_requested = [&stop] {
    // Whoever watches us shall not start us again until somebody asks for it.
    if (absl::Status sent = daemon::Notify("X_STAY_DOWN=1"); !sent.ok()) {
      log::Warning("notify_failed", "error", MessageOf(sent));
    }
    stop.Trigger();
  };
  OCA_ASSIGN_OR_RETURN(
      std::unique_ptr<fs_rpc::Server> server,
      fs_rpc::Server::Start(filesystem, arguments.home + "/run/ocafsd.sock", std::move(callbacks),
                            {.version = OCA_VERSION,
                             .repository_path = arguments.home + "/data",
                             .mount_path = session->mountpoint()}));
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<event::Client> events,
                       event::Client::Start("ocafsd", api::EventSocket(arguments.home)));
  auto reporter = std::make_unique<Reporter>(filesystem, *events);
  filesystem.SetAttributesListener([&session](InodeNo ino) { session->InvalidateAttributes(ino); });
  filesystem.SetNamesListener([&session](InodeNo parent, const std::string& name) {
    session->InvalidateEntry(parent, name);
  });
  log::Info("ready", "home", arguments.home, "mount", session->mountpoint());
  absl::Status status;
  if (absl::Status sent = daemon::Notify("READY=1"); !sent.ok()) {
    log::Warning("notify_failed", "error", MessageOf(sent));
  }
  int signal = stop.Wait();
  log::Info("stopping", "reason", signal == 0 ? "asked" : strsignal(signal));
  (void)daemon::Notify("STOPPING=1");  // only a courtesy
  server->Stop();
  reporter.reset();
  filesystem.SetAttributesListener(nullptr);
  filesystem.SetNamesListener(nullptr);
  Note(&status, "unmount", session->Unmount());
  return status;
}

absl::Status Serve(const Arguments& arguments, const conf::Config& config,
                   daemon::StopSignal& stop) {
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<daemon::PidFile> pid_file,
                       daemon::PidFile::Acquire(arguments.home + "/run/ocafsd.pid"));
  std::unique_ptr<daemon::Heartbeat> heartbeat = daemon::Heartbeat::Start();
  daemon::RaiseOpenFileLimit(kOpenFiles);
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<engine::Filesystem> filesystem,
                       engine::Filesystem::Open(EngineOptions(arguments, config)));
  absl::Status status = ServeMount(arguments, config.fs, *filesystem, stop);
  Note(&status, "engine", filesystem->Stop());
  if (status.ok()) log::Info("stopped");
  return status;
}

int Fail(int code, const absl::Status& status) {
  fmt::print(stderr, "ocafsd: {}\n", MessageOf(status));
  return code;
}

}  // namespace

int Run(int argc, const char* const* argv) {
  umask(022);
  daemon::LimitMallocArenas(kMallocArenas);
  absl::StatusOr<Arguments> arguments = ParseArguments(argc, argv);
  if (!arguments.ok()) return Fail(kUsage, arguments.status());
  if (!arguments->text.empty()) {
    fmt::print("{}", arguments->text);
    return kSuccess;
  }
  absl::StatusOr<conf::Config> config = conf::LoadOfHome(arguments->home, arguments->config_path);
  if (!config.ok()) return Fail(kUsage, config.status());
  absl::Status status = MakeHome(arguments->home);
  if (!status.ok()) return Fail(kFailure, status);
  const std::string log_path = arguments->home + "/log/ocafsd.log";
  status = log::InitLog("ocafsd", log_path, config->log.level);
  if (!status.ok()) return Fail(kFailure, status);
  daemon::AbortWhenOutOfMemory("ocafsd", log_path);
  auto stop = daemon::StopSignal::Create();  // before any thread starts
  status = stop.ok() ? Serve(*arguments, *config, **stop) : stop.status();
  if (status.ok()) return kSuccess;
  log::Error("failed", "error", MessageOf(status));
  return Fail(kFailure, status);
}

}  // namespace oca::ocafsd
