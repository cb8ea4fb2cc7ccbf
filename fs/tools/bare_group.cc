#include "fs/tools/bare_group.h"

#include <utility>

#include "fs/format/repository.h"
#include "fs/tools/structures.h"
#include "lib/base/status.h"

namespace oca::ofsck {
namespace {

// Names would say it. A path that is missing may hold its packs: then it is taken for such a group,
// and something of it for missing.
bool IsOfTier(io::FileSystem& fs, const store::StoragePaths& paths, GroupId id) {
  for (size_t i = 0; i < paths.count(); ++i) {
    if (paths.use(i) != store::PathUse::kTier) continue;
    if (paths.generation(i) == 0) return true;
    if (fs.Stat(GroupFolder(paths.dir(i), id)).ok()) return true;
  }
  return false;
}

}  // namespace

BareGroup::BareGroup(std::unique_ptr<store::GroupKeys> keys, uint64_t memory_bytes)
    : keys_(std::move(keys)),
      caches_(memory_bytes / 8, memory_bytes / 4),
      workers_(1, 16),
      sealers_(1, 16) {}

absl::StatusOr<std::unique_ptr<BareGroup>> BareGroup::Open(io::FileSystem& fs,
                                                           const std::string& repository,
                                                           GroupId id,
                                                           std::unique_ptr<store::GroupKeys> keys,
                                                           uint64_t memory_bytes) {
  std::unique_ptr<BareGroup> group(new BareGroup(std::move(keys), memory_bytes));
  OCA_ASSIGN_OR_RETURN(const std::string bytes,
                       io::ReadFile(fs, io::JoinPath(repository, "format")));
  OCA_ASSIGN_OR_RETURN(const format::RepositoryFormat known, format::DecodeRepositoryFormat(bytes));
  group->paths_ = std::make_unique<store::StoragePaths>(store::StoragePaths::Options{
      .fs = &fs, .home = repository, .repository = known.uuid, .reserve = [](const io::SpaceInfo&) {
        return uint64_t{0};
      }});
  OCA_RETURN_IF_ERROR(group->paths_->Load());
  engine::ChunkStoreOptions options;
  options.fs = &fs;
  options.dir = GroupFolder(repository, id);
  options.group = id;
  options.workers = &group->workers_;
  options.sealers = &group->sealers_;
  options.caches = &group->caches_;
  options.keys = group->keys_.get();
  options.paths = group->paths_.get();
  options.performance_tier = IsOfTier(fs, *group->paths_, id);
  options.index_budget_bytes = memory_bytes / 2;
  OCA_ASSIGN_OR_RETURN(group->chunks_, engine::ChunkStore::Open(options));
  return group;
}

}  // namespace oca::ofsck
