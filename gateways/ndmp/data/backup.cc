#include "gateways/ndmp/data/backup.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gateways/ndmp/data/attributes.h"
#include "gateways/ndmp/data/tar_writer.h"
#include "lib/base/bell.h"
#include "lib/base/status.h"

namespace oca::ndmp {
namespace {

constexpr size_t kReadBytes = 1 << 20;
constexpr size_t kBatch = 100;
constexpr absl::Duration kBatchTime = absl::Seconds(2);

absl::StatusOr<std::vector<std::string>> NamesIn(const FileDescriptor& folder) {
  // Its own descriptor: readdir closes what it was given, and moves it.
  const int fd = openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* dir = fd >= 0 ? fdopendir(fd) : nullptr;
  if (dir == nullptr) {
    absl::Status status = PosixError(errno, "its list of names");
    if (fd >= 0) close(fd);
    return status;
  }
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(dir)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  const int error = errno;
  closedir(dir);
  if (error != 0) return PosixError(error, "its list of names");
  return names;
}

class Walk {
 public:
  Walk(FileDescriptor top, const BackupOrder& order, Sink& sink, Reporter& reporter)
      : top_(std::move(top)), order_(order), reporter_(reporter), tar_(sink) {}

  absl::Status Run();

 private:
  // A folder whose files are being backed up.
  struct Level {
    std::string path;
    uint64_t node = 0;
    std::vector<std::string> names;
    size_t next = 0;
  };
  // What is being backed up.
  struct Item {
    std::string path;  // from the top
    std::string name;  // in `folder_`
    uint64_t parent = 0;
    struct stat info {};
  };

  absl::Status Enter(Level& level);
  absl::Status Visit(const Item& item);
  absl::Status VisitFolder(const Item& item);
  absl::Status VisitFile(const Item& item);
  absl::Status VisitContents(const Item& item, const FileDescriptor& file, archive_entry* entry);
  absl::Status VisitOther(const Item& item);
  // Its place in the stream, and in the history. begun_: whether it has one.
  absl::Status Begin(const Item& item, archive_entry* entry);
  absl::Status Contents(const Item& item, const FileDescriptor& file,
                        const std::vector<Extent>& extents);
  absl::Status Zeros(uint64_t count);
  // The next bytes of the file; false: it has fewer.
  absl::StatusOr<bool> Read(const FileDescriptor& file, const Extent& part);
  bool IsExcluded(const std::string& path, const std::string& name) const;
  void Remember(const Item& item, uint64_t offset);
  void SendHistory();
  // A file that is not in the backup as it should be.
  void Complain(const std::string& path, const absl::Status& status);

