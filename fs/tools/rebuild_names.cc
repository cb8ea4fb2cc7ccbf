#include "fs/tools/rebuild_names.h"

#include <sys/stat.h>

#include <cerrno>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "fs/engine/names_seal.h"
#include "fs/names/names.h"
#include "fs/store/spread_pack_store.h"
#include "fs/tools/bare_group.h"
#include "fs/tools/recipe_finder.h"
#include "fs/tools/structures.h"
#include "lib/base/status.h"
#include "lib/daemon/secret_file.h"

namespace oca::ofsck {
namespace {

// The group of this id is made with every installation.
constexpr char kFirstGroupName[] = "DefaultGroup";
// That of the performance tier has this name.
constexpr char kTierGroupName[] = "PerformanceTier";

class Rebuild {
 public:
  Rebuild(const engine::Options& options, const std::string& passphrase_dir, Findings* findings)
      : options_(options),
        fs_(*options.fs),
        passphrase_dir_(passphrase_dir),
        findings_(findings),
        made_in_(io::JoinPath(options.dir, "names.new")) {}

  absl::Status Run() {
    OCA_ASSIGN_OR_RETURN(std::vector<GroupId> ids, GroupFolders(fs_, options_.dir));
    for (GroupId id : ids) OCA_RETURN_IF_ERROR(Unlock(id));
    OCA_RETURN_IF_ERROR(RemoveFolder(made_in_));
    OCA_RETURN_IF_ERROR(OpenNew());
    for (GroupId id : ids) OCA_RETURN_IF_ERROR(RebuildGroup(id));
    OCA_RETURN_IF_ERROR(names_->Commit());
    names_.reset();
    return PutInPlace();
  }

 private:
  struct Group {
    std::unique_ptr<store::GroupKeys> keys;
    std::string name;
  };

  // The keys of a group; of an encrypted one by the first file whose passphrase fits, whose name is
  // the group's.
  absl::Status Unlock(GroupId id) {
    Group& group = groups_[id];
    group.name = id.value == 1 ? kFirstGroupName : fmt::format("group-{}", id.value);
    group.keys = store::GroupKeys::Open(fs_, GroupFolder(options_.dir, id), id, /*wanted=*/false,
                                        options_.passphrase_cost);
    if (group.keys->Ready().ok()) return absl::OkStatus();
    if (!passphrase_dir_.empty()) {
      OCA_ASSIGN_OR_RETURN(std::vector<std::string> files,
                           io::PosixFileSystem().List(passphrase_dir_));
      for (const std::string& file : files) {
        absl::StatusOr<crypto::Secret> passphrase =
            daemon::ReadSecretFile(io::JoinPath(passphrase_dir_, file));
        if (!passphrase.ok() || !group.keys->Unlock(passphrase->view()).ok()) continue;
        group.name = file;
        return absl::OkStatus();
      }
    }
    return absl::FailedPreconditionError(fmt::format(
        "storage group {} is encrypted, and no passphrase opens it: {} (give the folder "
        "of passphrase files by --passphrase-dir)",
        id.value, MessageOf(group.keys->Ready())));
  }

  absl::Status RemoveFolder(const std::string& dir) {
    absl::StatusOr<std::vector<std::string>> names = fs_.List(dir);
    if (absl::IsNotFound(names.status())) return absl::OkStatus();
    if (!names.ok()) return names.status();
    for (const std::string& name : *names) {
      OCA_RETURN_IF_ERROR(fs_.RemoveFile(io::JoinPath(dir, name)));
    }
    OCA_RETURN_IF_ERROR(fs_.RemoveDir(dir));
    return fs_.SyncDir(options_.dir);
  }

  absl::Status OpenNew() {
    names::Options options;
    options.fs = options_.fs;
    options.clock = options_.clock;
    options.dir = made_in_;
    options.root_uid = options_.root_uid;
    options.root_gid = options_.root_gid;
    OCA_ASSIGN_OR_RETURN(names_, names::Names::Open(std::move(options)));
    return absl::OkStatus();
  }

