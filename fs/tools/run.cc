#include "fs/tools/run.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "fs/index/fingerprint_index.h"
#include "fs/store/storage_paths.h"
#include "fs/tools/arguments.h"
#include "fs/tools/examine.h"
#include "fs/tools/findings.h"
#include "fs/tools/rebuild_names.h"
#include "fs/tools/structures.h"
#include "lib/base/status.h"
#include "lib/conf/conf.h"
#include "lib/daemon/secret_file.h"
#include "lib/io/overlay_file_system.h"
#include "lib/log/log.h"

namespace oca::ofsck {
namespace {

int Fail(int code, const absl::Status& status) {
  fmt::print(stderr, "ofsck: {}\n", MessageOf(status));
  return code;
}

// How far it is: one line that is drawn over on a terminal, else a line for each tenth.
class Progress {
 public:
  explicit Progress(bool wanted) : terminal_(isatty(STDERR_FILENO) == 1), wanted_(wanted) {}
  ~Progress() { Clear(); }

  void Draw(std::string_view phase, const engine::ScanStatus& status) {
    const int tenth = static_cast<int>(status.progress_percent / 10);
    if (!terminal_ && (!wanted_ || tenth == last_tenth_)) return;
    last_tenth_ = tenth;
    fmt::print(stderr, "{}{}: {:.0f} %, {} inodes, {} packs, {} chunks{}",
               terminal_ ? "\r\033[K" : "", phase, status.progress_percent, status.inodes_checked,
               status.packs_checked, status.chunks_checked, terminal_ ? "" : "\n");
    drawn_ = terminal_;
  }
  void Clear() {
    if (std::exchange(drawn_, false)) fmt::print(stderr, "\r\033[K");
  }

 private:
  const bool terminal_;
  const bool wanted_;
  bool drawn_ = false;
  int last_tenth_ = -1;
};

class Ofsck {
 public:
  Ofsck(const Arguments& arguments, const conf::Config& config)
      : arguments_(arguments),
        repository_(arguments.home + "/data"),
        progress_(arguments.progress) {
    engine_.fs = &io::PosixFileSystem();
    engine_.clock = &SystemClock();
    engine_.dir = repository_;
    engine_.memory_budget_bytes = config.fs.memory_budget_bytes;
    engine_.workers = static_cast<int>(config.fs.workers);
    engine_.cleaning.automatic = false;
    engine_.cleaning.moves = false;
    engine_.root_uid = geteuid();
    engine_.root_gid = getegid();
    passphrase_dir_ =
        arguments.passphrase_dir.empty() ? config.fs.passphrase_dir : arguments.passphrase_dir;
    if (passphrase_dir_.empty()) return;
    engine_.passphrase_of = [dir = passphrase_dir_](const engine::StorageGroup& group) {
      return daemon::ReadSecretFile(dir + "/" + group.name);
    };
  }

  absl::StatusOr<int> Run() {
    Findings found(Printer("fault: "));
    OCA_RETURN_IF_ERROR(Check("check", &found));
    if (!arguments_.changes()) {
      fmt::print("{}: {}\n", repository_,
                 found.faults().empty()
                     ? "no faults"
                     : fmt::format("{} faults; nothing was changed (see --repair)",
                                   found.faults().size()));
      return CodeOf(found);
    }
    OCA_RETURN_IF_ERROR(BeginManifest(found));
    Findings done(Printer("done: "));
    OCA_RETURN_IF_ERROR(Change(&done));
    // What a repair says of itself is one thing, what is there now another.
    Findings left(Printer("left: "));
    OCA_RETURN_IF_ERROR(Check("check again", &left));
    OCA_RETURN_IF_ERROR(EndManifest(done, left));
    fmt::print("{}: {} faults, {} changes, {} faults left; all are listed in {}\n", repository_,
               found.faults().size(), done.done().size(), left.faults().size(), manifest_path_);
    return CodeOf(left) | (done.done().empty() ? kClean : kRepaired);
  }

 private:
  static int CodeOf(const Findings& found) {
    return (found.faults().empty() ? kClean : kFaultsLeft) |
           (found.unchecked().empty() ? kClean : kNotChecked);
  }

  // Prints lines of the kind that `label` is for, and what could not be checked. The check works on
  // an overlay and changes that: nobody wants to read of it.
  Findings::Listener Printer(std::string_view label) {
    return [this, label](Findings::Kind kind, const std::string& line) {
      const bool is_change = kind == Findings::Kind::kDone;
      if (kind != Findings::Kind::kUnchecked && is_change != (label == "done: ")) return;
      progress_.Clear();
      fmt::print("{}{}\n", kind == Findings::Kind::kUnchecked ? "not checked: " : label, line);
    };
  }

  absl::Status TakeLock() {
    auto lock = io::PosixFileSystem().Lock(repository_ + "/lock");
    if (ErrnoOf(lock.status()) == EAGAIN) {
      return PosixError(EBUSY, fmt::format("{} is in use: stop the appliance first, or check it "
                                           "while it runs by oca maintenance --filesystem "
                                           "--start_scan verify_data",
                                           repository_));
    }
    if (!lock.ok()) return lock.status();
    lock_ = *std::move(lock);
    return absl::OkStatus();
  }