  const FileDescriptor top_;
  const BackupOrder& order_;
  Reporter& reporter_;
  TarWriter tar_;
  std::vector<Level> levels_;
  FileDescriptor folder_;  // of the last level, while it is open
  bool folder_is_open_ = false;
  bool begun_ = false;
  uint64_t last_node_ = 0;
  uint64_t files_ = 0;
  uint64_t complaints_ = 0;
  std::unordered_map<ino_t, std::string> linked_;  // files with several names: the first one
  std::vector<HistoryEntry> history_;
  absl::Time history_sent_ = MonotonicNow();
  std::string buffer_ = std::string(kReadBytes, '\0');
  const std::string zeros_ = std::string(kReadBytes, '\0');
};

absl::Status Walk::Run() {
  Item top{.path = "", .name = ".", .parent = 1};
  if (fstat(top_.get(), &top.info) != 0) return PosixError(errno, NameOfPath(order_.top));
  OCA_ASSIGN_OR_RETURN(folder_, OpenBeneath(top_, "", O_PATH | O_DIRECTORY));
  OCA_RETURN_IF_ERROR(VisitFolder(top));
  while (!levels_.empty()) {
    if (reporter_.stopped()) return absl::CancelledError("the backup is aborted");
    Level& level = levels_.back();
    if (level.next == level.names.size()) {
      levels_.pop_back();
      folder_is_open_ = false;
      continue;
    }
    Item item;
    item.name = std::move(level.names[level.next++]);
    item.path = Join(level.path, item.name);
    item.parent = level.node;
    if (IsExcluded(item.path, item.name)) continue;
    if (absl::Status status = Enter(level); !status.ok()) {
      Complain(item.path, status);
      continue;
    }
    if (fstatat(folder_.get(), item.name.c_str(), &item.info, AT_SYMLINK_NOFOLLOW) != 0) {
      // Deleted since the folder was read: as if it had never been there.
      if (errno != ENOENT) Complain(item.path, PosixError(errno, "its attributes"));
      continue;
    }
    OCA_RETURN_IF_ERROR(Visit(item));
  }
  SendHistory();
  OCA_RETURN_IF_ERROR(tar_.Finish());
  reporter_.Say(complaints_ == 0 ? LogType::kNormal : LogType::kWarning,
                fmt::format("{}: {} files and folders, {} of them not as they should be",
                            NameOfPath(order_.top), files_, complaints_));
  return absl::OkStatus();
}

// One folder is open at a time, however deep it lies.
absl::Status Walk::Enter(Level& level) {
  if (folder_is_open_) return absl::OkStatus();
  OCA_ASSIGN_OR_RETURN(folder_, OpenBeneath(top_, level.path, O_PATH | O_DIRECTORY));
  folder_is_open_ = true;
  return absl::OkStatus();
}

absl::Status Walk::Visit(const Item& item) {
  if (S_ISDIR(item.info.st_mode)) return VisitFolder(item);
  if (S_ISREG(item.info.st_mode)) return VisitFile(item);
  if (S_ISSOCK(item.info.st_mode)) {
    reporter_.Say(LogType::kNormal, fmt::format("/{}: sockets are not backed up", item.path));
    return absl::OkStatus();
  }
  return VisitOther(item);
}

absl::Status Walk::VisitFolder(const Item& item) {
  OCA_RETURN_IF_ERROR(VisitOther(item));
  if (!begun_) return absl::OkStatus();
  Level level;
  level.path = item.path;
  level.node = last_node_;
  absl::StatusOr<FileDescriptor> folder = OpenBeneath(top_, item.path, O_RDONLY | O_DIRECTORY);
  absl::StatusOr<std::vector<std::string>> names =
      folder.ok() ? NamesIn(*folder) : absl::StatusOr<std::vector<std::string>>(folder.status());
  if (!names.ok()) {
    Complain(item.path, names.status());
    return absl::OkStatus();
  }
  level.names = *std::move(names);
  levels_.push_back(std::move(level));
  folder_is_open_ = false;
  return absl::OkStatus();
}

absl::Status Walk::VisitOther(const Item& item) {
  begun_ = false;
  ArchiveEntry entry(archive_entry_new());
  if (absl::Status status = Describe(folder_, item.name, item.info, entry.get()); !status.ok()) {
    Complain(item.path, status);
    return absl::OkStatus();
  }
  OCA_RETURN_IF_ERROR(Begin(item, entry.get()));
  return tar_.End();
}

absl::Status Walk::VisitFile(const Item& item) {
  begun_ = false;
  ArchiveEntry entry(archive_entry_new());
  // What was a file a moment ago may be a fifo now, which nobody may wait for.
  FileDescriptor file(
      openat(folder_.get(), item.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  Item opened = item;
  absl::Status status = absl::OkStatus();
  if (!file.is_open() || fstat(file.get(), &opened.info) != 0) {
    status = PosixError(errno, "its contents");
  } else if (!S_ISREG(opened.info.st_mode)) {
    status = absl::AbortedError("it is no file any more");
  } else {
    status = Describe(folder_, item.name, opened.info, entry.get());
  }
  if (!status.ok()) {
    Complain(item.path, status);
    return absl::OkStatus();
  }
  if (auto first = linked_.find(opened.info.st_ino); first != linked_.end()) {
    archive_entry_copy_hardlink(entry.get(), fmt::format("./{}", first->second).c_str());
    archive_entry_set_size(entry.get(), 0);
    OCA_RETURN_IF_ERROR(Begin(opened, entry.get()));
    return tar_.End();
  }
  OCA_RETURN_IF_ERROR(VisitContents(opened, file, entry.get()));
  if (begun_ && opened.info.st_nlink > 1) linked_.emplace(opened.info.st_ino, item.path);
  return absl::OkStatus();
}

absl::Status Walk::VisitContents(const Item& item, const FileDescriptor& file,
                                 archive_entry* entry) {
  const auto size = static_cast<uint64_t>(item.info.st_size);
  const std::vector<Extent> extents = ExtentsOf(file, size);
  const bool whole = extents.size() == 1 && extents[0].offset == 0 && extents[0].length == size;
  if (!whole) {
    for (const Extent& extent : extents) {
      archive_entry_sparse_add_entry(entry, static_cast<la_int64_t>(extent.offset),
                                     static_cast<la_int64_t>(extent.length));
    }
    if (extents.empty() && size > 0) archive_entry_sparse_add_entry(entry, 0, 0);
  }
  OCA_RETURN_IF_ERROR(Begin(item, entry));
  return begun_ ? Contents(item, file, extents) : absl::OkStatus();
}

absl::Status Walk::Begin(const Item& item, archive_entry* entry) {
  // As in the archives of tar -C top . : folders end with '/'.
  archive_entry_copy_pathname(
      entry,
      fmt::format("./{}{}", item.path, S_ISDIR(item.info.st_mode) && !item.path.empty() ? "/" : "")
          .c_str());
  const uint64_t offset = tar_.position();
  absl::Status status = tar_.Begin(entry);
  if (absl::IsInvalidArgument(status)) {
    Complain(item.path, status);
    return absl::OkStatus();
  }
  OCA_RETURN_IF_ERROR(status);
  begun_ = true;
  ++files_;
  Remember(item, offset);
  return absl::OkStatus();
}

absl::Status Walk::Contents(const Item& item, const FileDescriptor& file,
                            const std::vector<Extent>& extents) {
  uint64_t at = 0;
  for (const Extent& extent : extents) {
    OCA_RETURN_IF_ERROR(Zeros(extent.offset - at));
    at = extent.offset;
    const uint64_t end = extent.offset + extent.length;
    while (at < end) {
      if (reporter_.stopped()) return absl::CancelledError("the backup is aborted");
      const uint64_t part = std::min<uint64_t>(kReadBytes, end - at);
      absl::StatusOr<bool> read = Read(file, {at, part});
      if (!read.ok() || !*read) {
        Complain(item.path, read.ok() ? absl::AbortedError("it became shorter while it was read; "
                                                           "its end is zeros in the backup")
                                      : read.status());
        return tar_.End();
      }
      OCA_RETURN_IF_ERROR(tar_.Data(std::string_view(buffer_).substr(0, part)));
      at += part;
    }
  }
  OCA_RETURN_IF_ERROR(Zeros(static_cast<uint64_t>(item.info.st_size) - at));
  return tar_.End();
}

absl::Status Walk::Zeros(uint64_t count) {
  while (count > 0) {
    if (reporter_.stopped()) return absl::CancelledError("the backup is aborted");
    const uint64_t part = std::min<uint64_t>(kReadBytes, count);
    OCA_RETURN_IF_ERROR(tar_.Data(std::string_view(zeros_).substr(0, part)));
    count -= part;
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Walk::Read(const FileDescriptor& file, const Extent& part) {
  uint64_t have = 0;
  while (have < part.length) {
    const ssize_t n = pread(file.get(), buffer_.data() + have, part.length - have,
                            static_cast<off_t>(part.offset + have));
    if (n == 0) return false;
    if (n < 0 && errno != EINTR) return PosixError(errno, "its contents");
    if (n > 0) have += static_cast<uint64_t>(n);
  }
  return true;
}

bool Walk::IsExcluded(const std::string& path, const std::string& name) const {
  return std::any_of(order_.excluded.begin(), order_.excluded.end(), [&](const std::string& each) {
    if (each.find('/') == std::string::npos) return fnmatch(each.c_str(), name.c_str(), 0) == 0;
    return fnmatch(each.c_str(), fmt::format("/{}", path).c_str(), FNM_PATHNAME) == 0 ||
           fnmatch(each.c_str(), path.c_str(), FNM_PATHNAME) == 0;
  });
}

void Walk::Remember(const Item& item, uint64_t offset) {
  ++last_node_;
  if (order_.history == HistoryKind::kNone) return;
  history_.push_back({item.path, last_node_, item.parent, offset, item.info});
  if (history_.size() >= kBatch || MonotonicNow() - history_sent_ >= kBatchTime) SendHistory();
}

void Walk::SendHistory() {
  history_sent_ = MonotonicNow();
  if (!history_.empty()) reporter_.History(std::exchange(history_, {}));
}

void Walk::Complain(const std::string& path, const absl::Status& status) {
  ++complaints_;
  reporter_.FileResult(fmt::format("/{}", path), status);
}

}  // namespace

absl::Status CheckTop(const Tree& tree, const BackupOrder& order) {
  OCA_ASSIGN_OR_RETURN(FileDescriptor root, tree.OpenRoot());
  return OpenBeneath(root, order.top, O_RDONLY | O_DIRECTORY).status();
}

absl::Status BackUp(const Tree& tree, const BackupOrder& order, Sink& sink, Reporter& reporter) {
  OCA_ASSIGN_OR_RETURN(FileDescriptor root, tree.OpenRoot());
  OCA_ASSIGN_OR_RETURN(FileDescriptor top, OpenBeneath(root, order.top, O_RDONLY | O_DIRECTORY));
  return Walk(std::move(top), order, sink, reporter).Run();
}

}  // namespace oca::ndmp
