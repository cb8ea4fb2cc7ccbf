#include "fs/fuse/session.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <fstream>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "fs/fuse/context.h"
#include "fs/fuse/mounts.h"
#include "fs/fuse/operations.h"
#include "fs/fuse/receive.h"
#include "lib/base/status.h"
#include "lib/base/thread.h"
#include "lib/log/log.h"

namespace oca::fuse {
namespace {

// How soon the kernel closes the connection of a mount that nobody has any more.
constexpr absl::Duration kUnmountPatience = absl::Seconds(2);

void LogFromLibrary(fuse_log_level level, const char* format, va_list arguments) {
  char text[512];
  vsnprintf(text, sizeof text, format, arguments);
  std::string_view line(text);
  while (line.ends_with('\n')) line.remove_suffix(1);
  if (level <= FUSE_LOG_ERR) {
    log::Error("libfuse", "message", line);
  } else {
    log::Debug("libfuse", "message", line);
  }
}

bool MayAllowOther() {
  if (geteuid() == 0) return true;
  std::ifstream in("/etc/fuse.conf");
  for (std::string line; std::getline(in, line);) {
    if (line == "user_allow_other") return true;
  }
  return false;
}

std::string MountOptions(const Options& options) {
  std::string text = fmt::format(
      "default_permissions,fsname=oca,subtype=oca,nosuid,nodev,max_read={}", kMaxTransferBytes);
  if (!options.allow_other) return text;
  if (MayAllowOther()) return text + ",allow_other";
  log::Warning("mount_for_one_user", "reason", "user_allow_other is not set in /etc/fuse.conf");
  return text;
}

// The kernel lets a mount ask for less read-ahead than its default, not for more, so it is set
// afterwards. Without it reads are as right, only slower.
void SetReadAhead(dev_t device, uint32_t kib) {
  if (kib == 0 || geteuid() != 0) return;
  std::ofstream out(
      fmt::format("/sys/class/bdi/{}:{}/read_ahead_kb", major(device), minor(device)));
  out << kib << std::flush;
  if (!out) log::Warning("read_ahead_not_set", "kib", kib);
}

}  // namespace

struct Session::Impl {
  Impl(engine::Filesystem& fs, Options options_in)
      : options(std::move(options_in)), context(fs, *options.clock) {
    context.timeout_seconds = options.timeout_seconds;
  }

  absl::Status Start();
  void Serve();
  absl::Status UnmountWithPatience();
  absl::Status Detach();
  void EndAbandonedLoop();
  void CloseConnection();
  void End();

