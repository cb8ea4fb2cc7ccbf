// lib/io's file systems, the fault-injecting one above all, as storage of lib/vtape.
#ifndef OCA_T_SUPPORT_VTAPE_STORAGE_H_
#define OCA_T_SUPPORT_VTAPE_STORAGE_H_

#include <memory>
#include <string>

#include "lib/io/file_system.h"
#include "lib/vtape/storage.h"

namespace oca::support {

// Thread-safe. `fs` must outlive it and the files that it opened.
class VtapeStorage final : public vtape::Storage {
 public:
  explicit VtapeStorage(io::FileSystem& fs) : fs_(fs) {}

  vtape::Result<std::unique_ptr<vtape::StorageFile>> Open(const std::string& path,
                                                          Mode mode) override;
  vtape::Status CreateDir(const std::string& path) override;
  vtape::Status Rename(const std::string& from, const std::string& to) override;
  vtape::Status RemoveFile(const std::string& path) override;
  vtape::Status RemoveDir(const std::string& path) override;
  vtape::Status SyncDir(const std::string& dir) override;
  vtape::Result<std::unique_ptr<vtape::StorageLock>> Lock(const std::string& path) override;
  // Tests that use it have one holder at a time: kBusy instead of waiting.
  vtape::Result<std::unique_ptr<vtape::StorageLock>> LockAndWait(const std::string& path) override {
    return Lock(path);
  }

 private:
  io::FileSystem& fs_;
};

}  // namespace oca::support

#endif  // OCA_T_SUPPORT_VTAPE_STORAGE_H_
