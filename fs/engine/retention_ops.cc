// Retention: locks on files that are open or not, and the files that are locked by themselves.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "fmt/format.h"
#include "fs/engine/filesystem_impl.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
// The search for files to lock looks at so many inodes at once, some of them each second.
constexpr size_t kInodesPerStep = 10000;
// It begins anew after an eighth of the shortest time that a container gives its files, within
// these bounds.
constexpr int64_t kShortestPauseNs = kSecond;
constexpr int64_t kLongestPauseNs = 300 * kSecond;

}  // namespace

absl::Status FilesystemImpl::CheckChangeable(const OpenFile& file) {
  const int64_t until = file.retain_until_ns.load();
  if (until == 0 || until <= names_->TrustedNowNs()) return absl::OkStatus();
  return PosixError(EPERM, fmt::format("inode {} is locked", file.ino.value));
}

absl::StatusOr<Inode> FilesystemImpl::SetAttrWithRetention(InodeNo ino, const AttrChange& change) {
  OCA_ASSIGN_OR_RETURN(std::shared_ptr<OpenFile> file, Acquire(ino));
  absl::StatusOr<Inode> result = [&]() -> absl::StatusOr<Inode> {
    absl::WriterMutexLock lock(&file->retention_mu);
    // What was written so far is what is locked.
    if (CheckChangeable(*file).ok()) {
      if (change.mtime_ns) file->SetMtime(*change.mtime_ns);
      OCA_RETURN_IF_ERROR(file->Record(*names_));
    }
    OCA_ASSIGN_OR_RETURN(Inode inode, names_->SetAttr(ino, change));
    file->retain_until_ns.store(inode.retain_until_ns);
    file->Overlay(&inode);
    return inode;
  }();
  ReleaseFile(file);
  return result;
}

absl::Status FilesystemImpl::LockUnchanged(const Inode& seen) {
  if (files_.Find(seen.ino) != nullptr) return absl::OkStatus();  // in use
  OCA_ASSIGN_OR_RETURN(std::shared_ptr<OpenFile> file, Acquire(seen.ino));
  absl::Status status;
  {
    absl::WriterMutexLock lock(&file->retention_mu);
    if (!file->NeedsRecording()) {
      absl::StatusOr<Inode> locked = names_->LockUnchanged(seen.ino, seen.ctime_ns);
      if (locked.ok()) file->retain_until_ns.store(locked->retain_until_ns);
      if (ErrnoOf(locked.status()) != EAGAIN) status = locked.status();
    }
  }
  ReleaseFile(file);
  absl::ReaderMutexLock lock(&listener_mu_);
  if (attributes_changed_) attributes_changed_(seen.ino);
  return status;
}

void FilesystemImpl::LockUnchangedFiles() {
  absl::flat_hash_map<ContainerId, int64_t> idle_ns;
  int64_t pause = kLongestPauseNs;
  for (const Container& container : names_->ListContainers()) {
    if (container.retention.auto_lock_seconds == 0 || container.deleting) continue;
    const int64_t idle = static_cast<int64_t>(container.retention.auto_lock_seconds) * kSecond;
    idle_ns[container.id] = idle;
    pause = std::max(std::min(pause, idle / 8), kShortestPauseNs);
  }
  if (idle_ns.empty()) return;
  if (lock_search_.value == 0) {
    const int64_t monotonic = options_.clock->MonotonicNanos();
    if (monotonic < next_lock_search_ns_) return;
    next_lock_search_ns_ = monotonic + pause;
  }
  absl::StatusOr<std::vector<Inode>> inodes = names_->ListInodes(lock_search_, kInodesPerStep);
  if (!inodes.ok()) {
    log::Warning("files that do not change cannot be looked for", "error",
                 MessageOf(inodes.status()));
    return;
  }
  const int64_t now = NowNanos();
  for (const Inode& inode : *inodes) {
    const auto idle = idle_ns.find(inode.container);
    if (idle == idle_ns.end() || !S_ISREG(inode.mode) || inode.nlink == 0 ||
        inode.retain_until_ns != 0 || now - inode.ctime_ns < idle->second) {
      continue;
    }
    absl::Status status = LockUnchanged(inode);
    const int error = ErrnoOf(status);
    if (error != 0 && error != ENOENT && error != ENOKEY) {
      log::Warning("a file that does not change could not be locked", "inode", inode.ino.value,
                   "error", MessageOf(status));
    }
  }
  const bool more = inodes->size() == kInodesPerStep;
  lock_search_ = more ? InodeNo(inodes->back().ino.value + 1) : InodeNo();
}

absl::StatusOr<Container> FilesystemImpl::SetRetention(ContainerId id,
                                                       const RetentionPolicy& policy) {
  std::shared_ptr<ContainerRuntime> runtime = FindContainer(id);
  if (runtime == nullptr) return PosixError(ENOENT, fmt::format("container {}", id.value));
  if (policy.mode != names::RetentionMode::kNone) {
    // Changes of attributes that began before do not know that they may lock a file.
    runtime->retention.store(true);
    QuiesceOperations();
  }
  absl::StatusOr<Container> container = names_->SetRetention(id, policy);
  OCA_RETURN_IF_ERROR(container.status());
  OCA_RETURN_IF_ERROR(committer_.Commit());
  return container;
}

absl::StatusOr<RetentionStatus> FilesystemImpl::GetRetention(ContainerId id) {
  return names_->GetRetention(id);
}

// Symbolic links are not followed: what stands there is meant.
absl::StatusOr<InodeNo> FilesystemImpl::FindPath(ContainerId container, std::string_view path) {
  InodeNo at;
  for (const Container& each : names_->ListContainers()) {
    if (each.id == container && !each.deleting) at = each.root;
  }
  if (at.value == 0) return PosixError(ENOENT, fmt::format("container {}", container.value));
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view name = path.substr(begin, end - begin);
    begin = end + 1;
    if (name.empty() || name == ".") continue;
    absl::StatusOr<Inode> inode = names_->Lookup(at, name);
    if (!inode.ok()) return Annotate(inode.status(), path);
    at = inode->ino;
  }
  return at;
}

absl::Status FilesystemImpl::ReleaseLock(ContainerId id, std::string_view path) {
  OCA_ASSIGN_OR_RETURN(const InodeNo ino, FindPath(id, path));
  absl::StatusOr<std::shared_ptr<OpenFile>> file = Acquire(ino);
  if (!file.ok()) return Annotate(file.status(), path);
  absl::Status status;
  {
    absl::WriterMutexLock lock(&(*file)->retention_mu);
    absl::StatusOr<Inode> released = names_->ReleaseLock(ino);
    if (released.ok()) (*file)->retain_until_ns.store(released->retain_until_ns);
    status = released.status();
  }
  ReleaseFile(*file);
  OCA_RETURN_IF_ERROR(status);
  {
    absl::ReaderMutexLock lock(&listener_mu_);
    if (attributes_changed_) attributes_changed_(ino);
  }
  log::Info("lock_released", "container", id.value, "inode", ino.value);
  return committer_.Commit();
}

void FilesystemImpl::SetAttributesListener(std::function<void(InodeNo)> changed) {
  absl::MutexLock lock(&listener_mu_);
  attributes_changed_ = std::move(changed);
}

}  // namespace oca::engine