  Options options;
  std::string mountpoint;
  Context context;
  fuse_session* session = nullptr;
  dev_t device = 0;
  std::thread loop;
  absl::Notification loop_ended;
  std::atomic<bool> unmounting{false};
  bool ended = false;
};

absl::Status Session::Impl::Start() {
  OCA_ASSIGN_OR_RETURN(mountpoint, CanonicalMountpoint(options.mountpoint));
  OCA_RETURN_IF_ERROR(PrepareMountpoint(mountpoint));
  fuse_set_log_func(LogFromLibrary);
  std::string text = MountOptions(options);
  char* argv[] = {const_cast<char*>("oca"), const_cast<char*>("-o"), text.data(), nullptr};
  fuse_args args = FUSE_ARGS_INIT(3, argv);
  session = fuse_session_new(&args, &Operations(), sizeof(fuse_lowlevel_ops), &context);
  fuse_opt_free_args(&args);
  if (session == nullptr) return absl::InternalError("libfuse refuses the mount options");
  context.session = session;
  if (fuse_session_mount(session, mountpoint.c_str()) != 0) {
    fuse_session_destroy(session);
    session = nullptr;
    return absl::UnavailableError(fmt::format(
        "cannot mount {} (the log has the reason; is /dev/fuse there, and fuse3 installed?)",
        mountpoint));
  }
  if (absl::Status apart = ReceiveWritesApart(session); !apart.ok()) {
    End();
    return apart;
  }
  loop = std::thread([this] { Serve(); });
  struct stat root;
  if (stat(mountpoint.c_str(), &root) == 0) {
    device = root.st_dev;
    SetReadAhead(device, options.read_ahead_kib);
  }
  return absl::OkStatus();
}

void Session::Impl::Serve() {
  fuse_loop_config* config = fuse_loop_cfg_create();
  fuse_loop_cfg_set_clone_fd(config, 0);
  fuse_loop_cfg_set_max_threads(config, static_cast<unsigned>(options.threads));
  int result = fuse_session_loop_mt(session, config);
  fuse_loop_cfg_destroy(config);
  if (result != 0) log::Error("mount_loop_failed", "result", result);
  loop_ended.Notify();
  if (!unmounting.exchange(true) && options.on_unmounted) options.on_unmounted();
}

// A process that only looks in (df, a file indexer, one that is just ending) holds the mount for a
// moment: that is no use to detach for.
absl::Status Session::Impl::UnmountWithPatience() {
  constexpr int kTries = 20;
  absl::Status status = UnmountDirectory(mountpoint, /*lazy=*/false);
  for (int i = 1; i < kTries && ErrnoOf(status) == EBUSY; ++i) {
    if (loop_ended.WaitForNotificationWithTimeout(absl::Milliseconds(50))) break;
    status = UnmountDirectory(mountpoint, /*lazy=*/false);
  }
  return status;
}

// Takes a mount that is in use out of the tree, with everything committed, and ends the loop.
absl::Status Session::Impl::Detach() {
  log::Warning("mount_in_use", "dir", mountpoint, "action", "commit and detach");
  int root = open(mountpoint.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return PosixError(errno, mountpoint);
  // Pages of shared mappings come to us. The kernel does not wait for the answers; it does for that
  // to a request that it queues behind them.
  syncfs(root);
  struct statfs ignored;
  fstatfs(root, &ignored);
  absl::Status committed = context.fs.Sync();
  absl::Status detached = UnmountDirectory(mountpoint, /*lazy=*/true);
  // The loop looks at the exit flag after each request: this makes one. It is answered, or fails
  // when the connection is closed.
  fuse_session_exit(session);
  std::thread request = StartThread([root, &ignored] { fstatfs(root, &ignored); });
  loop.join();
  CloseConnection();
  request.join();
  close(root);
  return committed.ok() ? detached : committed;
}

// The mount is out of our tree. When a mount namespace that began while it was there has it still
// (a container's, that of a service), the kernel keeps the connection for as long as that lives.
void Session::Impl::EndAbandonedLoop() {
  if (loop_ended.WaitForNotificationWithTimeout(kUnmountPatience)) return;
  log::Warning("mount_in_another_namespace", "dir", mountpoint, "action", "close the connection");
  if (absl::Status aborted = AbortConnection(device); !aborted.ok()) {
    log::Error("connection_not_closed", "dir", mountpoint, "error", MessageOf(aborted));
  }
}

// Closes the channel to the kernel, which fails all further use of the mount. libfuse would unmount
// the directory again, whatever is there by now, unless the channel looks dead: a pipe that nobody
// reads does.
void Session::Impl::CloseConnection() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return;
  close(ends[0]);
  dup2(ends[1], fuse_session_fd(session));
  close(ends[1]);
}

// After the loop: gives back what the kernel no longer can.
void Session::Impl::End() {
  if (ended) return;
  ended = true;
  if (loop.joinable()) loop.join();
  context.waiting_writes.Drain();
  context.invalidations.Drain();
  context.syncs.Drain();
  for (OpenFile* file : context.open_files.All()) {
    context.fs.Release(context.open_files.Remove(file));
  }
  fuse_session_unmount(session);
  fuse_session_destroy(session);
}

absl::StatusOr<std::unique_ptr<Session>> Session::Mount(engine::Filesystem& fs, Options options) {
  auto impl = std::make_unique<Impl>(fs, std::move(options));
  OCA_RETURN_IF_ERROR(impl->Start());
  log::Info("mounted", "dir", impl->mountpoint, "threads", impl->options.threads);
  return std::unique_ptr<Session>(new Session(std::move(impl)));
}

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Session::~Session() {
  if (impl_->ended) return;
  absl::Status status = Unmount();
  if (!status.ok()) log::Error("unmount_failed", "error", MessageOf(status));
}

absl::Status Session::Unmount() {
  bool gone_already = impl_->unmounting.exchange(true);
  absl::Status status;
  if (!gone_already) {
    status = impl_->UnmountWithPatience();
    if (status.ok()) impl_->EndAbandonedLoop();
    if (ErrnoOf(status) == EBUSY) status = impl_->Detach();
    if (ErrnoOf(status) == EINVAL) status = absl::OkStatus();  // somebody was faster
  }
  impl_->End();
  if (status.ok()) log::Info("unmounted", "dir", impl_->mountpoint);
  return status;
}

void Session::InvalidateEntry(InodeNo parent, std::string_view name) {
  fuse_lowlevel_notify_inval_entry(impl_->session, parent.value, name.data(), name.size());
  InvalidateInode(impl_->context, parent, 0, 0);
}

void Session::InvalidateAttributes(InodeNo ino) { InvalidateInode(impl_->context, ino, -1, 0); }

void Session::InvalidateRoot() { InvalidateInode(impl_->context, names::kRootInode, 0, 0); }

const std::string& Session::mountpoint() const { return impl_->mountpoint; }

}  // namespace oca::fuse
