// RocksDB as the names module uses it: one column family, atomic changes that gather in a write
// buffer, an explicit Commit, and errors with their errno.
#ifndef OCA_FS_NAMES_DATABASE_H_
#define OCA_FS_NAMES_DATABASE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "fs/names/rocks_file_system.h"
#include "fs/names/write_buffer.h"
#include "lib/base/clock.h"
#include "lib/io/file_system.h"
#include "rocksdb/db.h"

namespace oca::names {

inline rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
inline std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

struct DatabaseOptions {
  io::FileSystem* fs = nullptr;
  Clock* clock = nullptr;
  std::string dir;
  std::function<absl::Status()> write_barrier;
  uint64_t block_cache_bytes = 0;
  uint64_t write_buffer_bytes = 0;
  bool must_exist = false;  // see names::Options
};

// A moment of the database. Released by its destructor; must not outlive the database.
class Snapshot {
 public:
  explicit Snapshot(rocksdb::DB* db) : db_(db), snapshot_(db->GetSnapshot()) {}
  ~Snapshot() { db_->ReleaseSnapshot(snapshot_); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  const rocksdb::Snapshot* get() const { return snapshot_; }

 private:
  rocksdb::DB* const db_;
  const rocksdb::Snapshot* const snapshot_;
};

// Walks the keys of [from, end) in ascending order, as of its making or of a snapshot. Not
// thread-safe.
class Cursor {
 public:
  // `buffered`: changes of the range that are not in RocksDB, ascending.
  Cursor(rocksdb::DB* db, std::string_view from, std::string end, const Snapshot* snapshot,
         bool fill_cache, std::vector<Change> buffered);
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  bool Valid() const { return at_buffered_ || iterator_->Valid(); }
  void Next();
  void Seek(std::string_view key);
  std::string_view key() const;
  std::string_view value() const;
  // Why the walk ended: OK at the end of the range.
  absl::Status status() const;

 private:
  const std::string end_;
  const rocksdb::Slice end_slice_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
  // Chooses the lesser of both sides' keys; the buffer's change hides RocksDB's value.
  void Settle();

  const std::vector<Change> buffered_;
  std::vector<Change>::const_iterator next_buffered_;
  bool at_buffered_ = false;
};

// Thread-safe.
class Database {
 public:
  // Opens or creates.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const DatabaseOptions& options);
  // Loses what was not committed, or less.
  ~Database();

  // False: no such key.
  absl::StatusOr<bool> Get(std::string_view key, std::string* value,
                           const Snapshot* snapshot = nullptr) const;
  // All keys that start with `prefix`, or those of it from `from` on.
  Cursor Walk(std::string_view prefix, const Snapshot* snapshot = nullptr,
              bool fill_cache = true) const;
  Cursor WalkFrom(std::string_view from, std::string_view prefix,
                  const Snapshot* snapshot = nullptr, bool fill_cache = true) const;
  // Of all writes before the call.
  absl::StatusOr<std::unique_ptr<Snapshot>> TakeSnapshot() ABSL_LOCKS_EXCLUDED(write_mu_);

  // Applies the changes atomically: all of them are seen or none, now and after a crash.
  absl::Status Write(std::vector<Change> changes) ABSL_LOCKS_EXCLUDED(write_mu_, buffer_mu_);
  // Makes all writes before the call durable. Concurrent callers share one flush.
  absl::Status Commit() ABSL_LOCKS_EXCLUDED(commit_mu_);
  // After a failed write: recovers when the cause is gone.
  absl::Status Resume() ABSL_LOCKS_EXCLUDED(write_mu_, error_mu_);
  // Commits, then writes every table anew, without values that were replaced or deleted.
  absl::Status Rewrite() ABSL_LOCKS_EXCLUDED(write_mu_, commit_mu_);
  uint64_t DiskBytes() const;
  // Reads every table whole. kDataLoss: a block of one is damaged.
  absl::Status VerifyChecksums() const;
  // The database's identity and RocksDB's number of the last write that it was given, now and at
  // Open.
  std::string state() const;
  std::string opened_state() const { return opened_state_; }

 private:
  class ErrorListener;

  explicit Database(const DatabaseOptions& options);
  absl::Status OpenRocks(const DatabaseOptions& options);
  // The error that stops writes; OK when there is none.
  absl::Status StandingError() const ABSL_LOCKS_EXCLUDED(error_mu_);
  // Makes `error` the standing error, unless there is one. Returns it.
  absl::Status Fail(absl::Status error) ABSL_LOCKS_EXCLUDED(error_mu_);
  absl::Status FromWrite(const rocksdb::Status& status) const;
  // Hands what is buffered to RocksDB in one batch. On failure it stays buffered.
  absl::Status FlushBuffer() ABSL_LOCKS_EXCLUDED(write_mu_, buffer_mu_);
  absl::Status SyncLogs();
  // Writes all that is in memory to tables and leaves the logs behind.
  absl::Status FlushMemory() ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mu_);
  absl::Status TryFlushMemory() ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mu_);

  io::FileSystem* const fs_;
  const std::string dir_;
  const std::shared_ptr<RocksFileSystem> rocks_fs_;
  const std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<rocksdb::DB> db_;
  std::string opened_state_;

  absl::Mutex write_mu_ ABSL_ACQUIRED_BEFORE(error_mu_, buffer_mu_);  // FlushBuffer's and Resume's
  mutable absl::Mutex buffer_mu_;
  WriteBuffer buffer_ ABSL_GUARDED_BY(buffer_mu_);
  std::atomic<bool> failed_ = false;  // = !error_.ok(), readable without the lock
  mutable absl::Mutex error_mu_;
  absl::Status error_ ABSL_GUARDED_BY(error_mu_);

  std::atomic<uint64_t> flushes_begun_ = 0;  // to memory's tables, by RocksDB; numbered from 1
  std::atomic<uint64_t> failed_flush_ = 0;   // the number of the last one that failed
  std::atomic<bool> keeps_files_ = false;    // RocksDB deletes no files; see ErrorListener
  std::atomic<bool> compaction_fails_ = false;
  std::atomic<uint64_t> writes_ = 0;
  absl::Mutex commit_mu_;
  bool committing_ ABSL_GUARDED_BY(commit_mu_) = false;
  uint64_t committed_writes_ ABSL_GUARDED_BY(commit_mu_) = 0;
};

}  // namespace oca::names

#endif  // OCA_FS_NAMES_DATABASE_H_