  absl::Status RebuildGroup(GroupId id) {
    Group& made = groups_[id];
    names::StorageGroup record;
    record.id = id;
    record.name = made.name;
    record.has_keys = made.keys->state() != store::GroupKeys::State::kNone;
    OCA_ASSIGN_OR_RETURN(auto group, BareGroup::Open(fs_, options_.dir, id, std::move(made.keys),
                                                     options_.memory_budget_bytes));
    record.performance_tier = group->chunks().performance_tier();
    if (record.performance_tier) record.name = kTierGroupName;
    OCA_RETURN_IF_ERROR(names_->AddGroup(record).status());
    if (group->chunks().AnyOffline()) {
      return absl::FailedPreconditionError(
          "a storage path is missing, and recipes may lie there; bring it back first");
    }
    OCA_ASSIGN_OR_RETURN(
        auto packs,
        store::SpreadPackStore::Open({.fs = &fs_,
                                      .home = io::JoinPath(GroupFolder(options_.dir, id), "packs"),
                                      .group = id,
                                      .keys = &group->keys(),
                                      .paths = &group->paths(),
                                      .use = store::PathUseOf(record.performance_tier)}));
    OCA_ASSIGN_OR_RETURN(std::vector<FoundFile> files,
                         RecipeFinder(*packs, group->chunks(), findings_).Find());
    if (!files.empty()) OCA_RETURN_IF_ERROR(MakeFiles(id, group->keys(), files));
    findings_->Done(fmt::format("storage group {} is {}: {} files in container lost-found-{}",
                                id.value, record.name, files.size(), id.value));
    return group->chunks().Stop();
  }

  absl::Status MakeFiles(GroupId id, const store::GroupKeys& keys,
                         const std::vector<FoundFile>& files) {
    names::Container container;
    container.name = fmt::format("lost-found-{}", id.value);
    container.group = id;
    OCA_ASSIGN_OR_RETURN(container, names_->AddContainer(container));
    std::map<ContainerId, InodeNo> folders;
    for (const FoundFile& file : files) {
      InodeNo& folder = folders[file.container];
      if (folder.value == 0) {
        OCA_ASSIGN_OR_RETURN(folder,
                             Make(container.root, fmt::format("container-{}", file.container.value),
                                  S_IFDIR | 0700));
      }
      const std::string name =
          fmt::format("{}-{}", file.is_chunk ? "chunk" : "file", file.fp.ToHex().substr(0, 32));
      OCA_ASSIGN_OR_RETURN(const InodeNo ino, Make(folder, name, S_IFREG | 0600));
      names::Content content;
      OCA_ASSIGN_OR_RETURN(content.recipe, keys.SealContent(ino, tree::EncodeRoot(file.root)));
      content.size = file.root.length();
      content.data_bytes = file.root.data_length();
      content.mtime_ns = content.ctime_ns = absl::ToUnixNanos(options_.clock->Now());
      OCA_RETURN_IF_ERROR(names_->SetContent(ino, content).status());
    }
    return absl::OkStatus();
  }

  absl::StatusOr<InodeNo> Make(InodeNo parent, const std::string& name, uint32_t mode) {
    names::NewInode what;
    what.mode = mode;
    what.uid = options_.root_uid;
    what.gid = options_.root_gid;
    OCA_ASSIGN_OR_RETURN(const names::Inode inode, names_->Create(parent, name, what));
    return inode.ino;
  }

  absl::Status PutInPlace() {
    const std::string names = io::JoinPath(options_.dir, "names");
    absl::Status status = fs_.RemoveFile(io::JoinPath(options_.dir, "names.seal"));
    if (!status.ok() && !absl::IsNotFound(status)) return status;
    if (fs_.Stat(names).ok()) {
      std::string kept = names + ".broken";
      for (int i = 2; fs_.Stat(kept).ok(); ++i) kept = fmt::format("{}.broken.{}", names, i);
      OCA_RETURN_IF_ERROR(fs_.Rename(names, kept));
      findings_->Done(fmt::format("{}: what was left of it is kept in {}", names, kept));
    }
    OCA_RETURN_IF_ERROR(fs_.Rename(made_in_, names));
    OCA_RETURN_IF_ERROR(fs_.SyncDir(options_.dir));
    findings_->Done(fmt::format("{}: made anew from recipes and chunks", names));
    return engine::SealNames(fs_, options_.dir);
  }

  const engine::Options& options_;
  io::FileSystem& fs_;
  const std::string passphrase_dir_;
  Findings* const findings_;
  const std::string made_in_;
  std::map<GroupId, Group> groups_;
  std::unique_ptr<names::Names> names_;
};

}  // namespace

absl::Status RebuildNames(const engine::Options& options, const std::string& passphrase_dir,
                          Findings* findings) {
  return Rebuild(options, passphrase_dir, findings).Run();
}

}  // namespace oca::ofsck
