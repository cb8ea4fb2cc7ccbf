#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "t/bench/null_fuse/operations.h"

namespace oca::bench {
namespace sink {
namespace {

struct Node {
  struct stat attr = {};
  fuse_ino_t parent = FUSE_ROOT_ID;
  std::map<std::string, fuse_ino_t, std::less<>> children;
  std::string link;
};

class Sink {
 public:
  Sink() {
    Node& root = nodes_[FUSE_ROOT_ID];
    root.attr.st_ino = FUSE_ROOT_ID;
    root.attr.st_mode = S_IFDIR | 0755;
    root.attr.st_nlink = 2;
  }

  std::mutex mutex;

  Node* Find(fuse_ino_t ino) {
    auto it = nodes_.find(ino);
    return it == nodes_.end() ? nullptr : &it->second;
  }

  // Errno, or 0 with *ino set.
  int Add(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode, fuse_ino_t* ino) {
    Node* dir = Find(parent);
    if (dir == nullptr) return ENOENT;
    if (!dir->children.emplace(name, next_).second) return EEXIST;
    *ino = next_++;
    const fuse_ctx* caller = fuse_req_ctx(req);
    Node& node = nodes_[*ino];
    node.parent = parent;
    node.attr.st_ino = *ino;
    node.attr.st_mode = mode;
    node.attr.st_nlink = 1;
    node.attr.st_uid = caller->uid;
    node.attr.st_gid = caller->gid;
    node.attr.st_blksize = 1 << 20;
    clock_gettime(CLOCK_REALTIME, &node.attr.st_mtim);
    node.attr.st_atim = node.attr.st_ctim = node.attr.st_mtim;
    return 0;
  }

  int Remove(fuse_ino_t parent, const char* name) {
    Node* dir = Find(parent);
    if (dir == nullptr) return ENOENT;
    auto it = dir->children.find(name);
    if (it == dir->children.end()) return ENOENT;
    if (!nodes_[it->second].children.empty()) return ENOTEMPTY;
    nodes_.erase(it->second);
    dir->children.erase(it);
    return 0;
  }

  fuse_entry_param Entry(fuse_ino_t ino) {
    fuse_entry_param entry = {};
    entry.ino = ino;
    entry.attr = nodes_[ino].attr;
    entry.attr_timeout = entry.entry_timeout = kTimeoutSeconds;
    return entry;
  }

