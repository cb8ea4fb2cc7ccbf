// RocksDB's file system on ours: all its I/O goes through lib/io, and names bytes obey the write
// barrier.
//
//   *.log, MANIFEST-*  framed logs (framed_log.h): appended bytes stay in memory until RocksDB
//   syncs the file. A write-ahead log is
//                      written only when all older ones are durable, so a crash leaves no gap
//                      between two of them.
//   *.sst              the barrier is called before the file is made.
//   CURRENT            the directory is synced before the rename that replaces it, so it never
//   points at a file that is not there.
//
// A failed write or barrier is an I/O error to RocksDB; its errno stays here.
#ifndef OCA_FS_NAMES_ROCKS_FILE_SYSTEM_H_
#define OCA_FS_NAMES_ROCKS_FILE_SYSTEM_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "fs/names/framed_log.h"
#include "lib/io/file_system.h"
#include "rocksdb/file_system.h"

namespace oca::names {

// Thread-safe.
class RocksFileSystem final : public rocksdb::FileSystem {
 public:
  // `salt` differs between openings. `fs` outlives this.
  RocksFileSystem(io::FileSystem* fs, std::function<absl::Status()> write_barrier, uint64_t salt);
  ~RocksFileSystem() override = default;

  // From now on nothing is written and the barrier is not called; waits for a call in progress. For
  // the destructor.
  void StopWriting() ABSL_LOCKS_EXCLUDED(barrier_mu_);
  // errno of the last failed write or barrier; EIO when none failed.
  int last_write_errno() const { return last_write_errno_.load(std::memory_order_relaxed); }
  // Bytes of write-ahead logs that wait in memory for a sync.
  uint64_t unsynced_log_bytes() const ABSL_LOCKS_EXCLUDED(logs_mu_);
  // Makes durable all that RocksDB appended to write-ahead logs, oldest first, each after the
  // barrier.
  absl::Status SyncWriteAheadLogs() ABSL_LOCKS_EXCLUDED(logs_sync_mu_, logs_mu_);
  // All write-ahead logs but the newest are obsolete, for tables hold what is in them: no sync
  // looks at them again.
  void DropOldWriteAheadLogs() ABSL_LOCKS_EXCLUDED(logs_sync_mu_, logs_mu_);

  const char* Name() const override { return "OcaFileSystem"; }
  rocksdb::IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* result,
                                      rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus NewRandomAccessFile(const std::string& path,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                                        rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* result,
                                 rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus FileExists(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus GetChildren(const std::string& dir, const rocksdb::IOOptions& options,
                                std::vector<std::string>* result,
                                rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus CreateDir(const std::string& path, const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus CreateDirIfMissing(const std::string& path, const rocksdb::IOOptions& options,
                                       rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus DeleteDir(const std::string& path, const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus GetFileSize(const std::string& path, const rocksdb::IOOptions& options,
                                uint64_t* size, rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus GetFileModificationTime(const std::string& path,
                                            const rocksdb::IOOptions& options, uint64_t* seconds,
                                            rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus LockFile(const std::string& path, const rocksdb::IOOptions& options,
                             rocksdb::FileLock** lock, rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus UnlockFile(rocksdb::FileLock* lock, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus GetTestDirectory(const rocksdb::IOOptions& options, std::string* path,
                                     rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus GetAbsolutePath(const std::string& path, const rocksdb::IOOptions& options,
                                    std::string* result, rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus IsDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                bool* is_dir, rocksdb::IODebugContext* dbg) override;

 private:
  friend class LogFile;
  friend class TableFile;

  // OK when names bytes may be written.
  absl::Status Barrier() ABSL_LOCKS_EXCLUDED(barrier_mu_);
  absl::Status CheckWritable() const;
  // Notes the errno of a failed write.
  rocksdb::IOStatus WriteStatus(const absl::Status& status);
  void RemoveWriteAheadLog(uint64_t number) ABSL_LOCKS_EXCLUDED(logs_sync_mu_, logs_mu_);

  io::FileSystem* const fs_;
  const std::function<absl::Status()> write_barrier_;
  std::atomic<uint64_t> next_salt_;
  std::atomic<int> last_write_errno_;

  absl::Mutex barrier_mu_;  // held shared while the barrier runs
  std::atomic<bool> stopped_ = false;

  absl::Mutex logs_sync_mu_
      ABSL_ACQUIRED_BEFORE(logs_mu_);  // one sync at a time; no log goes away meanwhile
  mutable absl::Mutex logs_mu_;
  std::map<uint64_t, FramedLogWriter*> logs_ ABSL_GUARDED_BY(logs_mu_);
};

}  // namespace oca::names

#endif  // OCA_FS_NAMES_ROCKS_FILE_SYSTEM_H_
