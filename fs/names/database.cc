#include "fs/names/database.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "fmt/format.h"
#include "fs/names/keys.h"
#include "lib/base/status.h"
#include "rocksdb/cache.h"
#include "rocksdb/convenience.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/listener.h"
#include "rocksdb/options.h"
#include "rocksdb/slice_transform.h"
#include "rocksdb/table.h"
#include "rocksdb/utilities/table_properties_collectors.h"
#include "rocksdb/write_batch.h"

namespace oca::names {
namespace {

// Log bytes that may wait in memory for a Commit; a write beyond it commits by itself.
constexpr uint64_t kMaxUnsyncedLogBytes = 32u << 20;
// Changes gather up to here: those of some hundred files. A walk copies what it finds of them.
constexpr size_t kMaxBufferedBytes = 512u << 10;

// Errors reach callers as statuses; RocksDB's own log file would only be one more file to look
// after.
class NoLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

// `io_errno` stands for an I/O error.
absl::Status FromRocks(const rocksdb::Status& status, int io_errno) {
  if (status.ok()) return absl::OkStatus();
  const std::string text = fmt::format("names: {}", status.ToString());
  if (status.IsCorruption()) return absl::DataLossError(text);
  if (status.IsNotFound()) return absl::InternalError(text);
  if (status.IsBusy() || status.IsTryAgain()) return PosixError(EBUSY, text);
  return PosixError(io_errno, text);
}

constexpr int kCacheShardBits = 3;  // some users at once, and shares that hold many blocks

rocksdb::Options RocksOptions(const DatabaseOptions& options, rocksdb::Env* env) {
  rocksdb::Options o;
  o.env = env;
  o.create_if_missing = !options.must_exist;
  o.info_log = std::make_shared<NoLogger>();
  o.stats_dump_period_sec = 0;
  o.stats_persist_period_sec = 0;
  o.max_background_jobs = 2;
  o.max_open_files = 512;
  o.skip_stats_update_on_db_open = true;
  o.avoid_unnecessary_blocking_io = true;

  o.manual_wal_flush = true;
  o.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  o.avoid_flush_during_shutdown = true;
  o.allow_concurrent_memtable_write = false;  // one writer
  o.paranoid_checks = true;
  o.paranoid_file_checks = true;
  o.max_bgerror_resume_count = 0;  // Resume is the owner's to call

  o.write_buffer_size = options.write_buffer_bytes;
  // Batches come in key order, and new inodes and entries at the end of their kind: an insert
  // starts where the last one of its kind ended. Most look-ups of a backup are for names that are
  // not there.
  o.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(1));
  o.memtable_prefix_bloom_size_ratio = 0.02;
  o.memtable_whole_key_filtering = true;
  o.level_compaction_dynamic_level_bytes = true;
  o.compression = rocksdb::kLZ4Compression;
  // A big directory that was emptied leaves tombstones that every walk would step over.
  o.table_properties_collector_factories.push_back(
      rocksdb::NewCompactOnDeletionCollectorFactory(4096, 2048));

  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes, kCacheShardBits);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.whole_key_filtering = true;
  // In small blocks, of which a look-up reads one: those of a whole table are as large as the share
  // of the cache that they would have to fit into.
  table.partition_filters = true;
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.format_version = 5;
  o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return o;
}

}  // namespace

// Hears of failed flushes and compactions, which no caller waits for, and decides what they mean.
//
// A failed flush stops writes until Resume. A failed compaction must not, RocksDB tries it again by
// itself: when in 7.8.3 an error meets a flush that is scheduled but has not begun, that flush is
// never scheduled again (DBImpl::BackgroundFlush returns without counting it back) and Resume waits
// for it for ever. Flushes run one at a time, so a flush's own error meets none. For the same
// reason RocksDB is not told of errors of the write-ahead log, see SyncLogs.
class Database::ErrorListener final : public rocksdb::EventListener {
 public:
  explicit ErrorListener(Database* owner) : owner_(owner) {}

