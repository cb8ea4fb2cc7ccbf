// Operations on the contents of regular files.
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "fs/engine/filesystem_impl.h"
#include "lib/base/status.h"

namespace oca::engine {
namespace {

constexpr uint64_t kReadAheadBytes = 64u << 20;
constexpr uint64_t kPrefetchBytes = 8u << 20;
constexpr uint64_t kReorderBytes = 2u << 20;  // what the kernel reads ahead
constexpr int64_t kSpaceLookNanos = 500'000'000;
constexpr uint64_t kCopyStepBytes = 4u << 20;
constexpr uint64_t kMaxFileSize = INT64_MAX;

bool FitsInFile(uint64_t offset, uint64_t length) {
  return offset <= kMaxFileSize && length <= kMaxFileSize - offset;
}

}  // namespace

absl::StatusOr<std::shared_ptr<OpenFile>> FilesystemImpl::Acquire(InodeNo ino) {
  return files_.Acquire(ino, [&]() -> absl::StatusOr<std::shared_ptr<OpenFile>> {
    OCA_ASSIGN_OR_RETURN(Inode inode, names_->GetInode(ino));
    if (S_ISDIR(inode.mode)) return PosixError(EISDIR, "open");
    if (!S_ISREG(inode.mode)) return PosixError(EINVAL, "not a regular file");
    std::shared_ptr<ContainerRuntime> container = FindContainer(inode.container);
    if (container == nullptr) return PosixError(ESTALE, "the container is gone");
    OCA_RETURN_IF_ERROR(container->group->keys->Ready());
    OCA_ASSIGN_OR_RETURN(tree::Root root, container->group->chunks->RootOf(inode));
    if (root.length() != inode.size)
      return absl::DataLossError("inode and recipe disagree on the size");
    const markers::Splitter splitter(container->marker, &container->group->chunker);
    auto content =
        std::make_shared<FileContent>(container->group->chunks.get(), splitter, workers_.get(),
                                      inode.container, std::move(root), container->recognised);
    return std::make_shared<OpenFile>(inode, std::move(container), std::move(content));
  });
}

void FilesystemImpl::ReleaseFile(const std::shared_ptr<OpenFile>& file) {
  files_.Release(file);
  DeleteIfUnused(file->ino);
}

absl::StatusOr<Handle*> FilesystemImpl::Open(InodeNo ino, int flags) {
  OCA_ASSIGN_OR_RETURN(std::shared_ptr<OpenFile> file, Acquire(ino));
  if ((flags & O_ACCMODE) != O_RDONLY) {
    file->retention_mu.ReaderLock();
    absl::Status unlocked = CheckChangeable(*file);
    file->retention_mu.ReaderUnlock();
    if (!unlocked.ok()) {
      ReleaseFile(file);
      return unlocked;
    }
  }
  auto handle = std::make_unique<Handle>(file, flags);
  if ((flags & O_TRUNC) != 0 && (flags & O_ACCMODE) != O_RDONLY) {
    absl::Status status = Truncate(ino, 0).status();
    if (!status.ok()) {
      ReleaseFile(file);
      return status;
    }
  }
  return handle.release();
}

absl::Status FilesystemImpl::Flush(Handle* handle) {
  if ((handle->flags & O_ACCMODE) == O_RDONLY) return absl::OkStatus();
  GatePass pass(&operations_gate_);
  return handle->file->Record(*names_);
}

void FilesystemImpl::Release(Handle* handle) {
  std::unique_ptr<Handle> owned(handle);
  // Flush reported what went wrong, if anything did; what is not recorded yet is tried again in the
  // background.
  owned->file->Record(*names_).IgnoreError();
  ReleaseFile(owned->file);
}

// Whether a reader of [begin, end) goes on from where the file was read before. The kernel has
// several requests of one reader on their way at once, and any of them may come first.
bool FilesystemImpl::GoesOn(Handle& handle, uint64_t begin, uint64_t end) {
  const uint64_t reached = handle.next_read.load();
  const bool near = begin <= reached + kReorderBytes && reached <= end + kReorderBytes;
  handle.next_read.store(near ? std::max(reached, end) : end);
  return near;
}

// A sequential reader stands at `at`. Two windows before it: packs come from the disk in large
// pieces, then their groups are decoded by the workers.
void FilesystemImpl::LookAhead(Handle& handle, uint64_t at) {
  const auto advance = [&](std::atomic<uint64_t>& done_to, uint64_t window) {
    uint64_t done = done_to.load();
    if (at + window / 2 <= done || !done_to.compare_exchange_strong(done, at + window)) {
      return std::pair<uint64_t, uint64_t>(0, 0);
    }
    const uint64_t from = std::max(at, done);
    return std::pair<uint64_t, uint64_t>(from, at + window - from);
  };
  FileContent& content = *handle.file->content;
  if (auto [from, length] = advance(handle.read_ahead_to, kReadAheadBytes); length > 0) {
    content.StartReadahead(from, length);
  }
  if (auto [from, length] = advance(handle.prefetched_to, kPrefetchBytes); length > 0) {
    content.Prefetch(from, length);
  }
}

absl::StatusOr<ReadResult> FilesystemImpl::Read(Handle* handle, uint64_t offset, size_t size) {
  GatePass pass(&operations_gate_);
  if (GoesOn(*handle, offset, offset + size)) {
    LookAhead(*handle, handle->next_read.load());
  } else {
    handle->read_ahead_to.store(0);
    handle->prefetched_to.store(0);
  }
  OCA_ASSIGN_OR_RETURN(ReadResult result, handle->file->content->Read(offset, size));
  handle->file->container->reads.Add(result.size());
  handle->file->container->group->reads.Add(result.size());
  return result;
}

uint64_t FilesystemImpl::ReserveBytes(const io::SpaceInfo& space) const {
  if (options_.reserve_bytes > 0) return options_.reserve_bytes;
  return std::clamp<uint64_t>(space.total_bytes / 20, 16u << 20, 1u << 30);
}

// A little of the disk stays free for names and for the cleaner, so that deleting always works.
absl::Status FilesystemImpl::CheckDiskSpace(store::PathUse use, uint64_t bytes) {
  const bool tier = use == store::PathUse::kTier;
  absl::MutexLock lock(&space_mu_);
  SpaceLeft& left = space_left_[static_cast<size_t>(use)];
  int64_t now = options_.clock->MonotonicNanos();
  left.bytes -= static_cast<int64_t>(bytes);
  if (left.bytes >= 0 && now - left.looked_ns < kSpaceLookNanos) return absl::OkStatus();
  OCA_ASSIGN_OR_RETURN(const Space space, LookAtSpace(use));
  left.bytes = static_cast<int64_t>(space.free_bytes) - static_cast<int64_t>(bytes);
  left.looked_ns = now;
  if (left.bytes >= 0) return absl::OkStatus();
  return PosixError(ENOSPC, tier ? "the performance tier is full but for the reserve"
                                 : "the disk is full but for the reserve that deletes need");
}

absl::Status FilesystemImpl::AdmitWrite(const OpenFile& file, uint64_t bytes) {
  GroupRuntime& group = *file.container->group;
  StorageGroup record = group.record();
  if (record.quota_bytes > 0 && group.chunks->PhysicalBytes() >= record.quota_bytes) {
    return PosixError(EDQUOT, "the quota of storage group " + record.name + " is used up");
  }
  if (!record.performance_tier) return CheckDiskSpace(store::PathUse::kCapacity, bytes);
  if (!paths_->any(store::PathUse::kTier)) {
    return PosixError(EIO,
                      "the performance tier has no path; add one: oca performance_tier --add "
                      "--path DIR");
  }
  // Home is for what was taken before its paths went missing, not for more.
  OCA_RETURN_IF_ERROR(paths_->CheckAny(store::PathUse::kTier));
  return CheckDiskSpace(store::PathUse::kTier, bytes);
}

template <typename Store>
absl::StatusOr<size_t> FilesystemImpl::WriteBytes(Handle* handle, size_t bytes, Store store) {
  GatePass pass(&operations_gate_);
  OpenFile& file = *handle->file;
  absl::ReaderMutexLock retention(&file.retention_mu);
  OCA_RETURN_IF_ERROR(CheckChangeable(file));
  OCA_RETURN_IF_ERROR(AdmitWrite(file, bytes));
  OCA_RETURN_IF_ERROR(store(*file.content));
  file.Touch(NowNanos());
  file.container->writes.Add(bytes);
  file.container->group->writes.Add(bytes);
  return bytes;
}

absl::StatusOr<size_t> FilesystemImpl::Write(Handle* handle, uint64_t offset, std::string_view data,
                                             bool append) {
  if (!append && !FitsInFile(offset, data.size())) return PosixError(EFBIG, "write");
  return WriteBytes(handle, data.size(), [&](FileContent& content) {
    return content.Write(offset, append, data).status();
  });
}

absl::StatusOr<size_t> FilesystemImpl::WriteFrom(Handle* handle, uint64_t offset,
                                                 StreamBuffer& data) {
  if (!FitsInFile(offset, data.size())) return PosixError(EFBIG, "write");
  return WriteBytes(handle, data.size(),
                    [&](FileContent& content) { return content.WriteFrom(data, offset); });
}

store::PathUse FilesystemImpl::PathUseOf(const OpenFile& file) {
  return store::PathUseOf(file.container->group->record().performance_tier);
}

bool FilesystemImpl::MustAwaitDisks(Handle* handle) {
  return paths_->count() > 0 && paths_->MustWait(PathUseOf(*handle->file));
}

void FilesystemImpl::AwaitDisks(Handle* handle) {
  paths_->AwaitKeepingUp(PathUseOf(*handle->file));
}

absl::Status FilesystemImpl::Fsync(InodeNo ino) {
  if (std::shared_ptr<OpenFile> file = files_.Find(ino)) {
    GatePass pass(&operations_gate_);
    OCA_RETURN_IF_ERROR(file->Record(*names_));
  }
  return committer_.Commit();
}

absl::Status FilesystemImpl::Sync() {
  absl::Status result;
  for (const std::shared_ptr<OpenFile>& file : files_.All()) {
    absl::Status recorded = file->Record(*names_);
    if (result.ok()) result = recorded;  // it is no reason to give up the others
  }
  absl::Status committed = committer_.Commit();
  return result.ok() ? committed : result;
}

absl::StatusOr<Inode> FilesystemImpl::Truncate(InodeNo ino, uint64_t size) {
  if (size > kMaxFileSize) return PosixError(EFBIG, "truncate");
  OCA_ASSIGN_OR_RETURN(std::shared_ptr<OpenFile> file, Acquire(ino));
  absl::Status status;
  {
    GatePass pass(&operations_gate_);
    absl::ReaderMutexLock retention(&file->retention_mu);
    status = CheckChangeable(*file);
    if (status.ok()) status = file->content->Truncate(size);
    if (status.ok()) {
      file->Touch(NowNanos());
      status = file->Record(*names_);
    }
  }
  absl::StatusOr<Inode> inode = status.ok() ? GetAttr(ino) : status;
  ReleaseFile(file);
  return inode;
}

absl::Status FilesystemImpl::Allocate(Handle* handle, int mode, uint64_t offset, uint64_t length) {
  GatePass pass(&operations_gate_);
  OpenFile& file = *handle->file;
  if (length == 0) return PosixError(EINVAL, "fallocate");
  if (!FitsInFile(offset, length)) return PosixError(EFBIG, "fallocate");
  const bool keep_size = (mode & FALLOC_FL_KEEP_SIZE) != 0;
  const int what = mode & ~FALLOC_FL_KEEP_SIZE;
  if (what == FALLOC_FL_PUNCH_HOLE && !keep_size) return PosixError(EOPNOTSUPP, "fallocate");
  if (what != 0 && what != FALLOC_FL_PUNCH_HOLE && what != FALLOC_FL_ZERO_RANGE) {
    return PosixError(EOPNOTSUPP, "fallocate");
  }
  absl::ReaderMutexLock retention(&file.retention_mu);
  OCA_RETURN_IF_ERROR(CheckChangeable(file));
  bool changed = false;
  if (what != 0) {
    OCA_RETURN_IF_ERROR(file.content->PunchHole(offset, length));
    changed = true;
  } else {
    OCA_RETURN_IF_ERROR(AdmitWrite(file, 0));
  }
  if (!keep_size && offset + length > file.content->size()) {
    OCA_RETURN_IF_ERROR(file.content->Truncate(offset + length));
    changed = true;
  }
  if (changed) file.Touch(NowNanos());
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> FilesystemImpl::CopyRange(Handle* from, uint64_t from_offset, Handle* to,
                                                   uint64_t to_offset, uint64_t length) {
  GatePass pass(&operations_gate_);
  OpenFile& source = *from->file;
  OpenFile& target = *to->file;
  uint64_t size = source.content->size();
  if (from_offset >= size) return uint64_t{0};
  length = std::min(length, size - from_offset);
  if (!FitsInFile(to_offset, length)) return PosixError(EFBIG, "copy_file_range");
  if (&source == &target && from_offset < to_offset + length && to_offset < from_offset + length) {
    return PosixError(EINVAL, "copy_file_range of ranges that overlap");
  }
  absl::ReaderMutexLock retention(&target.retention_mu);
  OCA_RETURN_IF_ERROR(CheckChangeable(target));
  OCA_RETURN_IF_ERROR(AdmitWrite(target, 0));
  OCA_ASSIGN_OR_RETURN(uint64_t copied,
                       source.container->group == target.container->group
                           ? CopyRefs(source, from_offset, target, to_offset, length)
                           : CopyBytes(source, from_offset, target, to_offset, length));
  target.Touch(NowNanos());
  return copied;
}

// Whole chunks are shared; the parts of chunks at both ends are written as data.
absl::StatusOr<uint64_t> FilesystemImpl::CopyRefs(OpenFile& from, uint64_t from_offset,
                                                  OpenFile& to, uint64_t to_offset,
                                                  uint64_t length) {
  const uint64_t end = from_offset + length;
  OCA_ASSIGN_OR_RETURN(auto placed, from.content->Extract(from_offset, length));
  std::vector<tree::Ref> shared;
  uint64_t begin = end, stop = end;  // [begin, stop) is covered by `shared`
  for (const tree::PlacedRef& ref : placed) {
    uint64_t first = ref.ref.is_hole() ? std::max(ref.offset, from_offset) : ref.offset;
    uint64_t last = ref.ref.is_hole() ? std::min(ref.offset + ref.ref.length, end)
                                      : ref.offset + ref.ref.length;
    if (first < from_offset || last > end) continue;
    if (shared.empty()) begin = first;
    stop = last;
    shared.push_back(ref.ref.is_hole() ? tree::HoleRef(last - first) : ref.ref);
  }
  OCA_ASSIGN_OR_RETURN(uint64_t head,
                       CopyBytes(from, from_offset, to, to_offset, begin - from_offset));
  if (head < begin - from_offset || shared.empty()) return head;
  OCA_RETURN_IF_ERROR(to.container->group->chunks->MarkShared(shared));
  OCA_RETURN_IF_ERROR(
      to.content->Insert(to_offset + (begin - from_offset), stop - begin, std::move(shared)));
  OCA_ASSIGN_OR_RETURN(uint64_t tail,
                       CopyBytes(from, stop, to, to_offset + (stop - from_offset), end - stop));
  return stop - from_offset + tail;
}

absl::StatusOr<uint64_t> FilesystemImpl::CopyBytes(OpenFile& from, uint64_t from_offset,
                                                   OpenFile& to, uint64_t to_offset,
                                                   uint64_t length) {
  uint64_t copied = 0;
  while (copied < length) {
    uint64_t step = std::min(length - copied, kCopyStepBytes);
    paths_->AwaitKeepingUp(PathUseOf(to));
    OCA_ASSIGN_OR_RETURN(ReadResult read, from.content->Read(from_offset + copied, step));
    const std::string data = read.Joined();
    if (data.empty()) break;
    OCA_RETURN_IF_ERROR(to.content->Write(to_offset + copied, false, data).status());
    copied += data.size();
  }
  return copied;
}

absl::StatusOr<uint64_t> FilesystemImpl::Seek(Handle* handle, uint64_t offset, int whence) {
  GatePass pass(&operations_gate_);
  if (whence != SEEK_DATA && whence != SEEK_HOLE) return PosixError(EINVAL, "lseek");
  FileContent& content = *handle->file->content;
  uint64_t size = content.size();
  if (offset >= size) return PosixError(ENXIO, "lseek beyond the end");
  OCA_ASSIGN_OR_RETURN(uint64_t found, content.Seek(offset, whence == SEEK_DATA));
  if (whence == SEEK_DATA && found >= size) return PosixError(ENXIO, "no data from here on");
  return found;
}

}  // namespace oca::engine