 private:
  std::unordered_map<fuse_ino_t, Node> nodes_;
  fuse_ino_t next_ = FUSE_ROOT_ID + 1;
};

Sink& Get() {
  static Sink* sink = new Sink;
  return *sink;
}

void Lookup(fuse_req_t req, fuse_ino_t parent, const char* name) {
  std::lock_guard lock(Get().mutex);
  Node* dir = Get().Find(parent);
  auto it = dir == nullptr ? decltype(dir->children.end()){} : dir->children.find(name);
  if (dir == nullptr || it == dir->children.end()) {
    fuse_reply_err(req, ENOENT);
    return;
  }
  fuse_entry_param entry = Get().Entry(it->second);
  fuse_reply_entry(req, &entry);
}

void GetAttr(fuse_req_t req, fuse_ino_t ino, fuse_file_info*) {
  std::lock_guard lock(Get().mutex);
  Node* node = Get().Find(ino);
  if (node == nullptr) {
    fuse_reply_err(req, ENOENT);
  } else {
    fuse_reply_attr(req, &node->attr, kTimeoutSeconds);
  }
}

void SetAttr(fuse_req_t req, fuse_ino_t ino, struct stat* attr, int to_set, fuse_file_info*) {
  std::lock_guard lock(Get().mutex);
  Node* node = Get().Find(ino);
  if (node == nullptr) {
    fuse_reply_err(req, ENOENT);
    return;
  }
  if (to_set & FUSE_SET_ATTR_MODE) node->attr.st_mode = attr->st_mode;
  if (to_set & FUSE_SET_ATTR_UID) node->attr.st_uid = attr->st_uid;
  if (to_set & FUSE_SET_ATTR_GID) node->attr.st_gid = attr->st_gid;
  if (to_set & FUSE_SET_ATTR_SIZE) node->attr.st_size = attr->st_size;
  if (to_set & FUSE_SET_ATTR_MTIME) node->attr.st_mtim = attr->st_mtim;
  fuse_reply_attr(req, &node->attr, kTimeoutSeconds);
}

void ReplyNew(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode, fuse_file_info* fi,
              const char* link) {
  std::lock_guard lock(Get().mutex);
  fuse_ino_t ino = 0;
  if (int error = Get().Add(req, parent, name, mode, &ino); error != 0) {
    fuse_reply_err(req, error);
    return;
  }
  if (link != nullptr) Get().Find(ino)->link = link;
  fuse_entry_param entry = Get().Entry(ino);
  if (fi == nullptr) {
    fuse_reply_entry(req, &entry);
  } else {
    fi->direct_io = 1;
    fuse_reply_create(req, &entry, fi);
  }
}

void Create(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode, fuse_file_info* fi) {
  ReplyNew(req, parent, name, S_IFREG | (mode & 07777), fi, nullptr);
}

void MkDir(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode) {
  ReplyNew(req, parent, name, S_IFDIR | (mode & 07777), nullptr, nullptr);
}

void SymLink(fuse_req_t req, const char* link, fuse_ino_t parent, const char* name) {
  ReplyNew(req, parent, name, S_IFLNK | 0777, nullptr, link);
}

void Remove(fuse_req_t req, fuse_ino_t parent, const char* name) {
  std::lock_guard lock(Get().mutex);
  fuse_reply_err(req, Get().Remove(parent, name));
}

void Open(fuse_req_t req, fuse_ino_t, fuse_file_info* fi) {
  fi->direct_io = 1;
  fuse_reply_open(req, fi);
}

void Read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, fuse_file_info*) {
  static const std::vector<char>* zeros = new std::vector<char>(1 << 20);
  size_t available = 0;
  {
    std::lock_guard lock(Get().mutex);
    Node* node = Get().Find(ino);
    if (node != nullptr && offset < node->attr.st_size)
      available = static_cast<size_t>(node->attr.st_size - offset);
  }
  fuse_reply_buf(req, zeros->data(), std::min({size, available, zeros->size()}));
}

void Write(fuse_req_t req, fuse_ino_t ino, const char*, size_t size, off_t offset,
           fuse_file_info*) {
  {
    std::lock_guard lock(Get().mutex);
    Node* node = Get().Find(ino);
    if (node != nullptr)
      node->attr.st_size = std::max<off_t>(node->attr.st_size, offset + static_cast<off_t>(size));
  }
  fuse_reply_write(req, size);
}

void Succeed(fuse_req_t req, fuse_ino_t, fuse_file_info*) { fuse_reply_err(req, 0); }

void Fsync(fuse_req_t req, fuse_ino_t, int, fuse_file_info*) { fuse_reply_err(req, 0); }

void ReadDir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, fuse_file_info*) {
  std::lock_guard lock(Get().mutex);
  std::vector<char> buffer(size);
  size_t used = 0;
  off_t position = 0;
  Node* dir = Get().Find(ino);
  if (dir != nullptr) {
    for (const auto& [name, child] : dir->children) {
      if (++position <= offset) continue;
      size_t need = fuse_add_direntry(req, buffer.data() + used, size - used, name.c_str(),
                                      &Get().Find(child)->attr, position);
      if (need > size - used) break;
      used += need;
    }
  }
  fuse_reply_buf(req, buffer.data(), used);
}

fuse_lowlevel_ops MakeOperations() {
  fuse_lowlevel_ops ops = {};
  ops.lookup = Lookup;
  ops.getattr = GetAttr;
  ops.setattr = SetAttr;
  ops.create = Create;
  ops.mkdir = MkDir;
  ops.symlink = SymLink;
  ops.unlink = Remove;
  ops.rmdir = Remove;
  ops.open = Open;
  ops.read = Read;
  ops.write = Write;
  ops.flush = Succeed;
  ops.release = Succeed;
  ops.fsync = Fsync;
  ops.readdir = ReadDir;
  return ops;
}

}  // namespace
}  // namespace sink

const fuse_lowlevel_ops& SinkOperations() {
  static const fuse_lowlevel_ops ops = sink::MakeOperations();
  return ops;
}

}  // namespace oca::bench
