// A file system with others mounted in it, which may be taken away while they are in use.
#ifndef OCA_LIB_IO_TESTING_MOUNT_FILE_SYSTEM_H_
#define OCA_LIB_IO_TESTING_MOUNT_FILE_SYSTEM_H_

#include <cerrno>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "lib/base/status.h"
#include "lib/io/file_system.h"

namespace oca::io {

// Thread-safe. What is mounted must outlive this. Unmounting is lazy, as by umount -l: files that
// are open stay so.
class MountFileSystem final : public FileSystem {
 public:
  explicit MountFileSystem(FileSystem& base) : base_(base) {}

  // `dir` ("/two") should be a folder of what lies below. Its root is that of `fs`.
  void Mount(const std::string& dir, FileSystem& fs) {
    absl::MutexLock lock(&mu_);
    mounts_[dir] = &fs;
  }
  void Unmount(const std::string& dir) {
    absl::MutexLock lock(&mu_);
    mounts_.erase(dir);
  }

  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    auto [fs, inner] = Route(path);
    return fs->Open(inner, mode);
  }
  absl::Status CreateDir(const std::string& path) override {
    auto [fs, inner] = Route(path);
    return fs->CreateDir(inner);
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    auto [fs, inner] = Route(from);
    auto [other, other_inner] = Route(to);
    if (fs != other) return PosixError(EXDEV, to);
    return fs->Rename(inner, other_inner);
  }
  absl::Status Link(const std::string& from, const std::string& to) override {
    auto [fs, inner] = Route(from);
    auto [other, other_inner] = Route(to);
    if (fs != other) return PosixError(EXDEV, to);
    return fs->Link(inner, other_inner);
  }
  absl::Status RemoveFile(const std::string& path) override {
    auto [fs, inner] = Route(path);
    return fs->RemoveFile(inner);
  }
  absl::Status RemoveDir(const std::string& path) override {
    auto [fs, inner] = Route(path);
    return fs->RemoveDir(inner);
  }
  absl::StatusOr<std::vector<std::string>> List(const std::string& dir) override {
    auto [fs, inner] = Route(dir);
    return fs->List(inner);
  }
  absl::Status SyncDir(const std::string& dir) override {
    auto [fs, inner] = Route(dir);
    return fs->SyncDir(inner);
  }
  absl::StatusOr<FileInfo> Stat(const std::string& path) override {
    auto [fs, inner] = Route(path);
    return fs->Stat(inner);
  }
  absl::StatusOr<SpaceInfo> Space(const std::string& path) override {
    auto [fs, inner] = Route(path);
    return fs->Space(inner);
  }
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    auto [fs, inner] = Route(path);
    return fs->Lock(inner);
  }

 private:
  std::pair<FileSystem*, std::string> Route(const std::string& path) {
    absl::MutexLock lock(&mu_);
    for (const auto& [dir, fs] : mounts_) {
      if (path == dir) return {fs, "/"};
      if (path.starts_with(dir + "/")) return {fs, path.substr(dir.size())};
    }
    return {&base_, path};
  }

  FileSystem& base_;
  absl::Mutex mu_;
  std::map<std::string, FileSystem*> mounts_ ABSL_GUARDED_BY(mu_);
};

}  // namespace oca::io

#endif  // OCA_LIB_IO_TESTING_MOUNT_FILE_SYSTEM_H_
