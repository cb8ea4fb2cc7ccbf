#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "fs/names/impl.h"
#include "lib/base/status.h"

namespace oca::names {
namespace {

constexpr uint64_t kFormatVersion = 1;

}  // namespace

Names::Names(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Names::~Names() = default;

absl::StatusOr<std::unique_ptr<Names>> Names::Open(Options options) {
  auto impl = std::make_unique<Impl>(options);
  OCA_ASSIGN_OR_RETURN(impl->db, Database::Open({.fs = options.fs,
                                                 .clock = options.clock,
                                                 .dir = options.dir,
                                                 .write_barrier = options.write_barrier,
                                                 .block_cache_bytes = options.block_cache_bytes,
                                                 .write_buffer_bytes = options.write_buffer_bytes,
                                                 .must_exist = options.must_exist}));
  OCA_RETURN_IF_ERROR(impl->Load());
  return std::unique_ptr<Names>(new Names(std::move(impl)));
}

absl::Status Names::Impl::Load() {
  absl::MutexLock lock(&mu);
  std::string value;
  OCA_ASSIGN_OR_RETURN(const bool exists, db->Get(SuperKey(SuperItem::kVersion), &value));
  if (!exists && options.must_exist) {
    return absl::DataLossError(
        fmt::format("names: the database {} is missing or empty, but data is stored; put back a "
                    "copy of that folder",
                    options.dir));
  }
  if (!exists) OCA_RETURN_IF_ERROR(Format());
  if (exists) {
    OCA_ASSIGN_OR_RETURN(const uint64_t version, DecodeNumber(value));
    if (version != kFormatVersion) {
      return absl::FailedPreconditionError(fmt::format(
          "names: database of format {}; this program knows {}", version, kFormatVersion));
    }
  }
  OCA_RETURN_IF_ERROR(LoadSequences());
  OCA_RETURN_IF_ERROR(LoadTables());
  return LoadTrustedTime();
}

// Writes the superblock and the mount's root.
absl::Status Names::Impl::Format() {
  Cursor any = db->Walk({});
  if (any.Valid()) return absl::DataLossError("names: the superblock is missing");
  OCA_RETURN_IF_ERROR(any.status());
  const int64_t now = NowNs();
  Inode root;
  root.ino = kRootInode;
  root.mode = S_IFDIR | 0755;
  root.uid = options.root_uid;
  root.gid = options.root_gid;
  root.nlink = 2;
  root.size = kDirectorySize;
  root.atime_ns = root.mtime_ns = root.ctime_ns = root.btime_ns = now;
  root.parent = kRootInode;
  Mutation mutation(*this);
  mutation.PutSuper(SuperItem::kVersion, kFormatVersion);
  mutation.PutSuper(SuperItem::kInode, kRootInode.value + 1);
  mutation.PutSuper(SuperItem::kCookie, kFirstCookie);
  mutation.PutSuper(SuperItem::kGroup, 1);
  mutation.PutSuper(SuperItem::kContainer, 1);
  mutation.PutInode(root);
  OCA_RETURN_IF_ERROR(mutation.Write());
  return db->Commit();
}

absl::Status Names::Impl::LoadSequences() {
  for (Sequence* sequence : {&inodes, &cookies, &group_ids, &container_ids}) {
    std::string value;
    OCA_ASSIGN_OR_RETURN(const bool exists, db->Get(SuperKey(sequence->item), &value));
    if (!exists) return absl::DataLossError("names: a sequence is missing");
    OCA_ASSIGN_OR_RETURN(sequence->next, DecodeNumber(value));
    sequence->limit = sequence->next;
  }
  return absl::OkStatus();
}

absl::Status Names::Impl::LoadTables() {
  absl::MutexLock lock(&tables_mu);
  Cursor group_cursor = db->Walk(std::string(1, kGroupPrefix));
  for (; group_cursor.Valid(); group_cursor.Next()) {
    OCA_ASSIGN_OR_RETURN(StorageGroup group, DecodeStorageGroup(group_cursor.value()));
    groups[group.id] = std::move(group);
  }
  OCA_RETURN_IF_ERROR(group_cursor.status());
  Cursor container_cursor = db->Walk(std::string(1, kContainerPrefix));
  for (; container_cursor.Valid(); container_cursor.Next()) {
    OCA_ASSIGN_OR_RETURN(Container container, DecodeContainer(container_cursor.value()));
    std::string value;
    OCA_ASSIGN_OR_RETURN(const bool counted, db->Get(CountersKey(container.id), &value));
    if (!counted) return absl::DataLossError("names: a container's counters are missing");
    OCA_ASSIGN_OR_RETURN(counters[container.id], DecodeCounters(value));
    containers[container.id] = std::move(container);
  }
  return container_cursor.status();
}

absl::Status Names::ForgetOldValues() { return impl_->db->Rewrite(); }
absl::Status Names::Resume() { return impl_->db->Resume(); }
std::string Names::state() const { return impl_->db->state(); }
std::string Names::opened_state() const { return impl_->db->opened_state(); }
uint64_t Names::DiskBytes() const { return impl_->db->DiskBytes(); }

}  // namespace oca::names
