// A file that stands encrypted on disk, in blocks: the index snapshot of an encrypted storage
// group. Byte map in docs/format/keys.md.
#ifndef OCA_FS_STORE_SEALED_FILE_H_
#define OCA_FS_STORE_SEALED_FILE_H_

#include <memory>
#include <string>
#include <vector>

#include "fs/store/group_keys.h"
#include "lib/io/file_system.h"

namespace oca::store {

// The file system below, but the files opened here are encrypted with the content key that `keys`
// had in use when each was opened. They are written once from the first byte to the last (each
// WriteAt where the one before ended, then one Sync), or read; other use is kUnimplemented. A file
// that is not encrypted, or is changed or cut, is kDataLoss. Thread-safe; both arguments must
// outlive it.
class SealedFiles final : public io::FileSystem {
 public:
  SealedFiles(io::FileSystem& below, const GroupKeys& keys) : below_(below), keys_(keys) {}

  absl::StatusOr<std::unique_ptr<io::File>> Open(const std::string& path,
                                                 io::OpenMode mode) override;
  absl::Status CreateDir(const std::string& path) override { return below_.CreateDir(path); }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    return below_.Rename(from, to);
  }
  absl::Status Link(const std::string& from, const std::string& to) override {
    return below_.Link(from, to);
  }
  absl::Status RemoveFile(const std::string& path) override { return below_.RemoveFile(path); }
  absl::Status RemoveDir(const std::string& path) override { return below_.RemoveDir(path); }
  absl::StatusOr<std::vector<std::string>> List(const std::string& dir) override {
    return below_.List(dir);
  }
  absl::Status SyncDir(const std::string& dir) override { return below_.SyncDir(dir); }
  absl::StatusOr<io::FileInfo> Stat(const std::string& path) override { return below_.Stat(path); }
  absl::StatusOr<io::SpaceInfo> Space(const std::string& path) override {
    return below_.Space(path);
  }
  absl::StatusOr<std::unique_ptr<io::FileLock>> Lock(const std::string& path) override {
    return below_.Lock(path);
  }

 private:
  io::FileSystem& below_;
  const GroupKeys& keys_;
};

}  // namespace oca::store

#endif  // OCA_FS_STORE_SEALED_FILE_H_
