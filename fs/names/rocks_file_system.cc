#include "fs/names/rocks_file_system.h"

#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "fs/names/rocks_files.h"
#include "lib/base/status.h"

namespace oca::names {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

std::string_view BaseName(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::optional<uint64_t> ParseNumber(std::string_view digits) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

// "/dir/000012.log" -> 12
std::optional<uint64_t> WriteAheadLogNumber(std::string_view path) {
  std::string_view name = BaseName(path);
  if (!name.ends_with(".log")) return std::nullopt;
  name.remove_suffix(4);
  return ParseNumber(name);
}

// The number of a file that is kept as a framed log.
std::optional<uint64_t> FramedLogNumber(std::string_view path) {
  constexpr std::string_view kManifest = "MANIFEST-";
  const std::string_view name = BaseName(path);
  if (name.starts_with(kManifest)) return ParseNumber(name.substr(kManifest.size()));
  return WriteAheadLogNumber(path);
}

}  // namespace

IOStatus ToIoStatus(const absl::Status& status) {
  if (status.ok()) return IOStatus::OK();
  const std::string message(MessageOf(status));
  if (status.code() == absl::StatusCode::kDataLoss) return IOStatus::Corruption(message);
  switch (ErrnoOf(status)) {
    case ENOENT:
      return IOStatus::PathNotFound(message);
    case EAGAIN:
    case EBUSY:
      return IOStatus::Busy(message);
    default:
      return IOStatus::IOError(message);
  }
}

RocksFileSystem::RocksFileSystem(io::FileSystem* fs, std::function<absl::Status()> write_barrier,
                                 uint64_t salt)
    : fs_(fs), write_barrier_(std::move(write_barrier)), next_salt_(salt), last_write_errno_(EIO) {}

void RocksFileSystem::StopWriting() {
  stopped_.store(true);
  absl::WriterMutexLock lock(&barrier_mu_);  // waits for barriers in progress
}

absl::Status RocksFileSystem::CheckWritable() const {
  return stopped_.load() ? PosixError(ESHUTDOWN, "names: closing") : absl::OkStatus();
}

absl::Status RocksFileSystem::Barrier() {
  absl::ReaderMutexLock lock(&barrier_mu_);
  OCA_RETURN_IF_ERROR(CheckWritable());
  return write_barrier_ == nullptr ? absl::OkStatus() : write_barrier_();
}

IOStatus RocksFileSystem::WriteStatus(const absl::Status& status) {
  if (status.ok()) return IOStatus::OK();
  last_write_errno_.store(ErrnoOf(status), std::memory_order_relaxed);
  // Never RocksDB's code for a full disk: for that it would start a recovery thread of its own.
  return IOStatus::IOError(std::string(MessageOf(status)));
}

uint64_t RocksFileSystem::unsynced_log_bytes() const {
  absl::MutexLock lock(&logs_mu_);
  uint64_t sum = 0;
  for (const auto& [number, log] : logs_) sum += log->unsynced_bytes();
  return sum;
}

absl::Status RocksFileSystem::SyncWriteAheadLogs() {
  absl::MutexLock sync_lock(&logs_sync_mu_);
  std::vector<FramedLogWriter*> logs;
  {
    absl::MutexLock lock(&logs_mu_);
    for (const auto& [number, log] : logs_) logs.push_back(log);
  }
  for (FramedLogWriter* log : logs) {
    OCA_RETURN_IF_ERROR(log->Sync([this] { return Barrier(); }));
  }
  return absl::OkStatus();
}

void RocksFileSystem::DropOldWriteAheadLogs() {
  absl::MutexLock sync_lock(&logs_sync_mu_);
  absl::MutexLock lock(&logs_mu_);
  while (logs_.size() > 1) logs_.erase(logs_.begin());
}

void RocksFileSystem::RemoveWriteAheadLog(uint64_t number) {
  absl::MutexLock sync_lock(&logs_sync_mu_);
  absl::MutexLock lock(&logs_mu_);
  logs_.erase(number);
}

IOStatus RocksFileSystem::NewSequentialFile(const std::string& path, const rocksdb::FileOptions&,
                                            std::unique_ptr<rocksdb::FSSequentialFile>* result,
                                            IODebugContext*) {
  auto file = fs_->Open(path, io::OpenMode::kRead);
  if (!file.ok()) return ToIoStatus(file.status());
  if (const auto number = FramedLogNumber(path)) {
    *result =
        std::make_unique<LogReadFile>(std::make_unique<FramedLogReader>(*std::move(file), *number));
  } else {
    *result = std::make_unique<SequentialFile>(*std::move(file));
  }
  return IOStatus::OK();
}

IOStatus RocksFileSystem::NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions&,
                                              std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                                              IODebugContext*) {
  auto file = fs_->Open(path, io::OpenMode::kRead);
  if (!file.ok()) return ToIoStatus(file.status());
  *result = std::make_unique<RandomAccessFile>(*std::move(file));
  return IOStatus::OK();
}

