// Recycle bins: what lost its last name, its way back, and its end.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "fmt/format.h"
#include "fs/names/directory_paths.h"
#include "fs/names/impl.h"
#include "lib/base/status.h"

namespace oca::names {
namespace {

constexpr int64_t kDayNs = int64_t{24} * 3600 * 1'000'000'000;

int64_t ExpiryOf(const RecyclePolicy& policy, int64_t recycled_ns) {
  return recycled_ns + static_cast<int64_t>(policy.days) * kDayNs;
}

// "folder/name" of "/container/folder" and "name".
std::string PathInContainer(std::string_view dir, std::string_view name) {
  const size_t top = dir.find('/', 1);
  if (top == std::string_view::npos) return std::string(name);
  return fmt::format("{}/{}", dir.substr(top + 1), name);
}

absl::Status Taken(std::string_view name) {
  return PosixError(EEXIST,
                    fmt::format("\"{}\" exists; put the version elsewhere, or move it away", name));
}

// Puts one inode of a bin back, and the folders on the way to it. Lives under Impl::mu.
class Restorer {
 public:
  Restorer(Names::Impl& impl, const Container& container) ABSL_EXCLUSIVE_LOCKS_REQUIRED(impl.mu)
      : impl_(impl),
        container_(container),
        cookies_(&impl.cookies),
        mutation_(impl),
        now_(impl.NowNs()) {}

  absl::StatusOr<RestoreResult> Run(Inode inode, const std::optional<NewName>& to);

 private:
  // The directory that takes the name: the one that held it, which is put back where it is gone.
  absl::StatusOr<Inode> FindPlace(InodeNo parent);
  absl::Status PutBack(std::string_view name, Inode* dir, Inode* inode);