  void OnFlushBegin(rocksdb::DB*, const rocksdb::FlushJobInfo&) override {
    compacting_ = false;
    flush_ = ++owner_->flushes_begun_;
    files_kept_at_flush_ = owner_->keeps_files_.load();
  }
  void OnFlushCompleted(rocksdb::DB* db, const rocksdb::FlushJobInfo&) override {
    // After a failed write of the manifest RocksDB deletes no files until a new one is in use; this
    // flush has made it.
    if (!files_kept_at_flush_.exchange(false)) return;
    owner_->keeps_files_ = false;
    db->EnableFileDeletions(/*force=*/true).PermitUncheckedError();
  }
  void OnCompactionBegin(rocksdb::DB*, const rocksdb::CompactionJobInfo&) override {
    compacting_ = true;
  }
  void OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo& info) override {
    if (info.status.ok()) owner_->compaction_fails_ = false;
  }
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
    if (status->IsIOError() && compacting_) {
      owner_->compaction_fails_ = true;
      owner_->keeps_files_ = true;
      *status = rocksdb::Status::OK();
      return;
    }
    owner_->failed_flush_ = flush_;
    if (status->IsIOError()) {
      // Curable by Resume: what is in memory is written again, to new files.
      *status = rocksdb::Status(*status, rocksdb::Status::Severity::kHardError);
    }
    owner_->Fail(owner_->FromWrite(*status)).IgnoreError();
  }

 private:
  // What this thread of RocksDB did last, and the number of its last flush.
  static thread_local bool compacting_;
  static thread_local uint64_t flush_;
  Database* const owner_;
  std::atomic<bool> files_kept_at_flush_ = false;
};

thread_local bool Database::ErrorListener::compacting_ = false;
thread_local uint64_t Database::ErrorListener::flush_ = 0;

Cursor::Cursor(rocksdb::DB* db, std::string_view from, std::string end, const Snapshot* snapshot,
               bool fill_cache, std::vector<Change> buffered)
    : end_(std::move(end)),
      end_slice_(ToSlice(end_)),
      buffered_(std::move(buffered)),
      next_buffered_(buffered_.begin()) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot == nullptr ? nullptr : snapshot->get();
  if (!end_.empty()) options.iterate_upper_bound = &end_slice_;
  options.fill_cache = fill_cache;
  iterator_.reset(db->NewIterator(options));
  Seek(from);
}

void Cursor::Seek(std::string_view key) {
  iterator_->Seek(ToSlice(key));
  next_buffered_ = std::lower_bound(
      buffered_.begin(), buffered_.end(), key,
      [](const Change& change, std::string_view wanted) { return change.key < wanted; });
  Settle();
}

void Cursor::Next() {
  if (at_buffered_) {
    ++next_buffered_;
  } else {
    iterator_->Next();
  }
  Settle();
}

void Cursor::Settle() {
  at_buffered_ = false;
  for (; next_buffered_ != buffered_.end(); ++next_buffered_) {
    if (iterator_->Valid()) {
      const int order = ToView(iterator_->key()).compare(next_buffered_->key);
      if (order < 0) return;
      if (order == 0) iterator_->Next();
    }
    at_buffered_ = next_buffered_->value.has_value();
    if (at_buffered_) return;
  }
}

std::string_view Cursor::key() const {
  return at_buffered_ ? std::string_view(next_buffered_->key) : ToView(iterator_->key());
}

std::string_view Cursor::value() const {
  return at_buffered_ ? std::string_view(*next_buffered_->value) : ToView(iterator_->value());
}

absl::Status Cursor::status() const { return FromRocks(iterator_->status(), EIO); }

Database::Database(const DatabaseOptions& options)
    : fs_(options.fs),
      dir_(options.dir),
      rocks_fs_(std::make_shared<RocksFileSystem>(
          options.fs, options.write_barrier,
          static_cast<uint64_t>(absl::ToUnixNanos(options.clock->Now())) ^
              static_cast<uint64_t>(options.clock->MonotonicNanos()))),
      env_(rocksdb::NewCompositeEnv(rocks_fs_)) {}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const DatabaseOptions& options) {
  OCA_RETURN_IF_ERROR(io::CreateDirs(*options.fs, options.dir));
  std::unique_ptr<Database> database(new Database(options));
  OCA_RETURN_IF_ERROR(database->OpenRocks(options));
  return database;
}

