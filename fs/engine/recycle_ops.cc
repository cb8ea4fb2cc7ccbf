// Recycle bins: what an administrator asks of them, and the end of what they hold.
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "fmt/format.h"
#include "fs/engine/filesystem_impl.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {
namespace {

// Of one batch of names.
constexpr size_t kPurgedAtOnce = 256;
// Of one container, each second.
constexpr size_t kExpiredPerStep = 2048;
constexpr size_t kListedAtOnce = 1000;

}  // namespace

absl::StatusOr<Container> FilesystemImpl::SetRecycleBin(ContainerId id,
                                                        const RecyclePolicy& policy) {
  OCA_ASSIGN_OR_RETURN(Container container, names_->SetRecycleBin(id, policy));
  OCA_RETURN_IF_ERROR(committer_.Commit());
  background_bell_.Ring();  // fewer days: some are over already
  log::Info("recycle_bin_set", "container", container.name, "on", policy.on, "days", policy.days);
  return container;
}

absl::StatusOr<RecycleStatus> FilesystemImpl::GetRecycleBin(ContainerId id) {
  return names_->GetRecycleBin(id);
}

absl::StatusOr<std::vector<RecycledVersion>> FilesystemImpl::ListRecycled(ContainerId id,
                                                                          const RecyclePlace& after,
                                                                          size_t limit) {
  return names_->ListRecycled(id, after, limit);
}

absl::StatusOr<uint64_t> FilesystemImpl::RestoreOne(ContainerId id, InodeNo version,
                                                    const std::optional<names::NewName>& to) {
  OCA_ASSIGN_OR_RETURN(const names::RestoreResult result, names_->RestoreRecycled(id, version, to));
  absl::ReaderMutexLock lock(&listener_mu_);
  for (const names::NewName& place : result.named) {
    if (name_appeared_) name_appeared_(place.parent, place.name);
  }
  if (attributes_changed_) attributes_changed_(result.inode.ino);
  return result.named.size();
}

// The newest deletion first: a folder comes before what was in it, and a path's newest version
// before the others.
absl::StatusOr<RestoreOutcome> FilesystemImpl::RestoreDeletedIn(ContainerId id, int64_t from_ns,
                                                                int64_t until_ns) {
  std::vector<std::pair<InodeNo, bool>> wanted;  // and whether it is a folder
  for (RecyclePlace after;;) {
    OCA_ASSIGN_OR_RETURN(const std::vector<RecycledVersion> page,
                         names_->ListRecycled(id, after, kListedAtOnce));
    for (const RecycledVersion& version : page) {
      if (version.deleted_ns < from_ns || version.deleted_ns > until_ns) continue;
      wanted.emplace_back(version.place.ino, S_ISDIR(version.mode));
    }
    if (page.size() < kListedAtOnce) break;
    after = page.back().place;
  }
  RestoreOutcome outcome;
  for (; !wanted.empty(); wanted.pop_back()) {
    const auto [version, is_folder] = wanted.back();
    const absl::StatusOr<uint64_t> restored = RestoreOne(id, version, std::nullopt);
    if (restored.ok()) {
      outcome.restored += *restored;
    } else if (ErrnoOf(restored.status()) == EEXIST) {
      // Another folder of the name takes what was in this one.
      if (!is_folder) ++outcome.skipped;
    } else if (ErrnoOf(restored.status()) != ENOENT) {  // ENOENT: it came back along
      return restored.status();
    }
  }
  return outcome;
}

absl::StatusOr<RestoreOutcome> FilesystemImpl::RestoreRecycled(ContainerId id,
                                                               const RestoreWish& wish) {
  RestoreOutcome outcome;
  if (wish.version) {
    std::optional<names::NewName> to;
    if (!wish.to.empty()) {
      const size_t slash = wish.to.find_last_of('/');
      const std::string folder = slash == std::string::npos ? "" : wish.to.substr(0, slash);
      to.emplace();
      to->name = slash == std::string::npos ? wish.to : wish.to.substr(slash + 1);
      OCA_ASSIGN_OR_RETURN(to->parent, FindPath(id, folder));
    }
    OCA_ASSIGN_OR_RETURN(outcome.restored, RestoreOne(id, *wish.version, to));
  } else {
    OCA_ASSIGN_OR_RETURN(outcome, RestoreDeletedIn(id, wish.from_ns, wish.until_ns));
  }
  OCA_RETURN_IF_ERROR(committer_.Commit());
  log::Info("recycle_bin_restored", "container", id.value, "restored", outcome.restored, "skipped",
            outcome.skipped);
  return outcome;
}

void FilesystemImpl::SetNamesListener(
    std::function<void(InodeNo parent, const std::string& name)> appeared) {
  absl::MutexLock lock(&listener_mu_);
  name_appeared_ = std::move(appeared);
}

void FilesystemImpl::Discard(const std::vector<Inode>& orphans) {
  for (const Inode& inode : orphans) DeleteWithoutName(inode);
}

absl::StatusOr<PurgeOutcome> FilesystemImpl::PurgeRecycled(ContainerId id,
                                                           std::optional<InodeNo> version,
                                                           int64_t deleted_until_ns) {
  PurgeOutcome outcome;
  for (bool more = true; more;) {
    std::vector<Inode> gone;
    if (version) {
      OCA_ASSIGN_OR_RETURN(Inode inode, names_->PurgeOneRecycled(id, *version));
      gone.push_back(std::move(inode));
    } else {
      OCA_ASSIGN_OR_RETURN(gone, names_->PurgeRecycled(id, deleted_until_ns, kPurgedAtOnce));
    }
    more = !version && gone.size() == kPurgedAtOnce;
    outcome.inodes += gone.size();
    for (const Inode& inode : gone) outcome.bytes += S_ISREG(inode.mode) ? inode.size : 0;
    Discard(gone);
  }
  OCA_RETURN_IF_ERROR(committer_.Commit());
  log::Info("recycle_bin_purged", "container", id.value, "inodes", outcome.inodes, "bytes",
            outcome.bytes);
  return outcome;
}

void FilesystemImpl::ExpireRecycledFiles() {
  for (const Container& container : names_->ListContainers()) {
    if (container.recycle.days == 0 || container.deleting) continue;
    for (size_t expired = 0; expired < kExpiredPerStep;) {
      absl::StatusOr<std::vector<Inode>> gone = names_->ExpireRecycled(container.id, kPurgedAtOnce);
      if (!gone.ok()) {
        log::Warning("emptying a recycle bin goes on later", "container", container.name, "error",
                     MessageOf(gone.status()));
        break;
      }
      Discard(*gone);
      expired += gone->size();
      if (gone->size() < kPurgedAtOnce) break;
    }
  }
}

}  // namespace oca::engine
