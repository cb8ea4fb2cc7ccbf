#include "t/support/vtape_storage.h"

#include <cerrno>
#include <utility>

#include "lib/base/status.h"

namespace oca::support {
namespace {

using vtape::Code;

vtape::Status Converted(const absl::Status& status) {
  if (status.ok()) return vtape::Status();
  Code code = Code::kIo;
  switch (ErrnoOf(status)) {
    case ENOSPC:
      code = Code::kNoSpace;
      break;
    case ENOENT:
      code = Code::kNotFound;
      break;
    case EEXIST:
      code = Code::kExists;
      break;
    case EAGAIN:
      code = Code::kBusy;
      break;
  }
  return vtape::Status(code, std::string(MessageOf(status)));
}

class File final : public vtape::StorageFile {
 public:
  explicit File(std::unique_ptr<io::File> file) : file_(std::move(file)) {}
  vtape::Result<size_t> ReadAt(uint64_t offset, std::span<char> out) override {
    auto n = file_->ReadAt(offset, out);
    if (!n.ok()) return Converted(n.status());
    return *n;
  }
  vtape::Status WriteAt(uint64_t offset, std::string_view data) override {
    return Converted(file_->WriteAt(offset, data));
  }
  vtape::Status Sync() override { return Converted(file_->Sync()); }
  vtape::Result<uint64_t> Size() override {
    auto size = file_->Size();
    if (!size.ok()) return Converted(size.status());
    return *size;
  }
  vtape::Status Truncate(uint64_t size) override { return Converted(file_->Truncate(size)); }

 private:
  std::unique_ptr<io::File> file_;
};

class HeldLock final : public vtape::StorageLock {
 public:
  explicit HeldLock(std::unique_ptr<io::FileLock> lock) : lock_(std::move(lock)) {}

 private:
  std::unique_ptr<io::FileLock> lock_;
};

}  // namespace

vtape::Result<std::unique_ptr<vtape::StorageFile>> VtapeStorage::Open(const std::string& path,
                                                                      Mode mode) {
  auto file =
      fs_.Open(path, mode == Mode::kReadWrite ? io::OpenMode::kReadWrite : io::OpenMode::kTruncate);
  if (!file.ok()) return Converted(file.status());
  return std::unique_ptr<vtape::StorageFile>(std::make_unique<File>(*std::move(file)));
}
vtape::Status VtapeStorage::CreateDir(const std::string& path) {
  vtape::Status status = Converted(fs_.CreateDir(path));
  return status.code() == Code::kExists ? vtape::Status() : status;
}
vtape::Status VtapeStorage::Rename(const std::string& from, const std::string& to) {
  return Converted(fs_.Rename(from, to));
}
vtape::Status VtapeStorage::RemoveFile(const std::string& path) {
  return Converted(fs_.RemoveFile(path));
}
vtape::Status VtapeStorage::RemoveDir(const std::string& path) {
  return Converted(fs_.RemoveDir(path));
}
vtape::Status VtapeStorage::SyncDir(const std::string& dir) { return Converted(fs_.SyncDir(dir)); }
vtape::Result<std::unique_ptr<vtape::StorageLock>> VtapeStorage::Lock(const std::string& path) {
  auto lock = fs_.Lock(path);
  if (!lock.ok()) return Converted(lock.status());
  return std::unique_ptr<vtape::StorageLock>(std::make_unique<HeldLock>(*std::move(lock)));
}

}  // namespace oca::support