IOStatus RocksFileSystem::NewWritableFile(const std::string& path,
                                          const rocksdb::FileOptions& options,
                                          std::unique_ptr<rocksdb::FSWritableFile>* result,
                                          IODebugContext*) {
  absl::Status ready = BaseName(path).ends_with(".sst") ? Barrier() : CheckWritable();
  if (!ready.ok()) return WriteStatus(ready);
  if (const auto number = FramedLogNumber(path)) {
    auto writer = std::make_unique<FramedLogWriter>(fs_, path, *number, next_salt_++);
    const auto write_ahead_number = WriteAheadLogNumber(path);
    if (write_ahead_number) {
      absl::MutexLock lock(&logs_mu_);
      logs_[*write_ahead_number] = writer.get();
    }
    *result = std::make_unique<LogFile>(this, std::move(writer), write_ahead_number);
    return IOStatus::OK();
  }
  auto file = fs_->Open(path, io::OpenMode::kTruncate);
  if (!file.ok()) return WriteStatus(file.status());
  *result = std::make_unique<TableFile>(this, *std::move(file), options);
  return IOStatus::OK();
}

IOStatus RocksFileSystem::NewDirectory(const std::string& path, const IOOptions&,
                                       std::unique_ptr<rocksdb::FSDirectory>* result,
                                       IODebugContext*) {
  if (auto info = fs_->Stat(path); !info.ok()) return ToIoStatus(info.status());
  *result = std::make_unique<Directory>([this, path] {
    absl::Status ready = CheckWritable();
    return WriteStatus(ready.ok() ? fs_->SyncDir(path) : ready);
  });
  return IOStatus::OK();
}

IOStatus RocksFileSystem::FileExists(const std::string& path, const IOOptions&, IODebugContext*) {
  auto info = fs_->Stat(path);
  if (ErrnoOf(info.status()) == ENOENT) return IOStatus::NotFound(path);
  return ToIoStatus(info.status());
}

IOStatus RocksFileSystem::GetChildren(const std::string& dir, const IOOptions&,
                                      std::vector<std::string>* result, IODebugContext*) {
  result->clear();
  auto names = fs_->List(dir);
  if (ErrnoOf(names.status()) == ENOENT) return IOStatus::NotFound(dir);
  if (!names.ok()) return ToIoStatus(names.status());
  *result = *std::move(names);
  return IOStatus::OK();
}

IOStatus RocksFileSystem::DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) {
  absl::Status status = CheckWritable();
  if (status.ok()) status = fs_->RemoveFile(path);
  return ToIoStatus(status);
}

IOStatus RocksFileSystem::CreateDir(const std::string& path, const IOOptions&, IODebugContext*) {
  absl::Status status = CheckWritable();
  if (status.ok()) status = fs_->CreateDir(path);
  return WriteStatus(status);
}

IOStatus RocksFileSystem::CreateDirIfMissing(const std::string& path, const IOOptions& options,
                                             IODebugContext* dbg) {
  auto info = fs_->Stat(path);
  if (info.ok() && info->is_directory) return IOStatus::OK();
  return CreateDir(path, options, dbg);
}

IOStatus RocksFileSystem::DeleteDir(const std::string& path, const IOOptions&, IODebugContext*) {
  absl::Status status = CheckWritable();
  if (status.ok()) status = fs_->RemoveDir(path);
  return ToIoStatus(status);
}