absl::Status Database::OpenRocks(const DatabaseOptions& options) {
  rocksdb::Options rocks_options = RocksOptions(options, env_.get());
  rocks_options.listeners.push_back(std::make_shared<ErrorListener>(this));
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(rocks_options, dir_, &db);
  db_.reset(db);
  // RocksDB says so of a folder without the file CURRENT. To make a database there would be to
  // delete the tables that it still holds.
  if (options.must_exist && status.IsInvalidArgument()) {
    return absl::DataLossError(
        fmt::format("names: the database is missing or empty: {}", status.ToString()));
  }
  if (status.ok()) opened_state_ = state();
  return FromRocks(status, rocks_fs_->last_write_errno());
}

std::string Database::state() const {
  std::string identity;
  // Without one no state is like another: it stands for nobody's.
  if (!db_->GetDbIdentity(identity).ok()) return "";
  return fmt::format("{}:{}", identity, db_->GetLatestSequenceNumber());
}

Database::~Database() {
  if (db_ != nullptr) rocksdb::CancelAllBackgroundWork(db_.get(), /*wait=*/true);
  rocks_fs_->StopWriting();
}

absl::StatusOr<bool> Database::Get(std::string_view key, std::string* value,
                                   const Snapshot* snapshot) const {
  if (snapshot == nullptr) {
    absl::ReaderMutexLock lock(&buffer_mu_);
    if (const std::optional<std::string>* change = buffer_.Find(key); change != nullptr) {
      if (change->has_value()) *value = **change;
      return change->has_value();
    }
  }
  rocksdb::ReadOptions options;
  options.snapshot = snapshot == nullptr ? nullptr : snapshot->get();
  const rocksdb::Status status = db_->Get(options, ToSlice(key), value);
  if (status.ok()) return true;
  if (status.IsNotFound()) return false;
  return FromRocks(status, EIO);
}

Cursor Database::Walk(std::string_view prefix, const Snapshot* snapshot, bool fill_cache) const {
  return WalkFrom(prefix, prefix, snapshot, fill_cache);
}

Cursor Database::WalkFrom(std::string_view from, std::string_view prefix, const Snapshot* snapshot,
                          bool fill_cache) const {
  std::string end = PrefixEnd(prefix);
  // Held until RocksDB's iterator is made: else changes could go from the buffer to RocksDB between
  // the two looks.
  absl::ReaderMutexLock lock(&buffer_mu_);
  std::vector<Change> buffered;
  if (snapshot == nullptr) buffered = buffer_.Range(from, end);
  return Cursor(db_.get(), from, std::move(end), snapshot, fill_cache, std::move(buffered));
}

absl::StatusOr<std::unique_ptr<Snapshot>> Database::TakeSnapshot() {
  OCA_RETURN_IF_ERROR(FlushBuffer());
  return std::make_unique<Snapshot>(db_.get());
}

absl::Status Database::StandingError() const {
  if (!failed_.load(std::memory_order_acquire)) return absl::OkStatus();
  absl::MutexLock lock(&error_mu_);
  return error_;
}

absl::Status Database::Fail(absl::Status error) {
  absl::MutexLock lock(&error_mu_);
  if (error_.ok()) {
    error_ = error;
    failed_.store(true, std::memory_order_release);
  }
  return error;
}

absl::Status Database::FromWrite(const rocksdb::Status& status) const {
  return FromRocks(status, rocks_fs_->last_write_errno());
}

absl::Status Database::Write(std::vector<Change> changes) {
  OCA_RETURN_IF_ERROR(StandingError());
  if (rocks_fs_->unsynced_log_bytes() > kMaxUnsyncedLogBytes) OCA_RETURN_IF_ERROR(Commit());
  bool full = false;
  {
    absl::ReaderMutexLock lock(&buffer_mu_);
    full = buffer_.bytes() >= kMaxBufferedBytes;
  }
  if (full) OCA_RETURN_IF_ERROR(FlushBuffer());
  absl::MutexLock lock(&buffer_mu_);
  buffer_.Apply(std::move(changes));
  writes_.fetch_add(1, std::memory_order_release);
  return absl::OkStatus();
}

