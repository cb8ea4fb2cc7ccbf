// The regular files that are open, or closed with changes that names have not recorded yet.
#ifndef OCA_FS_ENGINE_OPEN_FILE_H_
#define OCA_FS_ENGINE_OPEN_FILE_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "fs/engine/file_content.h"
#include "fs/engine/group_runtime.h"
#include "fs/names/names.h"
#include "lib/base/clock.h"

namespace oca::engine {

// One inode's state while it is in the table. Thread-safe.
class OpenFile {
 public:
  OpenFile(const names::Inode& inode, std::shared_ptr<ContainerRuntime> its_container,
           std::shared_ptr<FileContent> its_content)
      : ino(inode.ino),
        container(std::move(its_container)),
        content(std::move(its_content)),
        retain_until_ns(inode.retain_until_ns),
        mtime_ns_(inode.mtime_ns),
        ctime_ns_(inode.ctime_ns) {}

  const InodeNo ino;
  const std::shared_ptr<ContainerRuntime> container;
  const std::shared_ptr<FileContent> content;
  // Held shared while the content is changed, exclusively while a lock on the file begins or ends
  // (retention). Taken before all others of the file.
  absl::Mutex retention_mu;
  // As in names. Changed under retention_mu held exclusively.
  std::atomic<int64_t> retain_until_ns;

  // A write or truncate happened now.
  void Touch(int64_t now_ns) ABSL_LOCKS_EXCLUDED(mu_);
  // utimens set mtime: later recording keeps it.
  void SetMtime(int64_t mtime_ns) ABSL_LOCKS_EXCLUDED(mu_);
  // Size, blocks and times as they are now, put into `inode`.
  void Overlay(names::Inode* inode) ABSL_LOCKS_EXCLUDED(mu_);
  bool NeedsRecording() ABSL_LOCKS_EXCLUDED(mu_);
  // Settles the content and puts it into names.
  absl::Status Record(names::Names& names) ABSL_LOCKS_EXCLUDED(record_mu_, mu_);
  // Returns when a recording that had begun before the call has ended.
  void AwaitRecording() ABSL_LOCKS_EXCLUDED(record_mu_) { absl::MutexLock lock(&record_mu_); }

 private:
  absl::Mutex record_mu_;  // one recording at a time; taken before mu_ and the content's lock
  absl::Mutex mu_ ABSL_ACQUIRED_AFTER(record_mu_);
  int64_t mtime_ns_ ABSL_GUARDED_BY(mu_);
  int64_t ctime_ns_ ABSL_GUARDED_BY(mu_);
  uint64_t changes_ ABSL_GUARDED_BY(mu_) = 0;  // of times
  uint64_t recorded_changes_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t recorded_version_ ABSL_GUARDED_BY(mu_) = 0;
};

// Open files by inode, and the kernel's references to inodes. Thread-safe.
class OpenFiles {
 public:
  // The state of `ino`, made by `make` when there is none, with one more user. `make` runs under a
  // lock: it may read names.
  absl::StatusOr<std::shared_ptr<OpenFile>> Acquire(
      InodeNo ino, const std::function<absl::StatusOr<std::shared_ptr<OpenFile>>()>& make);
  // The state when there is one; no user is added.
  std::shared_ptr<OpenFile> Find(InodeNo ino);
  // One user less. The state goes when nobody uses it and nothing is left to record.
  void Release(const std::shared_ptr<OpenFile>& file);
  // The state goes when nobody uses it and nothing is left to record.
  void Reap(const std::shared_ptr<OpenFile>& file);
  std::vector<std::shared_ptr<OpenFile>> All();
  bool AnyIn(ContainerId container);

  void AddReference(InodeNo ino);
  void DropReferences(InodeNo ino, uint64_t count);
  // Remembers that `ino` has no name any more.
  void MarkOrphan(InodeNo ino);
  // True when `ino` is an orphan that nobody uses or refers to; it is forgotten then.
  bool TakeIfUnused(InodeNo ino);

 private:
  struct Entry {
    std::shared_ptr<OpenFile> file;
    uint64_t users = 0;
  };
  struct Shard {
    absl::Mutex mu;
    absl::flat_hash_map<InodeNo, Entry> files ABSL_GUARDED_BY(mu);
    absl::flat_hash_map<InodeNo, uint64_t> references ABSL_GUARDED_BY(mu);
    absl::flat_hash_set<InodeNo> orphans ABSL_GUARDED_BY(mu);
  };
  Shard& ShardOf(InodeNo ino) { return shards_[ino.value % kShards]; }

  static constexpr size_t kShards = 16;
  std::array<Shard, kShards> shards_;
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_OPEN_FILE_H_