  // The repository and its storage paths.
  std::vector<std::string> Folders() const {
    std::vector<std::string> folders{repository_};
    auto listed = store::StoragePaths::ReadList(io::PosixFileSystem(), repository_);
    if (!listed.ok()) return folders;  // the check tells of it
    for (format::StoragePath& path : *listed) folders.push_back(std::move(path.dir));
    return folders;
  }

  Examination What(io::FileSystem& fs, std::string_view phase) {
    Examination what;
    what.engine = engine_;
    what.engine.fs = &fs;
    what.progress = [this, phase](const engine::ScanStatus& status) {
      progress_.Draw(phase, status);
    };
    return what;
  }

  absl::Status Check(std::string_view phase, Findings* found) {
    OCA_RETURN_IF_ERROR(TakeLock());
    io::OverlayFileSystem overlay(io::PosixFileSystem(), Folders());
    absl::Status status = Examine(What(overlay, phase), found);
    progress_.Clear();
    return status;
  }

  absl::Status Change(Findings* done) {
    io::FileSystem& fs = io::PosixFileSystem();
    if (arguments_.rebuild_names) OCA_RETURN_IF_ERROR(ChangeNames(done));
    if (arguments_.rebuild_index) {
      OCA_ASSIGN_OR_RETURN(std::vector<GroupId> groups, GroupFolders(fs, repository_));
      for (GroupId id : groups) {
        const std::string path = GroupFolder(repository_, id) + "/index.snapshot";
        OCA_RETURN_IF_ERROR(index::FingerprintIndex::RemoveSnapshot(fs, path));
        done->Done(fmt::format("{}: made anew from the packs", path));
      }
    }
    lock_.reset();  // the engine takes it
    Examination what = What(fs, "repair");
    what.repair = true;
    absl::Status status = Examine(what, done);
    progress_.Clear();
    return status;
  }

  absl::Status ChangeNames(Findings* done) {
    {
      io::OverlayFileSystem overlay(io::PosixFileSystem(), Folders());
      engine::Options trial = engine_;
      trial.fs = &overlay;
      absl::Status opened = NamesOpen(trial);
      if (opened.ok()) {
        return absl::FailedPreconditionError(
            "the names database can be opened: --rebuild-names would only lose names");
      }
      if (ErrnoOf(opened) != EIO) return opened;
    }
    return RebuildNames(engine_, passphrase_dir_, done);
  }

  // What is wrong is on disk before anything is changed.
  absl::Status BeginManifest(const Findings& found) {
    manifest_path_ = arguments_.manifest;
    if (manifest_path_.empty()) {
      manifest_path_ =
          fmt::format("{}/ofsck-{}.manifest", arguments_.home,
                      absl::FormatTime("%Y%m%dT%H%M%SZ", absl::Now(), absl::UTCTimeZone()));
    }
    manifest_ = fmt::format("ofsck {} of {}\n\n{} faults found:\n", OCA_VERSION, repository_,
                            found.faults().size());
    for (const std::string& line : found.faults()) manifest_ += "  " + line + "\n";
    for (const std::string& line : found.unchecked()) manifest_ += "  not checked: " + line + "\n";
    return io::WriteFileAtomically(io::PosixFileSystem(), manifest_path_,
                                   manifest_ + "\nThe repair has begun, and has not ended.\n");
  }

  absl::Status EndManifest(const Findings& done, const Findings& left) {
    manifest_ += fmt::format("\n{} changes:\n", done.done().size());
    for (const std::string& line : done.done()) manifest_ += "  " + line + "\n";
    manifest_ += fmt::format("\n{} faults left:\n", left.faults().size());
    for (const std::string& line : left.faults()) manifest_ += "  " + line + "\n";
    return io::WriteFileAtomically(io::PosixFileSystem(), manifest_path_, manifest_);
  }

  const Arguments& arguments_;
  const std::string repository_;
  engine::Options engine_;
  std::string passphrase_dir_;
  std::unique_ptr<io::FileLock> lock_;
  Progress progress_;
  std::string manifest_path_, manifest_;
};

}  // namespace

int Run(int argc, const char* const* argv) {
  umask(077);
  absl::StatusOr<Arguments> arguments = ParseArguments(argc, argv);
  if (!arguments.ok()) return Fail(kUsage, arguments.status());
  if (!arguments->text.empty()) {
    fmt::print("{}", arguments->text);
    return kClean;
  }
  absl::StatusOr<conf::Config> config = conf::LoadOfHome(arguments->home, arguments->config_path);
  if (!config.ok()) return Fail(kUsage, config.status());
  const std::string repository = arguments->home + "/data";
  if (absl::Status there = io::PosixFileSystem().Stat(repository).status(); !there.ok()) {
    return Fail(kNotChecked, Annotate(there, "there is no repository"));
  }
  absl::Status status =
      log::InitLog("ofsck", arguments->home + "/log/ofsck.log", config->log.level);
  if (!status.ok()) return Fail(kNotChecked, status);
  absl::StatusOr<int> code = Ofsck(*arguments, *config).Run();
  return code.ok() ? *code : Fail(kNotChecked, code.status());
}

}  // namespace oca::ofsck
