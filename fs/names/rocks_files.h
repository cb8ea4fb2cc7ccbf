// The kinds of file that RocksFileSystem hands to RocksDB.
#ifndef OCA_FS_NAMES_ROCKS_FILES_H_
#define OCA_FS_NAMES_ROCKS_FILES_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "fs/names/framed_log.h"
#include "fs/names/rocks_file_system.h"
#include "lib/io/file_system.h"
#include "rocksdb/file_system.h"

namespace oca::names {

// For errors of reads and look-ups.
rocksdb::IOStatus ToIoStatus(const absl::Status& status);

// A framed log being written. Close gives up what was not synced: RocksDB closes a log that it
// synced or needs no more.
class LogFile final : public rocksdb::FSWritableFile {
 public:
  // `write_ahead_number` is set for a write-ahead log.
  LogFile(RocksFileSystem* owner, std::unique_ptr<FramedLogWriter> writer,
          std::optional<uint64_t> write_ahead_number)
      : owner_(owner), writer_(std::move(writer)), write_ahead_number_(write_ahead_number) {}
  ~LogFile() override;

  using rocksdb::FSWritableFile::Append;
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus Flush(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus Close(const rocksdb::IOOptions& options, rocksdb::IODebugContext* dbg) override;
  bool IsSyncThreadSafe() const override { return true; }
  uint64_t GetFileSize(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return writer_->appended_bytes();
  }

 private:
  RocksFileSystem* const owner_;
  const std::unique_ptr<FramedLogWriter> writer_;
  const std::optional<uint64_t> write_ahead_number_;
  bool closed_ = false;
};

// A file written as it is: tables, and the small files that RocksDB replaces whole.
class TableFile final : public rocksdb::FSWritableFile {
 public:
  TableFile(RocksFileSystem* owner, std::unique_ptr<io::File> file,
            const rocksdb::FileOptions& options)
      : rocksdb::FSWritableFile(options), owner_(owner), file_(std::move(file)) {}

  using rocksdb::FSWritableFile::Append;
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus Flush(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus Close(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus RangeSync(uint64_t offset, uint64_t n, const rocksdb::IOOptions&,
                              rocksdb::IODebugContext*) override {
    file_->StartWriteback(offset, n);
    return rocksdb::IOStatus::OK();
  }
  uint64_t GetFileSize(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return size_;
  }

 private:
  RocksFileSystem* const owner_;
  const std::unique_ptr<io::File> file_;
  uint64_t size_ = 0;
};

inline rocksdb::IOStatus FinishRead(const absl::StatusOr<size_t>& n, char* scratch,
                                    rocksdb::Slice* result) {
  *result = rocksdb::Slice(scratch, n.ok() ? *n : 0);
  return ToIoStatus(n.status());
}

class SequentialFile final : public rocksdb::FSSequentialFile {
 public:
  explicit SequentialFile(std::unique_ptr<io::File> file) : file_(std::move(file)) {}
  rocksdb::IOStatus Read(size_t n, const rocksdb::IOOptions&, rocksdb::Slice* result, char* scratch,
                         rocksdb::IODebugContext*) override {
    const auto got = file_->ReadAt(offset_, std::span<char>(scratch, n));
    if (got.ok()) offset_ += *got;
    return FinishRead(got, scratch, result);
  }
  rocksdb::IOStatus Skip(uint64_t n) override {
    offset_ += n;
    return rocksdb::IOStatus::OK();
  }

 private:
  const std::unique_ptr<io::File> file_;
  uint64_t offset_ = 0;
};

class LogReadFile final : public rocksdb::FSSequentialFile {
 public:
  explicit LogReadFile(std::unique_ptr<FramedLogReader> reader) : reader_(std::move(reader)) {}
  rocksdb::IOStatus Read(size_t n, const rocksdb::IOOptions&, rocksdb::Slice* result, char* scratch,
                         rocksdb::IODebugContext*) override {
    return FinishRead(reader_->Read(std::span<char>(scratch, n)), scratch, result);
  }
  rocksdb::IOStatus Skip(uint64_t) override {
    return rocksdb::IOStatus::NotSupported("skip in a log");
  }

 private:
  const std::unique_ptr<FramedLogReader> reader_;
};

class RandomAccessFile final : public rocksdb::FSRandomAccessFile {
 public:
  explicit RandomAccessFile(std::unique_ptr<io::File> file) : file_(std::move(file)) {}
  rocksdb::IOStatus Read(uint64_t offset, size_t n, const rocksdb::IOOptions&,
                         rocksdb::Slice* result, char* scratch,
                         rocksdb::IODebugContext*) const override {
    return FinishRead(file_->ReadAt(offset, std::span<char>(scratch, n)), scratch, result);
  }

 private:
  const std::unique_ptr<io::File> file_;
};

class Directory final : public rocksdb::FSDirectory {
 public:
  explicit Directory(std::function<rocksdb::IOStatus()> sync) : sync_(std::move(sync)) {}
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return sync_();
  }
  rocksdb::IOStatus Close(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();
  }

 private:
  const std::function<rocksdb::IOStatus()> sync_;
};

class HeldLock final : public rocksdb::FileLock {
 public:
  explicit HeldLock(std::unique_ptr<io::FileLock> lock) : lock_(std::move(lock)) {}

 private:
  const std::unique_ptr<io::FileLock> lock_;
};

}  // namespace oca::names

#endif  // OCA_FS_NAMES_ROCKS_FILES_H_
