#include "t/unit/fs/names/model.h"

#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "t/unit/fs/names/must.h"

namespace oca::names {
namespace {

uint32_t TypeOf(const Inode& inode) { return inode.mode & S_IFMT; }
bool IsDirectory(const Inode& inode) { return TypeOf(inode) == S_IFDIR; }
bool HasUserXattrs(const Inode& inode) { return IsDirectory(inode) || TypeOf(inode) == S_IFREG; }

void AddInodeText(const Inode& i, std::string* out) {
  fmt::format_to(std::back_inserter(*out),
                 "{} c{} {:o} {}:{} n{} r{} s{}/{} p{} e{} l{} {} {} {} {} [{}]\n", i.ino.value,
                 i.container.value, i.mode, i.uid, i.gid, i.nlink, i.rdev, i.size, i.data_bytes,
                 i.parent.value, i.entries, i.retain_until_ns, i.atime_ns, i.mtime_ns, i.ctime_ns,
                 i.btime_ns, i.content);
}

void AddXattrText(std::string_view name, std::string_view value, std::string* out) {
  fmt::format_to(std::back_inserter(*out), "  x {}={}\n", name, value);
}

void AddEntryText(std::string_view name, uint64_t ino, uint32_t type, std::string* out) {
  fmt::format_to(std::back_inserter(*out), "  e {} {} {:o}\n", name, ino, type);
}

}  // namespace

Model::Node* Model::Find(uint64_t ino) {
  const auto it = nodes_.find(ino);
  return it == nodes_.end() ? nullptr : &it->second;
}

RetentionPolicy Model::PolicyOf(const Inode& inode) const {
  const auto it = policies_.find(inode.container.value);
  return it == policies_.end() ? RetentionPolicy() : it->second;
}

bool Model::IsLocked(const Inode& inode, const ModelOp& op) {
  return inode.retain_until_ns > op.trusted_ns;
}

bool Model::MayMove(uint64_t ino, const ModelOp& op) {
  const Node& node = *Find(ino);
  if (!IsDirectory(node.inode)) return !IsLocked(node.inode, op);
  return node.entries.empty() || PolicyOf(node.inode).mode == RetentionMode::kNone;
}

std::vector<uint64_t> Model::Inodes() const {
  std::vector<uint64_t> all;
  for (const auto& [ino, node] : nodes_) all.push_back(ino);
  return all;
}

std::vector<uint64_t> Model::Orphans() const {
  std::vector<uint64_t> all;
  for (const auto& [ino, node] : nodes_) {
    if (node.inode.nlink == 0) all.push_back(ino);
  }
  return all;
}

std::vector<std::pair<uint64_t, std::string>> Model::Entries() const {
  std::vector<std::pair<uint64_t, std::string>> all;
  for (const auto& [ino, node] : nodes_) {
    for (const auto& [name, entry] : node.entries) all.emplace_back(ino, name);
  }
  return all;
}

int Model::CheckDir(uint64_t dir) {
  Node* node = Find(dir);
  if (node == nullptr) return ENOENT;
  if (!IsDirectory(node->inode)) return ENOTDIR;
  if (dir == kRootInode.value) return EPERM;
  return node->inode.nlink == 0 ? ENOENT : 0;
}

void Model::Touch(uint64_t dir, int64_t now) {
  Inode& inode = Find(dir)->inode;
  inode.mtime_ns = inode.ctime_ns = now;
}

void Model::AddEntry(uint64_t dir, const std::string& name, uint64_t ino, uint64_t place) {
  Node& parent = *Find(dir);
  Inode& inode = Find(ino)->inode;
  parent.entries[name] = {ino, place};
  ++parent.inode.entries;
  if (!IsDirectory(inode)) return;
  ++parent.inode.nlink;
  inode.parent = InodeNo(dir);
}

Model::Entry Model::TakeEntry(uint64_t dir, const std::string& name) {
  Node& parent = *Find(dir);
  const Entry entry = parent.entries.at(name);
  parent.entries.erase(name);
  --parent.inode.entries;
  if (IsDirectory(Find(entry.ino)->inode)) --parent.inode.nlink;
  return entry;
}

void Model::DropName(uint64_t ino, int64_t now) {
  Inode& inode = Find(ino)->inode;
  inode.nlink = IsDirectory(inode) ? 0 : inode.nlink - 1;
  inode.ctime_ns = now;
}

bool Model::IsBelow(uint64_t dir, uint64_t ancestor) {
  while (dir != ancestor && dir != kRootInode.value) dir = Find(dir)->inode.parent.value;
  return dir == ancestor;
}

int Model::Apply(const ModelOp& op) {
  switch (op.kind) {
    case ModelOp::kCreate:
      return Create(op);
    case ModelOp::kLink:
      return Link(op);
    case ModelOp::kUnlink:
      return Remove(op, false);
    case ModelOp::kRmdir:
      return Remove(op, true);
    case ModelOp::kRename:
      return Rename(op);
    case ModelOp::kSetAttr:
      return SetAttr(op);
    case ModelOp::kSetContent:
      return SetContent(op);
    case ModelOp::kSetXattr:
      return SetXattr(op);
    case ModelOp::kRemoveXattr:
      return RemoveXattr(op);
    case ModelOp::kDeleteOrphan: {
      Node* node = Find(op.ino);
      if (node == nullptr || node->inode.nlink != 0) return ENOENT;
      nodes_.erase(op.ino);
      return 0;
    }
    case ModelOp::kKinds:
      break;
  }
  std::abort();
}

int Model::Create(const ModelOp& op) {
  if (int error = CheckDir(op.dir)) return error;
  Node& parent = *Find(op.dir);
  if (parent.entries.contains(op.name)) return EEXIST;
  Inode made;
  made.ino = InodeNo(op.ino);
  made.container = parent.inode.container;
  made.mode = op.what.mode & ~op.what.umask;
  made.uid = op.what.uid;
  made.gid = op.what.gid;
  made.nlink = 1;
  made.atime_ns = made.mtime_ns = made.ctime_ns = made.btime_ns = op.now_ns;
  if (parent.inode.mode & S_ISGID) {
    made.gid = parent.inode.gid;
    if (IsDirectory(made)) made.mode |= S_ISGID;
  }
  if (IsDirectory(made)) {
    made.nlink = 2;
    made.size = 4096;
  }
  if (TypeOf(made) == S_IFLNK) {
    made.mode = S_IFLNK | 0777;
    made.content = op.what.symlink_target;
    made.size = made.content.size();
  }
  if (TypeOf(made) == S_IFCHR) made.rdev = op.what.rdev;
  nodes_[op.ino].inode = made;
  AddEntry(op.dir, op.name, op.ino, next_place_++);
  Touch(op.dir, op.now_ns);
  return 0;
}

int Model::Link(const ModelOp& op) {
  Node* node = Find(op.ino);
  if (node == nullptr) return ENOENT;
  if (int error = CheckDir(op.dir)) return error;
  Node& parent = *Find(op.dir);
  if (parent.entries.contains(op.name)) return EEXIST;
  if (IsDirectory(node->inode)) return EPERM;
  if (node->inode.container != parent.inode.container) return EXDEV;
  if (node->inode.nlink == 0) return ENOENT;
  if (IsLocked(node->inode, op)) return EPERM;
  ++node->inode.nlink;
  node->inode.ctime_ns = op.now_ns;
  AddEntry(op.dir, op.name, op.ino, next_place_++);
  Touch(op.dir, op.now_ns);
  return 0;
}

int Model::Remove(const ModelOp& op, bool is_rmdir) {
  if (int error = CheckDir(op.dir)) return error;
  Node& parent = *Find(op.dir);
  const auto entry = parent.entries.find(op.name);
  if (entry == parent.entries.end()) return ENOENT;
  const Node& node = *Find(entry->second.ino);
  if (IsDirectory(node.inode) != is_rmdir) return is_rmdir ? ENOTDIR : EISDIR;
  if (is_rmdir && !node.entries.empty()) return ENOTEMPTY;
  if (IsLocked(node.inode, op)) return EPERM;
  const uint64_t ino = TakeEntry(op.dir, op.name).ino;
  DropName(ino, op.now_ns);
  Touch(op.dir, op.now_ns);
  return 0;
}

int Model::Rename(const ModelOp& op) {
  if (int error = CheckDir(op.dir)) return error;
  if (int error = CheckDir(op.to_dir)) return error;
  Node& from = *Find(op.dir);
  Node& to = *Find(op.to_dir);
  if (!from.entries.contains(op.name)) return ENOENT;
  if (from.inode.container != to.inode.container) return EXDEV;
  const uint64_t moved = from.entries[op.name].ino;
  const bool taken = to.entries.contains(op.to_name);
  const uint64_t there = taken ? to.entries[op.to_name].ino : 0;
  if (taken && op.flags == RENAME_NOREPLACE) return EEXIST;
  if (!taken && op.flags == RENAME_EXCHANGE) return ENOENT;
  const bool moved_is_dir = IsDirectory(Find(moved)->inode);
  const bool there_is_dir = taken && IsDirectory(Find(there)->inode);
  if (moved_is_dir && op.dir != op.to_dir && IsBelow(op.to_dir, moved)) return EINVAL;
  if (op.flags == RENAME_EXCHANGE && there_is_dir && op.dir != op.to_dir &&
      IsBelow(op.dir, there)) {
    return EINVAL;
  }
  if (taken && moved == there) return 0;
  if (!MayMove(moved, op)) return EPERM;
  if (op.flags == RENAME_EXCHANGE) {
    if (!MayMove(there, op)) return EPERM;
    Exchange(op);
    return 0;
  }
  uint64_t place = next_place_;
  if (taken) {
    if (moved_is_dir != there_is_dir) return moved_is_dir ? ENOTDIR : EISDIR;
    if (there_is_dir && !Find(there)->entries.empty()) return ENOTEMPTY;
    if (IsLocked(Find(there)->inode, op)) return EPERM;
    place = TakeEntry(op.to_dir, op.to_name).place;
    DropName(there, op.now_ns);
  } else {
    ++next_place_;
  }
  TakeEntry(op.dir, op.name);
  AddEntry(op.to_dir, op.to_name, moved, place);
  Find(moved)->inode.ctime_ns = op.now_ns;
  Touch(op.dir, op.now_ns);
  Touch(op.to_dir, op.now_ns);
  return 0;
}

void Model::Exchange(const ModelOp& op) {
  const Entry a = TakeEntry(op.dir, op.name);
  const Entry b = TakeEntry(op.to_dir, op.to_name);
  AddEntry(op.dir, op.name, b.ino, a.place);
  AddEntry(op.to_dir, op.to_name, a.ino, b.place);
  Find(a.ino)->inode.ctime_ns = Find(b.ino)->inode.ctime_ns = op.now_ns;
  Touch(op.dir, op.now_ns);
  Touch(op.to_dir, op.now_ns);
}

int Model::SetAttr(const ModelOp& op) {
  Node* node = Find(op.ino);
  if (node == nullptr) return ENOENT;
  Inode& inode = node->inode;
  if (IsLocked(inode, op)) return SetAttrOfLocked(op, &inode);
  const bool was_writable = (inode.mode & 0222) != 0;
  if (op.change.mode) inode.mode = TypeOf(inode) | (*op.change.mode & 07777);
  inode.uid = op.change.uid.value_or(inode.uid);
  inode.gid = op.change.gid.value_or(inode.gid);
  inode.atime_ns = op.change.atime_ns.value_or(inode.atime_ns);
  inode.mtime_ns = op.change.mtime_ns.value_or(inode.mtime_ns);
  inode.ctime_ns = op.change.ctime_ns.value_or(op.now_ns);
  if (TypeOf(inode) != S_IFREG || inode.nlink == 0) return 0;
  if ((inode.mode & 0222) != 0) {
    inode.retain_until_ns = 0;
    return 0;
  }
  const RetentionPolicy policy = PolicyOf(inode);
  if (policy.mode == RetentionMode::kNone) return 0;
  const auto after = [&](uint64_t seconds) {
    return op.trusted_ns + static_cast<int64_t>(seconds) * 1'000'000'000;
  };
  const bool names_an_end = inode.atime_ns > op.trusted_ns && (was_writable || op.change.atime_ns);
  if (!names_an_end && !was_writable) return 0;
  const int64_t wanted = names_an_end ? inode.atime_ns : after(policy.default_seconds);
  inode.retain_until_ns = std::clamp(wanted, after(policy.min_seconds), after(policy.max_seconds));
  inode.atime_ns = inode.retain_until_ns;
  return 0;
}

int Model::SetAttrOfLocked(const ModelOp& op, Inode* inode) {
  const AttrChange& change = op.change;
  if (change.mode && (*change.mode & 07777) != (inode->mode & 07777)) return EPERM;
  if (change.uid && *change.uid != inode->uid) return EPERM;
  if (change.gid && *change.gid != inode->gid) return EPERM;
  if (change.mtime_ns && *change.mtime_ns != inode->mtime_ns) return EPERM;
  if (!change.atime_ns) return 0;
  if (*change.atime_ns < inode->retain_until_ns) return EPERM;
  const int64_t most =
      op.trusted_ns + static_cast<int64_t>(PolicyOf(*inode).max_seconds) * 1'000'000'000;
  const int64_t until = std::min(*change.atime_ns, most);
  if (until <= inode->retain_until_ns) return 0;
  inode->retain_until_ns = inode->atime_ns = until;
  inode->ctime_ns = op.now_ns;
  return 0;
}

int Model::SetContent(const ModelOp& op) {
  Node* node = Find(op.ino);
  if (node == nullptr) return ENOENT;
  Inode& inode = node->inode;
  if (TypeOf(inode) != S_IFREG) return EINVAL;
  if (IsLocked(inode, op)) return EPERM;
  inode.content = op.content.recipe;
  inode.size = op.content.size;
  inode.data_bytes = op.content.data_bytes;
  inode.mtime_ns = op.content.mtime_ns;
  inode.ctime_ns = op.content.ctime_ns;
  return 0;
}

int Model::SetXattr(const ModelOp& op) {
  Node* node = Find(op.ino);
  if (node == nullptr) return ENOENT;
  if (op.name.starts_with("user.") && !HasUserXattrs(node->inode)) return EPERM;
  if (IsLocked(node->inode, op)) return EPERM;
  const bool there = node->xattrs.contains(op.name);
  if (there && (op.flags & XATTR_CREATE)) return EEXIST;
  if (!there && (op.flags & XATTR_REPLACE)) return ENODATA;
  node->xattrs[op.name] = op.value;
  node->inode.ctime_ns = op.now_ns;
  return 0;
}

int Model::RemoveXattr(const ModelOp& op) {
  Node* node = Find(op.ino);
  if (node == nullptr) return ENOENT;
  if (op.name.starts_with("user.") && !HasUserXattrs(node->inode)) return EPERM;
  if (IsLocked(node->inode, op)) return EPERM;
  if (node->xattrs.erase(op.name) == 0) return ENODATA;
  node->inode.ctime_ns = op.now_ns;
  return 0;
}

std::string Model::Text() const {
  std::string out;
  for (const auto& [ino, node] : nodes_) {
    if (ino == kRootInode.value) continue;
    AddInodeText(node.inode, &out);
    for (const auto& [name, value] : node.xattrs) AddXattrText(name, value, &out);
    std::map<uint64_t, std::pair<std::string, uint64_t>> listing;
    for (const auto& [name, entry] : node.entries) listing[entry.place] = {name, entry.ino};
    for (const auto& [place, entry] : listing) {
      AddEntryText(entry.first, entry.second, TypeOf(nodes_.at(entry.second).inode), &out);
    }
  }
  return out;
}

std::string TreeText(const Names& names) {
  std::string out;
  const absl::Status walked = names.ForEachInode([&](const Inode& inode) -> absl::Status {
    if (inode.ino == kRootInode) return absl::OkStatus();
    AddInodeText(inode, &out);
    for (const std::string& name : Value(names.ListXattrs(inode.ino))) {
      AddXattrText(name, Value(names.GetXattr(inode.ino, name)), &out);
    }
    if (!IsDirectory(inode)) return absl::OkStatus();
    return names.ReadDir(inode.ino, 0, [&](const DirEntry& entry) {
      AddEntryText(entry.name, Value(names.Lookup(inode.ino, entry.name)).ino.value, entry.type,
                   &out);
      return true;
    });
  });
  if (walked.ok()) return out;
  fmt::print(stderr, "tree: {}\n", walked.ToString());
  std::abort();
}

}  // namespace oca::names
