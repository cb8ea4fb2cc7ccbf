#include <algorithm>
#include <cerrno>
#include <utility>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/io/file_system.h"

namespace oca::io {
namespace {

constexpr size_t kReadStep = 64 * 1024;

absl::Status WriteNewFile(FileSystem& fs, const std::string& path, std::string_view data) {
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<File> file, fs.Open(path, OpenMode::kTruncate));
  OCA_RETURN_IF_ERROR(file->WriteAt(0, data));
  return file->Sync();
}

// OK when `path` is a directory; ENOENT when it is missing, ENOTDIR when it is something else.
absl::Status ExpectDir(FileSystem& fs, const std::string& path) {
  OCA_ASSIGN_OR_RETURN(FileInfo info, fs.Stat(path));
  return info.is_directory ? absl::OkStatus() : PosixError(ENOTDIR, path);
}

}  // namespace

std::string DirName(const std::string& path) {
  size_t end = path.find_last_not_of('/');
  if (end == std::string::npos) return "/";
  size_t slash = path.find_last_of('/', end);
  if (slash == std::string::npos) return ".";
  size_t last = path.find_last_not_of('/', slash);
  return last == std::string::npos ? "/" : path.substr(0, last + 1);
}

std::string JoinPath(std::string_view dir, std::string_view name) {
  return fmt::format("{}{}{}", dir, dir.ends_with('/') ? "" : "/", name);
}

absl::StatusOr<std::string> ReadFile(FileSystem& fs, const std::string& path) {
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<File> file, fs.Open(path, OpenMode::kRead));
  OCA_ASSIGN_OR_RETURN(uint64_t size, file->Size());
  std::string contents;
  // One byte more than the size, so that one read finds the end; more reads only when the file
  // grows meanwhile.
  for (uint64_t step = size + 1;; step = kReadStep) {
    size_t have = contents.size();
    contents.resize(have + step);
    OCA_ASSIGN_OR_RETURN(size_t got, file->ReadAt(have, std::span(contents).subspan(have)));
    contents.resize(have + got);
    if (got < step) return contents;
  }
}

absl::Status WriteFileAtomically(FileSystem& fs, const std::string& path, std::string_view data) {
  std::string temporary = path + ".tmp";
  absl::Status status = WriteNewFile(fs, temporary, data);
  if (status.ok()) status = fs.Rename(temporary, path);
  if (!status.ok()) {
    fs.RemoveFile(temporary).IgnoreError();  // the first error is the one to report
    return status;
  }
  return fs.SyncDir(DirName(path));
}

absl::Status CreateDirs(FileSystem& fs, const std::string& path) {
  std::vector<std::string> missing;
  std::string existing = path;
  for (;;) {
    absl::Status status = ExpectDir(fs, existing);
    if (status.ok()) break;
    if (ErrnoOf(status) != ENOENT || DirName(existing) == existing) return status;
    missing.push_back(existing);
    existing = DirName(existing);
  }
  // The deepest existing directory may be left by a call that died before its SyncDir. Where the
  // parent is unreadable to us, it is not ours either.
  absl::Status status = fs.SyncDir(DirName(existing));
  if (!status.ok() && ErrnoOf(status) != EACCES) return status;
  std::reverse(missing.begin(), missing.end());
  for (const std::string& dir : missing) {
    status = fs.CreateDir(dir);
    if (ErrnoOf(status) == EEXIST) status = ExpectDir(fs, dir);  // someone else was faster
    OCA_RETURN_IF_ERROR(status);
    OCA_RETURN_IF_ERROR(fs.SyncDir(DirName(dir)));
  }
  return absl::OkStatus();
}

absl::Status RemoveFileDurably(FileSystem& fs, const std::string& path) {
  OCA_RETURN_IF_ERROR(fs.RemoveFile(path));
  return fs.SyncDir(DirName(path));
}

}  // namespace oca::io