  Names::Impl& impl_;
  const Container& container_;
  Sequence* const cookies_;
  Mutation mutation_;
  const int64_t now_;
  bool fresh_ = false;  // the place was put back by this, and holds nothing
  RestoreResult result_;
};

absl::Status Restorer::PutBack(std::string_view name, Inode* dir, Inode* inode) {
  if (IsDir(*inode) && dir->nlink >= kMaxLinks) return PosixAt(EMLINK, dir->ino, name);
  mutation_.TakeFromBin(inode);
  inode->nlink = IsDir(*inode) ? 2 : 1;
  inode->ctime_ns = now_;
  if (IsDir(*inode)) {
    inode->parent = dir->ino;
    dir->nlink++;
  }
  dir->entries++;
  dir->mtime_ns = dir->ctime_ns = now_;
  mutation_.PutInode(*dir);
  mutation_.PutInode(*inode);
  mutation_.PutEntry(
      dir->ino, name,
      {.ino = inode->ino, .type = inode->mode & S_IFMT, .cookie = mutation_.TakeNumber(cookies_)});
  result_.named.push_back({dir->ino, std::string(name)});
  return absl::OkStatus();
}

absl::StatusOr<Inode> Restorer::FindPlace(InodeNo parent) {
  std::vector<Inode> gone;  // folders in the bin, the nearest first
  absl::StatusOr<Inode> at = impl_.LoadInode(parent);
  while (at.ok() && at->recycled_ns != 0) {
    gone.push_back(*at);
    OCA_ASSIGN_OR_RETURN(const RecycledName name, impl_.LoadRecycledName(*at));
    at = impl_.LoadInode(name.parent);
  }
  if (!at.ok() && ErrnoOf(at.status()) != ENOENT) return at.status();
  if (!at.ok() || at->nlink == 0) at = impl_.LoadDir(container_.root);
  OCA_RETURN_IF_ERROR(at.status());
  for (; !gone.empty(); gone.pop_back()) {
    OCA_ASSIGN_OR_RETURN(const RecycledName name, impl_.LoadRecycledName(gone.back()));
    std::optional<EntryValue> taken;
    if (!fresh_) {
      OCA_ASSIGN_OR_RETURN(taken, impl_.FindEntry(at->ino, name.name));
    }
    if (taken && taken->type != S_IFDIR) return Taken(name.name);
    if (taken) {
      at = impl_.LoadDir(taken->ino);
      OCA_RETURN_IF_ERROR(at.status());
      continue;
    }
    OCA_RETURN_IF_ERROR(PutBack(name.name, &*at, &gone.back()));
    at = gone.back();
    fresh_ = true;
  }
  return at;
}

absl::StatusOr<RestoreResult> Restorer::Run(Inode inode, const std::optional<NewName>& to) {
  OCA_ASSIGN_OR_RETURN(const RecycledName old, impl_.LoadRecycledName(inode));
  const std::string name = to ? to->name : old.name;
  OCA_RETURN_IF_ERROR(CheckName(name));
  OCA_ASSIGN_OR_RETURN(Inode dir, to ? impl_.LoadParent(to->parent) : FindPlace(old.parent));
  if (dir.container != container_.id) return PosixAt(EXDEV, dir.ino, name);
  if (!fresh_) {
    OCA_ASSIGN_OR_RETURN(const auto taken, impl_.FindEntry(dir.ino, name));
    if (taken) return Taken(name);
  }
  OCA_RETURN_IF_ERROR(PutBack(name, &dir, &inode));
  OCA_RETURN_IF_ERROR(mutation_.Write());
  result_.inode = std::move(inode);
  return std::move(result_);
}

}  // namespace

void Names::Impl::DropLink(int64_t now, InodeNo parent, std::string_view name, Inode* inode,
                           Mutation* mutation) {
  inode->nlink = IsDir(*inode) ? 0 : inode->nlink - 1;
  inode->ctime_ns = now;
  if (inode->nlink != 0) return;
  if (!Recycles(inode->container, inode->mode & S_IFMT)) {
    mutation->PutOrphan(inode->ino);
    return;
  }
  // One after the other, so that what a folder held goes before it.
  last_recycled_ns = std::max(trusted.NowNs(), last_recycled_ns + 1);
  mutation->PutInBin(last_recycled_ns,
                     {.deleted_ns = now, .parent = parent, .name = std::string(name)}, inode);
  KeepTrustedTime(mutation);
}

bool Names::Impl::Recycles(ContainerId id, uint32_t type) const {
  absl::MutexLock lock(&tables_mu);
  const auto container = containers.find(id);
  if (container == containers.end()) return false;
  if (container->second.recycle.on) return true;
  // A folder that is needed for what the bin holds goes there too.
  const auto counted = counters.find(id);
  return type == S_IFDIR && counted != counters.end() && counted->second.recycled_inodes != 0;
}

absl::StatusOr<Inode> Names::Impl::LoadRecycled(ContainerId container, InodeNo ino) const {
  absl::StatusOr<Inode> inode = LoadInode(ino);
  if (!inode.ok() && ErrnoOf(inode.status()) != ENOENT) return inode.status();
  if (!inode.ok() || inode->container != container || inode->recycled_ns == 0) {
    return PosixError(ENOENT, fmt::format("the recycle bin holds no version {}", ino.value));
  }
  return inode;
}

absl::StatusOr<RecycledName> Names::Impl::LoadRecycledName(const Inode& inode) const {
  std::string value;
  OCA_ASSIGN_OR_RETURN(const bool exists,
                       db->Get(RecycleKey(inode.container, inode.recycled_ns, inode.ino), &value));
  if (!exists) {
    return absl::DataLossError(
        fmt::format("names: inode {} is not in the bin that it names", inode.ino.value));
  }
  return DecodeRecycledName(value);
}

absl::Status Names::Impl::CheckBinEmpty(const Container& container) const {
  absl::MutexLock lock(&tables_mu);
  const auto counted = counters.find(container.id);
  if (counted == counters.end() || counted->second.recycled_inodes == 0) return absl::OkStatus();
  return PosixError(
      EPERM, fmt::format("the recycle bin of the container \"{}\" holds {} deleted files and "
                         "folders; purge it first, or wait until they expire",
                         container.name, counted->second.recycled_inodes));
}

absl::StatusOr<std::vector<Inode>> Names::Impl::EmptyBin(
    ContainerId container, size_t limit,
    absl::FunctionRef<bool(const TimedKeyParts&, const RecycledName&)> goes) {
  absl::MutexLock lock(&mu);
  Mutation mutation(*this);
  std::vector<Inode> gone;
  Cursor cursor = db->Walk(RecyclePrefix(container), nullptr, /*fill_cache=*/false);
  for (; cursor.Valid() && gone.size() < limit; cursor.Next()) {
    OCA_ASSIGN_OR_RETURN(const TimedKeyParts key, ParseTimedKey(cursor.key()));
    OCA_ASSIGN_OR_RETURN(const RecycledName name, DecodeRecycledName(cursor.value()));
    if (!goes(key, name)) break;
    absl::StatusOr<Inode> inode = LoadRecycled(container, key.ino);
    if (ErrnoOf(inode.status()) == ENOENT) continue;  // damage, which Verify tells; the rest goes
    OCA_RETURN_IF_ERROR(inode.status());
    mutation.TakeFromBin(&*inode);
    mutation.PutOrphan(inode->ino);
    mutation.PutInode(*inode);
    gone.push_back(*std::move(inode));
  }
  OCA_RETURN_IF_ERROR(cursor.status());
  if (!gone.empty()) OCA_RETURN_IF_ERROR(mutation.Write());
  return gone;
}

absl::StatusOr<Container> Names::SetRecycleBin(ContainerId id, const RecyclePolicy& policy) {
  if (policy.days < kMinRecycleDays || policy.days > kMaxRecycleDays) {
    return PosixError(EINVAL, fmt::format("a recycle bin keeps files for {} to {} days, not {}",
                                          kMinRecycleDays, kMaxRecycleDays, policy.days));
  }
  absl::MutexLock lock(&impl_->mu);
  std::optional<Container> container = impl_->FindContainer(id);
  if (!container || container->deleting) return NoContainer(id);
  container->recycle = policy;
  Mutation mutation(*impl_);
  mutation.PutContainer(*container);
  if (policy.on) OCA_RETURN_IF_ERROR(impl_->BeginTrustedTime(&mutation));
  OCA_RETURN_IF_ERROR(mutation.Write());
  return *container;
}

absl::StatusOr<RecycleStatus> Names::GetRecycleBin(ContainerId id) const {
  const std::optional<Container> container = impl_->FindContainer(id);
  if (!container) return NoContainer(id);
  const ContainerCounters counters = Counters(id);
  RecycleStatus status;
  status.policy = container->recycle;
  status.trusted_now_ns = impl_->trusted.NowNs();
  status.inodes = counters.recycled_inodes;
  status.files = counters.recycled_files;
  status.bytes = counters.recycled_bytes;
  Cursor cursor = impl_->db->Walk(RecyclePrefix(id));
  if (cursor.Valid()) {
    OCA_ASSIGN_OR_RETURN(const TimedKeyParts first, ParseTimedKey(cursor.key()));
    status.first_expiry_ns = ExpiryOf(container->recycle, first.ns);
  }
  OCA_RETURN_IF_ERROR(cursor.status());
  return status;
}

absl::StatusOr<std::vector<RecycledVersion>> Names::ListRecycled(ContainerId id,
                                                                 const RecyclePlace& after,
                                                                 size_t limit) const {
  const std::optional<Container> container = impl_->FindContainer(id);
  if (!container) return NoContainer(id);
  DirectoryPaths directories(*impl_);
  std::vector<RecycledVersion> versions;
  Cursor cursor = impl_->db->WalkFrom(
      RecycleKey(id, after.recycled_ns, InodeNo(after.ino.value + 1)), RecyclePrefix(id), nullptr,
      /*fill_cache=*/false);
  for (; cursor.Valid() && versions.size() < limit; cursor.Next()) {
    OCA_ASSIGN_OR_RETURN(const TimedKeyParts key, ParseTimedKey(cursor.key()));
    OCA_ASSIGN_OR_RETURN(const RecycledName name, DecodeRecycledName(cursor.value()));
    absl::StatusOr<Inode> inode = impl_->LoadRecycled(id, key.ino);
    if (ErrnoOf(inode.status()) == ENOENT) continue;  // put back or purged meanwhile
    OCA_RETURN_IF_ERROR(inode.status());
    const absl::StatusOr<std::string> dir = directories.Of(name.parent);
    versions.push_back({.place = {key.ns, key.ino},
                        .path = dir.ok() ? PathInContainer(*dir, name.name) : "?/" + name.name,
                        .mode = inode->mode,
                        .size = inode->size,
                        .deleted_ns = name.deleted_ns,
                        .expires_ns = ExpiryOf(container->recycle, key.ns)});
  }
  OCA_RETURN_IF_ERROR(cursor.status());
  return versions;
}

absl::StatusOr<RestoreResult> Names::RestoreRecycled(ContainerId id, InodeNo ino,
                                                     const std::optional<NewName>& to) {
  absl::MutexLock lock(&impl_->mu);
  const std::optional<Container> container = impl_->FindContainer(id);
  if (!container || container->deleting) return NoContainer(id);
  OCA_ASSIGN_OR_RETURN(Inode inode, impl_->LoadRecycled(id, ino));
  return Restorer(*impl_, *container).Run(std::move(inode), to);
}

absl::StatusOr<std::vector<Inode>> Names::ExpireRecycled(ContainerId id, size_t limit) {
  const std::optional<Container> container = impl_->FindContainer(id);
  if (!container || Counters(id).recycled_inodes == 0) return std::vector<Inode>();
  const int64_t now = impl_->trusted.NowNs();
  return impl_->EmptyBin(id, limit, [&](const TimedKeyParts& key, const RecycledName&) {
    return ExpiryOf(container->recycle, key.ns) <= now;
  });
}

absl::StatusOr<std::vector<Inode>> Names::PurgeRecycled(ContainerId id, int64_t deleted_until_ns,
                                                        size_t limit) {
  if (!impl_->FindContainer(id)) return NoContainer(id);
  return impl_->EmptyBin(id, limit, [&](const TimedKeyParts&, const RecycledName& name) {
    return name.deleted_ns <= deleted_until_ns;
  });
}

absl::StatusOr<Inode> Names::PurgeOneRecycled(ContainerId id, InodeNo ino) {
  absl::MutexLock lock(&impl_->mu);
  OCA_ASSIGN_OR_RETURN(Inode inode, impl_->LoadRecycled(id, ino));
  if (IsDir(inode)) {
    return PosixError(
        EISDIR, fmt::format("version {} is a folder, which stays for what was in it", ino.value));
  }
  Mutation mutation(*impl_);
  mutation.TakeFromBin(&inode);
  mutation.PutOrphan(inode.ino);
  mutation.PutInode(inode);
  OCA_RETURN_IF_ERROR(mutation.Write());
  return inode;
}

}  // namespace oca::names
