#include "lib/io/testing/memory_file_system.h"

#include <algorithm>
#include <cerrno>
#include <unordered_set>
#include <utility>

#include "fmt/format.h"
#include "lib/base/status.h"

namespace oca::io {
namespace {

constexpr size_t kMaxNameBytes = 255;
constexpr uint64_t kMaxFileBytes = std::numeric_limits<int64_t>::max();

absl::Status Error(int error_number, std::string_view call, std::string_view path) {
  return PosixError(error_number, fmt::format("{} {}", call, path));
}

std::vector<std::string_view> NamesOf(std::string_view path) {
  std::vector<std::string_view> names;
  while (!path.empty()) {
    size_t end = std::min(path.find('/'), path.size());
    if (end > 0) names.push_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return names;
}

// Whether `inner` lies in the directory `outer`, at any depth.
bool LiesIn(std::string_view inner, std::string_view outer) {
  std::vector<std::string_view> a = NamesOf(inner), b = NamesOf(outer);
  return a.size() > b.size() && std::equal(b.begin(), b.end(), a.begin());
}

}  // namespace

class MemoryFileSystem::Handle final : public File {
 public:
  Handle(MemoryFileSystem* fs, MemoryNodePtr node, std::string path, bool writable)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(fs->mu_)
      : fs_(*fs),
        node_(std::move(node)),
        path_(std::move(path)),
        writable_(writable),
        generation_(fs->generation_) {}

  ~Handle() override {
    absl::MutexLock lock(&fs_.mu_);
    node_.reset();  // may give space back
  }

  absl::StatusOr<size_t> ReadAt(uint64_t offset, std::span<char> out) override {
    absl::MutexLock lock(&fs_.mu_);
    OCA_RETURN_IF_ERROR(Check());
    if (offset > kMaxFileBytes) return Error(EINVAL, "read", path_);
    Verdict verdict = fs_.Admit(Op::kRead, path_, {});
    if (verdict.error_number != 0) return Error(verdict.error_number, "read", path_);
    return node_->contents.Read(offset, out);
  }

  absl::Status WriteAt(uint64_t offset, std::string_view data) override {
    absl::MutexLock lock(&fs_.mu_);
    OCA_RETURN_IF_ERROR(Check());
    if (!writable_) return Error(EBADF, "write", path_);
    if (data.empty()) return absl::OkStatus();
    if (offset > kMaxFileBytes || data.size() > kMaxFileBytes - offset) {
      return Error(EINVAL, "write", path_);
    }
    Verdict verdict = fs_.Admit(Op::kWrite, path_, {});
    if (verdict.error_number != 0 && !verdict.carry_out) data = data.substr(0, data.size() / 2);
    size_t done = node_->contents.Write(offset, data);
    node_->mtime_seconds = fs_.NowSeconds();
    if (verdict.error_number != 0) return Error(verdict.error_number, "write", path_);
    return done == data.size() ? absl::OkStatus() : Error(ENOSPC, "write", path_);
  }

  absl::Status Sync() override {
    absl::MutexLock lock(&fs_.mu_);
    OCA_RETURN_IF_ERROR(Check());
    if (sync_error_ != 0) return Error(sync_error_, "sync after an earlier failure:", path_);
    Verdict verdict = fs_.Admit(Op::kSync, path_, {});
    if (verdict.error_number == 0) {
      fs_.OnSync(*node_);
      return absl::OkStatus();
    }
    sync_error_ = verdict.error_number;
    if (!verdict.carry_out) fs_.OnSyncFailed(*node_);
    return Error(sync_error_, "sync", path_);
  }

  void StartWriteback(uint64_t offset, uint64_t length) override {}
  void StartReadahead(uint64_t offset, uint64_t length) override {}

  absl::StatusOr<uint64_t> Size() override {
    absl::MutexLock lock(&fs_.mu_);
    OCA_RETURN_IF_ERROR(Check());
    Verdict verdict = fs_.Admit(Op::kLookup, path_, {});
    if (verdict.error_number != 0) return Error(verdict.error_number, "size", path_);
    return node_->contents.size();
  }

  absl::Status Truncate(uint64_t size) override {
    absl::MutexLock lock(&fs_.mu_);
    OCA_RETURN_IF_ERROR(Check());
    if (!writable_ || size > kMaxFileBytes) return Error(EINVAL, "truncate", path_);
    Verdict verdict = fs_.Admit(Op::kTruncate, path_, {});
    if (verdict.error_number == 0 || verdict.carry_out) {
      node_->contents.Truncate(size);
      node_->mtime_seconds = fs_.NowSeconds();
    }
    if (verdict.error_number != 0) return Error(verdict.error_number, "truncate", path_);
    return absl::OkStatus();
  }