absl::Status Database::FlushBuffer() {
  absl::MutexLock lock(&write_mu_);
  OCA_RETURN_IF_ERROR(StandingError());
  std::shared_ptr<const WriteBuffer::Map> changes;
  {
    absl::MutexLock buffer_lock(&buffer_mu_);
    changes = buffer_.BeginFlush();
  }
  rocksdb::WriteBatch batch;
  for (const auto& [key, value] : *changes) {
    // Fail only for a batch with a size limit, which ours has not.
    if (value) {
      batch.Put(ToSlice(key), ToSlice(*value)).PermitUncheckedError();
    } else {
      batch.Delete(ToSlice(key)).PermitUncheckedError();
    }
  }
  rocksdb::WriteOptions options;
  options.no_slowdown = compaction_fails_.load();  // else it might wait for ever for a compaction
  rocksdb::Status status;
  if (!changes->empty()) status = db_->Write(options, &batch);
  {
    absl::MutexLock buffer_lock(&buffer_mu_);
    buffer_.EndFlush(status.ok());
  }
  if (status.ok() || status.IsIncomplete()) return FromWrite(status);
  return Fail(FromWrite(status));
}

absl::Status Database::Commit() {
  const uint64_t wanted = writes_.load(std::memory_order_acquire);
  uint64_t target = 0;
  {
    absl::MutexLock lock(&commit_mu_);
    const auto my_turn = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mu_) {
      return committed_writes_ >= wanted || !committing_;
    };
    commit_mu_.Await(absl::Condition(&my_turn));
    if (committed_writes_ >= wanted) return absl::OkStatus();
    committing_ = true;
    target = writes_.load(std::memory_order_acquire);
  }
  absl::Status status = FlushBuffer();
  if (status.ok()) status = SyncLogs();
  absl::MutexLock lock(&commit_mu_);
  committing_ = false;
  if (status.ok()) committed_writes_ = std::max(committed_writes_, target);
  return status;
}

// RocksDB hands its buffered log records to our file system, which writes them. RocksDB itself need
// not know: of an error it could only make a standing one, and its records are all in memory still.
absl::Status Database::SyncLogs() {
  OCA_RETURN_IF_ERROR(StandingError());
  const rocksdb::Status buffered = db_->FlushWAL(/*sync=*/false);
  if (!buffered.ok()) return Fail(FromWrite(buffered));
  absl::Status synced = rocks_fs_->SyncWriteAheadLogs();
  return synced.ok() ? synced : Fail(synced);
}

absl::Status Database::Resume() {
  {
    absl::MutexLock lock(&write_mu_);
    if (!failed_.load(std::memory_order_acquire)) return absl::OkStatus();
    OCA_RETURN_IF_ERROR(FlushMemory());
    absl::MutexLock error_lock(&error_mu_);
    error_ = absl::OkStatus();
    failed_.store(false, std::memory_order_release);
  }
  return Commit();
}

// A log whose write or sync failed is not written to again: the tables take its place.
absl::Status Database::FlushMemory() {
  const uint64_t begun = flushes_begun_.load();
  absl::Status status = TryFlushMemory();
  // A flush that was under way may have met the cause of the error before it went away, and RocksDB
  // hears of it only now: that says nothing about the disk as it is. One runs at a time, so there
  // is no second one of that kind.
  if (!status.ok() && failed_flush_.load() <= begun) status = TryFlushMemory();
  OCA_RETURN_IF_ERROR(status);
  rocks_fs_->DropOldWriteAheadLogs();
  return absl::OkStatus();
}

absl::Status Database::TryFlushMemory() {
  OCA_RETURN_IF_ERROR(FromWrite(db_->Resume()));
  rocksdb::FlushOptions options;
  options.allow_write_stall = true;
  return FromWrite(db_->Flush(options));
}

absl::Status Database::Rewrite() {
  OCA_RETURN_IF_ERROR(Commit());
  {
    absl::MutexLock lock(&write_mu_);
    OCA_RETURN_IF_ERROR(StandingError());
    OCA_RETURN_IF_ERROR(TryFlushMemory());
  }
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  return FromWrite(db_->CompactRange(options, nullptr, nullptr));
}

absl::Status Database::VerifyChecksums() const { return FromRocks(db_->VerifyChecksum(), EIO); }

uint64_t Database::DiskBytes() const {
  auto names = fs_->List(dir_);
  if (!names.ok()) return 0;
  uint64_t sum = 0;
  for (const std::string& name : *names) {
    auto info = fs_->Stat(io::JoinPath(dir_, name));  // may be gone by now
    if (info.ok()) sum += info->size_bytes;
  }
  return sum;
}

}  // namespace oca::names
