// Another file system as it might become: everything reads as it is below, every change stays in
// memory and ends with this object. So a program can be tried on files that it must not touch.
#ifndef OCA_LIB_IO_OVERLAY_FILE_SYSTEM_H_
#define OCA_LIB_IO_OVERLAY_FILE_SYSTEM_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "lib/io/file_system.h"

namespace oca::io {

// Thread-safe. Shows `dirs` of `base` (which must outlive it, and should not change meanwhile) and
// what is below them; other paths are ENOENT, but for the folders that lead there. None lies in
// another. Files are changed in
// pieces of 64 KiB, which is what memory they take. Locks are of this object only. Syncs promise
// nothing.
class OverlayFileSystem final : public FileSystem {
 public:
  OverlayFileSystem(FileSystem& base, std::vector<std::string> dirs);
  ~OverlayFileSystem() override;

  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  absl::Status CreateDir(const std::string& path) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Link(const std::string& from, const std::string& to) override;
  absl::Status RemoveFile(const std::string& path) override;
  absl::Status RemoveDir(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> List(const std::string& dir) override;
  absl::Status SyncDir(const std::string& dir) override;
  absl::StatusOr<FileInfo> Stat(const std::string& path) override;
  absl::StatusOr<SpaceInfo> Space(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override;

 private:
  struct Node;
  class Handle;
  class HeldLock;
  using NodePtr = std::shared_ptr<Node>;
  // The directory that holds a path's last name, and what stands there (null: nothing). The root
  // has no directory.
  struct Spot {
    NodePtr dir;
    std::string name;
    NodePtr node;
  };

  // A folder that is shown.
  struct Top {
    std::string dir;
    NodePtr root;
  };

  // Whether the path is of a folder above what is shown.
  bool LeadsThere(std::string_view path) const;
  // Reads the directory from below, once.
  absl::Status LoadEntries(Node& dir) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The folder that the path is or lies in; null when there is none.
  const Top* TopOf(std::string_view path) const;
  // ENOENT, ENOTDIR: of what leads to it.
  absl::StatusOr<Spot> Find(std::string_view path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::StatusOr<Spot> FindExisting(std::string_view path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::StatusOr<NodePtr> OpenNode(const std::string& path, OpenMode mode)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Remove(const std::string& path, bool directory) ABSL_LOCKS_EXCLUDED(mu_);

  FileSystem& base_;
  std::vector<Top> tops_;  // never changes
  absl::Mutex mu_;         // of names; each file has one of its own
};

}  // namespace oca::io

#endif  // OCA_LIB_IO_OVERLAY_FILE_SYSTEM_H_
