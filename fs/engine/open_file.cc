#include "fs/engine/open_file.h"

#include <algorithm>
#include <utility>

#include "fs/tree/recipe.h"
#include "lib/base/status.h"

namespace oca::engine {

void OpenFile::Touch(int64_t now_ns) {
  absl::MutexLock lock(&mu_);
  mtime_ns_ = now_ns;
  ctime_ns_ = now_ns;
  ++changes_;
}

void OpenFile::SetMtime(int64_t mtime_ns) {
  absl::MutexLock lock(&mu_);
  mtime_ns_ = mtime_ns;
  ++changes_;  // a recording under way may have taken the old one
}

void OpenFile::Overlay(names::Inode* inode) {
  inode->size = content->size();
  inode->data_bytes = content->data_bytes();
  absl::MutexLock lock(&mu_);
  inode->mtime_ns = mtime_ns_;
  inode->ctime_ns = std::max(inode->ctime_ns, ctime_ns_);
}

bool OpenFile::NeedsRecording() {
  uint64_t version = content->version();
  absl::MutexLock lock(&mu_);
  return version != recorded_version_ || changes_ != recorded_changes_;
}

absl::Status OpenFile::Record(names::Names& names) {
  absl::MutexLock record_lock(&record_mu_);
  if (!NeedsRecording()) return absl::OkStatus();
  OCA_ASSIGN_OR_RETURN(FileContent::Settled settled, content->Settle());
  names::Content record;
  OCA_ASSIGN_OR_RETURN(record.recipe,
                       container->group->keys->SealContent(ino, tree::EncodeRoot(settled.root)));
  record.size = settled.root.length();
  record.data_bytes = settled.root.data_length();
  uint64_t changes;
  {
    absl::MutexLock lock(&mu_);
    record.mtime_ns = mtime_ns_;
    record.ctime_ns = ctime_ns_;
    changes = changes_;
  }
  absl::Status status = names.SetContent(ino, record).status();
  if (!status.ok() && !absl::IsNotFound(status)) return status;  // gone for good: nothing to record
  absl::MutexLock lock(&mu_);
  recorded_version_ = settled.version;
  recorded_changes_ = changes;
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<OpenFile>> OpenFiles::Acquire(
    InodeNo ino, const std::function<absl::StatusOr<std::shared_ptr<OpenFile>>()>& make) {
  Shard& shard = ShardOf(ino);
  absl::MutexLock lock(&shard.mu);
  auto it = shard.files.find(ino);
  if (it == shard.files.end()) {
    OCA_ASSIGN_OR_RETURN(std::shared_ptr<OpenFile> file, make());
    it = shard.files.emplace(ino, Entry{std::move(file), 0}).first;
  }
  ++it->second.users;
  return it->second.file;
}

std::shared_ptr<OpenFile> OpenFiles::Find(InodeNo ino) {
  Shard& shard = ShardOf(ino);
  absl::MutexLock lock(&shard.mu);
  auto it = shard.files.find(ino);
  return it == shard.files.end() ? nullptr : it->second.file;
}

void OpenFiles::Release(const std::shared_ptr<OpenFile>& file) {
  Shard& shard = ShardOf(file->ino);
  absl::MutexLock lock(&shard.mu);
  auto it = shard.files.find(file->ino);
  if (it == shard.files.end()) return;
  --it->second.users;
  if (it->second.users == 0 && !file->NeedsRecording()) shard.files.erase(it);
}

void OpenFiles::Reap(const std::shared_ptr<OpenFile>& file) {
  Shard& shard = ShardOf(file->ino);
  absl::MutexLock lock(&shard.mu);
  auto it = shard.files.find(file->ino);
  if (it == shard.files.end() || it->second.file != file) return;
  if (it->second.users == 0 && !file->NeedsRecording()) shard.files.erase(it);
}

std::vector<std::shared_ptr<OpenFile>> OpenFiles::All() {
  std::vector<std::shared_ptr<OpenFile>> all;
  for (Shard& shard : shards_) {
    absl::MutexLock lock(&shard.mu);
    for (auto& [ino, entry] : shard.files) all.push_back(entry.file);
  }
  return all;
}

bool OpenFiles::AnyIn(ContainerId container) {
  for (Shard& shard : shards_) {
    absl::MutexLock lock(&shard.mu);
    for (auto& [ino, entry] : shard.files) {
      if (entry.users > 0 && entry.file->container->id == container) return true;
    }
  }
  return false;
}

void OpenFiles::AddReference(InodeNo ino) {
  Shard& shard = ShardOf(ino);
  absl::MutexLock lock(&shard.mu);
  ++shard.references[ino];
}

void OpenFiles::DropReferences(InodeNo ino, uint64_t count) {
  Shard& shard = ShardOf(ino);
  absl::MutexLock lock(&shard.mu);
  auto it = shard.references.find(ino);
  if (it == shard.references.end()) return;
  it->second -= std::min(count, it->second);
  if (it->second == 0) shard.references.erase(it);
}

void OpenFiles::MarkOrphan(InodeNo ino) {
  Shard& shard = ShardOf(ino);
  absl::MutexLock lock(&shard.mu);
  shard.orphans.insert(ino);
}

bool OpenFiles::TakeIfUnused(InodeNo ino) {
  Shard& shard = ShardOf(ino);
  absl::MutexLock lock(&shard.mu);
  if (!shard.orphans.contains(ino) || shard.references.contains(ino)) return false;
  auto it = shard.files.find(ino);
  if (it != shard.files.end()) {
    if (it->second.users > 0) return false;
    shard.files.erase(it);  // what it did not record is not wanted any more
  }
  shard.orphans.erase(ino);
  return true;
}

}  // namespace oca::engine