IOStatus RocksFileSystem::GetFileSize(const std::string& path, const IOOptions&, uint64_t* size,
                                      IODebugContext*) {
  const auto number = FramedLogNumber(path);
  if (!number) {
    auto info = fs_->Stat(path);
    if (!info.ok()) return ToIoStatus(info.status());
    *size = info->size_bytes;
    return IOStatus::OK();
  }
  auto file = fs_->Open(path, io::OpenMode::kRead);
  if (!file.ok()) return ToIoStatus(file.status());
  auto log_size = FramedLogReader(*std::move(file), *number).SkipToEnd();
  if (!log_size.ok()) return ToIoStatus(log_size.status());
  *size = *log_size;
  return IOStatus::OK();
}

IOStatus RocksFileSystem::GetFileModificationTime(const std::string& path, const IOOptions&,
                                                  uint64_t* seconds, IODebugContext*) {
  auto info = fs_->Stat(path);
  if (!info.ok()) return ToIoStatus(info.status());
  *seconds = static_cast<uint64_t>(info->mtime_seconds);
  return IOStatus::OK();
}

IOStatus RocksFileSystem::RenameFile(const std::string& from, const std::string& to,
                                     const IOOptions&, IODebugContext*) {
  absl::Status status = CheckWritable();
  if (status.ok() && BaseName(to) == "CURRENT") status = fs_->SyncDir(io::DirName(to));
  if (status.ok()) status = fs_->Rename(from, to);
  return WriteStatus(status);
}

IOStatus RocksFileSystem::LockFile(const std::string& path, const IOOptions&,
                                   rocksdb::FileLock** lock, IODebugContext*) {
  auto held = fs_->Lock(path);
  if (!held.ok()) return ToIoStatus(held.status());
  *lock = new HeldLock(*std::move(held));
  return IOStatus::OK();
}

IOStatus RocksFileSystem::UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) {
  delete lock;
  return IOStatus::OK();
}

IOStatus RocksFileSystem::GetTestDirectory(const IOOptions&, std::string*, IODebugContext*) {
  return IOStatus::NotSupported("test directory");
}

IOStatus RocksFileSystem::GetAbsolutePath(const std::string& path, const IOOptions&,
                                          std::string* result, IODebugContext*) {
  *result = path;
  return IOStatus::OK();
}

IOStatus RocksFileSystem::IsDirectory(const std::string& path, const IOOptions&, bool* is_dir,
                                      IODebugContext*) {
  auto info = fs_->Stat(path);
  if (!info.ok()) return ToIoStatus(info.status());
  *is_dir = info->is_directory;
  return IOStatus::OK();
}

IOStatus LogFile::Sync(const IOOptions&, IODebugContext*) {
  absl::Status status = write_ahead_number_
                            ? owner_->SyncWriteAheadLogs()
                            : writer_->Sync([this] { return owner_->CheckWritable(); });
  return owner_->WriteStatus(status);
}

IOStatus LogFile::Append(const rocksdb::Slice& data, const IOOptions&, IODebugContext*) {
  writer_->Append({data.data(), data.size()});
  return IOStatus::OK();
}

IOStatus LogFile::Close(const IOOptions&, IODebugContext*) {
  if (std::exchange(closed_, true)) return IOStatus::OK();
  if (write_ahead_number_) owner_->RemoveWriteAheadLog(*write_ahead_number_);
  return IOStatus::OK();
}

LogFile::~LogFile() { LogFile::Close({}, nullptr).PermitUncheckedError(); }

IOStatus TableFile::Append(const rocksdb::Slice& data, const IOOptions&, IODebugContext*) {
  absl::Status status = owner_->CheckWritable();
  if (status.ok()) status = file_->WriteAt(size_, {data.data(), data.size()});
  if (status.ok()) size_ += data.size();
  return owner_->WriteStatus(status);
}

IOStatus TableFile::Sync(const IOOptions&, IODebugContext*) {
  absl::Status status = owner_->CheckWritable();
  if (status.ok()) status = file_->Sync();
  return owner_->WriteStatus(status);
}

}  // namespace oca::names