 private:
  absl::Status Check() ABSL_EXCLUSIVE_LOCKS_REQUIRED(fs_.mu_) {
    OCA_RETURN_IF_ERROR(fs_.CheckPower(path_));
    if (generation_ == fs_.generation_) return absl::OkStatus();
    return Error(EIO, "file opened before the power was cut:", path_);
  }

  MemoryFileSystem& fs_;
  MemoryNodePtr node_ ABSL_GUARDED_BY(fs_.mu_);
  const std::string path_;
  const bool writable_;
  const uint64_t generation_;
  int sync_error_ ABSL_GUARDED_BY(fs_.mu_) = 0;
};

class MemoryFileSystem::HeldLock final : public FileLock {
 public:
  HeldLock(MemoryFileSystem* fs, MemoryNodePtr node) ABSL_EXCLUSIVE_LOCKS_REQUIRED(fs->mu_)
      : fs_(*fs), node_(std::move(node)), generation_(fs->generation_) {
    node_->is_locked = true;
  }
  ~HeldLock() override {
    absl::MutexLock lock(&fs_.mu_);
    if (generation_ == fs_.generation_) node_->is_locked = false;
    node_.reset();
  }

 private:
  MemoryFileSystem& fs_;
  MemoryNodePtr node_ ABSL_GUARDED_BY(fs_.mu_);
  const uint64_t generation_;
};

MemoryFileSystem::MemoryFileSystem(Clock& clock)
    : root_(std::make_shared<MemoryNode>(&quota_, /*is_dir=*/true)), clock_(clock) {}

MemoryFileSystem::~MemoryFileSystem() {
  absl::MutexLock lock(&mu_);
  for (const MemoryNodePtr& node : AllNodes(root_)) Forget(*node);
}

MemoryFileSystem::MemoryNodes MemoryFileSystem::AllNodes(const MemoryNodePtr& root) {
  MemoryNodes nodes = {root};
  std::unordered_set<const MemoryNode*> seen = {root.get()};
  for (size_t i = 0; i < nodes.size(); ++i) {
    const MemoryNodePtr node = nodes[i];
    for (const MemoryEntries* entries : {&node->entries, &node->durable_entries}) {
      for (const auto& [name, link] : *entries) {
        if (seen.insert(link.node.get()).second) nodes.push_back(link.node);
      }
    }
  }
  return nodes;
}

void MemoryFileSystem::Forget(MemoryNode& node) {
  node.entries.clear();
  node.durable_entries.clear();
}

void MemoryFileSystem::SetCapacity(uint64_t bytes) {
  absl::MutexLock lock(&mu_);
  quota_.capacity_bytes = bytes;
}

absl::Status MemoryFileSystem::CheckPower(std::string_view path) {
  return powered_off_ ? Error(EIO, "power is off:", path) : absl::OkStatus();
}

absl::StatusOr<MemoryFileSystem::Spot> MemoryFileSystem::Find(std::string_view path) {
  OCA_RETURN_IF_ERROR(CheckPower(path));
  if (!path.starts_with('/')) return Error(path.empty() ? ENOENT : EINVAL, "not absolute:", path);
  Spot spot;
  spot.link.node = root_;
  for (std::string_view name : NamesOf(path)) {
    if (spot.link.node == nullptr) return Error(ENOENT, "find", path);
    if (!spot.link.node->is_directory) return Error(ENOTDIR, "find", path);
    if (name.size() > kMaxNameBytes) return Error(ENAMETOOLONG, "find", path);
    spot.dir = std::move(spot.link.node);
    spot.name = name;
    auto it = spot.dir->entries.find(name);
    spot.link = it == spot.dir->entries.end() ? MemoryLink() : it->second;
  }
  return spot;
}

absl::StatusOr<MemoryFileSystem::Spot> MemoryFileSystem::FindExisting(std::string_view path) {
  OCA_ASSIGN_OR_RETURN(Spot spot, Find(path));
  if (spot.link.node == nullptr) return Error(ENOENT, "find", path);
  return spot;
}

absl::StatusOr<MemoryNodePtr> MemoryFileSystem::FindDir(std::string_view path) {
  OCA_ASSIGN_OR_RETURN(Spot spot, FindExisting(path));
  if (!spot.link.node->is_directory) return Error(ENOTDIR, "find", path);
  return spot.link.node;
}

absl::StatusOr<std::unique_ptr<File>> MemoryFileSystem::Open(const std::string& path,
                                                             OpenMode mode) {
  absl::MutexLock lock(&mu_);
  OCA_ASSIGN_OR_RETURN(MemoryNodePtr node, OpenNode(path, mode));
  return std::make_unique<Handle>(this, std::move(node), path, !ReadsOnly(mode));
}

absl::StatusOr<MemoryNodePtr> MemoryFileSystem::OpenNode(const std::string& path, OpenMode mode) {
  OCA_ASSIGN_OR_RETURN(Spot spot, Find(path));
  const MemoryNodePtr& node = spot.link.node;
  if (node == nullptr) {
    if (ReadsOnly(mode) || mode == OpenMode::kReadWrite) return Error(ENOENT, "open", path);
    return Create(spot, path, /*directory=*/false);
  }
  if (mode == OpenMode::kCreateNew) return Error(EEXIST, "open", path);
  if (node->is_directory) return Error(EISDIR, "open", path);
  const bool empties = mode == OpenMode::kTruncate;
  Verdict verdict = Admit(empties ? Op::kTruncate : Op::kLookup, path, {});
  if (empties && (verdict.error_number == 0 || verdict.carry_out)) {
    node->contents.Truncate(0);
    node->mtime_seconds = NowSeconds();
  }
  if (verdict.error_number != 0) return Error(verdict.error_number, "open", path);
  return node;
}

absl::StatusOr<MemoryNodePtr> MemoryFileSystem::Create(const Spot& spot, const std::string& path,
                                                       bool directory) {
  EntryOp op;
  op.link = {++last_link_id_, std::make_shared<MemoryNode>(&quota_, directory)};
  op.link.node->mtime_seconds = NowSeconds();
  op.to = EntryOp::Place{spot.dir, spot.name};
  MemoryNodePtr node = op.link.node;
  OCA_RETURN_IF_ERROR(Change(Op::kCreate, std::move(op), path));
  return node;
}

absl::Status MemoryFileSystem::Change(Op kind, EntryOp op, std::string_view path,
                                      std::string_view second_path) {
  Verdict verdict = Admit(kind, path, second_path);
  if (verdict.error_number == 0 || verdict.carry_out) {
    for (const auto& place : {op.from, op.to}) {
      if (place) place->dir->mtime_seconds = NowSeconds();
    }
    if (op.from) op.from->dir->entries.erase(op.from->name);
    if (op.to) op.to->dir->entries[op.to->name] = op.link;
    OnEntryChange(std::move(op));
  }
  if (verdict.error_number == 0) return absl::OkStatus();
  constexpr std::string_view kCalls[] = {"create", "write", "truncate", "sync",
                                         "rename", "link",  "remove"};
  return Error(verdict.error_number, kCalls[static_cast<size_t>(kind)], path);
}

absl::Status MemoryFileSystem::CreateDir(const std::string& path) {
  absl::MutexLock lock(&mu_);
  OCA_ASSIGN_OR_RETURN(Spot spot, Find(path));
  if (spot.link.node != nullptr) return Error(EEXIST, "mkdir", path);
  return Create(spot, path, /*directory=*/true).status();
}

absl::Status MemoryFileSystem::Rename(const std::string& from, const std::string& to) {
  absl::MutexLock lock(&mu_);
  auto error = [&](int error_number) {
    return Error(error_number, "rename", fmt::format("{} to {}", from, to));
  };
  OCA_ASSIGN_OR_RETURN(Spot source, FindExisting(from));
  if (LiesIn(to, from) && source.link.node->is_directory) return error(EINVAL);
  OCA_ASSIGN_OR_RETURN(Spot target, Find(to));
  if (source.dir == nullptr || target.dir == nullptr) return error(EBUSY);  // the root
  if (LiesIn(from, to)) return error(ENOTEMPTY);
  EntryOp op;
  if (const MemoryNodePtr& gone = target.link.node; gone != nullptr) {
    if (gone == source.link.node)
      return absl::OkStatus();  // POSIX: two names of one file both stay
    if (source.link.node->is_directory && !gone->is_directory) return error(ENOTDIR);
    if (!source.link.node->is_directory && gone->is_directory) return error(EISDIR);
    if (!gone->entries.empty()) return error(ENOTEMPTY);
    if (gone->is_directory) op.removed_dir = gone;
  }
  op.link = source.link;
  op.from = EntryOp::Place{source.dir, source.name};
  op.to = EntryOp::Place{target.dir, target.name};
  op.replaces = true;
  return Change(Op::kRename, std::move(op), from, to);
}

absl::Status MemoryFileSystem::Link(const std::string& from, const std::string& to) {
  absl::MutexLock lock(&mu_);
  OCA_ASSIGN_OR_RETURN(Spot source, FindExisting(from));
  OCA_ASSIGN_OR_RETURN(Spot target, Find(to));
  if (target.link.node != nullptr) return Error(EEXIST, "link to", to);
  if (source.link.node->is_directory) return Error(EPERM, "link a directory:", from);
  EntryOp op;
  op.link = {++last_link_id_, source.link.node};
  op.to = EntryOp::Place{target.dir, target.name};
  return Change(Op::kLink, std::move(op), from, to);
}

absl::Status MemoryFileSystem::RemoveFile(const std::string& path) {
  return Remove(path, /*directory=*/false);
}

absl::Status MemoryFileSystem::RemoveDir(const std::string& path) {
  return Remove(path, /*directory=*/true);
}

absl::Status MemoryFileSystem::Remove(const std::string& path, bool directory) {
  absl::MutexLock lock(&mu_);
  OCA_ASSIGN_OR_RETURN(Spot spot, FindExisting(path));
  const MemoryNodePtr& node = spot.link.node;
  if (!directory && node->is_directory) return Error(EISDIR, "unlink", path);
  if (directory && !node->is_directory) return Error(ENOTDIR, "rmdir", path);
  if (spot.dir == nullptr) return Error(EBUSY, "rmdir", path);
  if (!node->entries.empty()) return Error(ENOTEMPTY, "rmdir", path);
  EntryOp op;
  op.link = spot.link;
  op.from = EntryOp::Place{spot.dir, spot.name};
  if (directory) op.removed_dir = node;
  return Change(Op::kRemove, std::move(op), path);
}

absl::StatusOr<std::vector<std::string>> MemoryFileSystem::List(const std::string& dir) {
  absl::MutexLock lock(&mu_);
  OCA_ASSIGN_OR_RETURN(MemoryNodePtr node, FindDir(dir));
  Verdict verdict = Admit(Op::kLookup, dir, {});
  if (verdict.error_number != 0) return Error(verdict.error_number, "list", dir);
  std::vector<std::string> names;
  for (const auto& [name, link] : node->entries) names.push_back(name);
  return names;
}

absl::Status MemoryFileSystem::SyncDir(const std::string& dir) {
  absl::MutexLock lock(&mu_);
  OCA_ASSIGN_OR_RETURN(MemoryNodePtr node, FindDir(dir));
  Verdict verdict = Admit(Op::kSyncDir, dir, {});
  if (verdict.error_number != 0) return Error(verdict.error_number, "sync directory", dir);
  OnSyncDir(node);
  return absl::OkStatus();
}

absl::StatusOr<FileInfo> MemoryFileSystem::Stat(const std::string& path) {
  absl::MutexLock lock(&mu_);
  OCA_ASSIGN_OR_RETURN(Spot spot, FindExisting(path));
  Verdict verdict = Admit(Op::kLookup, path, {});
  if (verdict.error_number != 0) return Error(verdict.error_number, "stat", path);
  const MemoryNode& node = *spot.link.node;
  return FileInfo{.size_bytes = node.contents.size(),
                  .is_directory = node.is_directory,
                  .mtime_seconds = node.mtime_seconds};
}

absl::StatusOr<SpaceInfo> MemoryFileSystem::Space(const std::string& path) {
  absl::MutexLock lock(&mu_);
  OCA_RETURN_IF_ERROR(FindExisting(path).status());
  Verdict verdict = Admit(Op::kLookup, path, {});
  if (verdict.error_number != 0) return Error(verdict.error_number, "space", path);
  return SpaceInfo{.total_bytes = quota_.capacity_bytes,
                   .available_bytes = quota_.available_bytes()};
}

absl::StatusOr<std::unique_ptr<FileLock>> MemoryFileSystem::Lock(const std::string& path) {
  absl::MutexLock lock(&mu_);
  OCA_ASSIGN_OR_RETURN(MemoryNodePtr node, OpenNode(path, OpenMode::kOpenOrCreate));
  if (node->is_locked) return Error(EAGAIN, "lock", path);
  return std::make_unique<HeldLock>(this, std::move(node));
}

}  // namespace oca::io
