#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "t/bench/null_fuse/operations.h"

namespace oca::bench {
namespace passthrough {
namespace {

// The kernel's number for a node is the address of this; O_PATH descriptors stay open until the
// daemon ends.
struct Node {
  int fd = -1;
};

Node* root = nullptr;

Node* NodeOf(fuse_ino_t ino) { return ino == FUSE_ROOT_ID ? root : reinterpret_cast<Node*>(ino); }

// One node per file of the host.
Node* NodeFor(const struct stat& attr, int fd) {
  static std::mutex* mutex = new std::mutex;
  static auto* nodes = new std::map<std::pair<dev_t, ino_t>, Node*>;
  std::lock_guard lock(*mutex);
  auto [it, added] = nodes->try_emplace({attr.st_dev, attr.st_ino}, nullptr);
  if (added) {
    it->second = new Node{fd};
  } else {
    close(fd);
  }
  return it->second;
}

int Resolve(fuse_ino_t parent, const char* name, fuse_entry_param* entry) {
  int fd = openat(NodeOf(parent)->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return errno;
  *entry = {};
  if (fstatat(fd, "", &entry->attr, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) != 0) {
    int error = errno;
    close(fd);
    return error;
  }
  entry->ino = reinterpret_cast<fuse_ino_t>(NodeFor(entry->attr, fd));
  entry->attr_timeout = entry->entry_timeout = kTimeoutSeconds;
  return 0;
}

void Lookup(fuse_req_t req, fuse_ino_t parent, const char* name) {
  fuse_entry_param entry;
  if (int error = Resolve(parent, name, &entry); error != 0) {
    fuse_reply_err(req, error);
  } else {
    fuse_reply_entry(req, &entry);
  }
}

void GetAttr(fuse_req_t req, fuse_ino_t ino, fuse_file_info*) {
  struct stat attr;
  if (fstatat(NodeOf(ino)->fd, "", &attr, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) != 0) {
    fuse_reply_err(req, errno);
  } else {
    fuse_reply_attr(req, &attr, kTimeoutSeconds);
  }
}

void ReadLink(fuse_req_t req, fuse_ino_t ino) {
  std::vector<char> target(4096);
  ssize_t size = readlinkat(NodeOf(ino)->fd, "", target.data(), target.size() - 1);
  if (size < 0) {
    fuse_reply_err(req, errno);
    return;
  }
  target[static_cast<size_t>(size)] = '\0';
  fuse_reply_readlink(req, target.data());
}

// The file itself, for calls that refuse an O_PATH descriptor.
std::string PathOf(fuse_ino_t ino) { return "/proc/self/fd/" + std::to_string(NodeOf(ino)->fd); }

void ReplyXattr(fuse_req_t req, size_t size, ssize_t result, const std::vector<char>& buffer) {
  if (result < 0) {
    fuse_reply_err(req, errno);
  } else if (size == 0) {
    fuse_reply_xattr(req, static_cast<size_t>(result));
  } else {
    fuse_reply_buf(req, buffer.data(), static_cast<size_t>(result));
  }
}

void GetXattr(fuse_req_t req, fuse_ino_t ino, const char* name, size_t size) {
  std::vector<char> buffer(size);
  const ssize_t result = getxattr(PathOf(ino).c_str(), name, buffer.data(), size);
  ReplyXattr(req, size, result, buffer);
}

void ListXattr(fuse_req_t req, fuse_ino_t ino, size_t size) {
  std::vector<char> buffer(size);
  const ssize_t result = listxattr(PathOf(ino).c_str(), buffer.data(), size);
  ReplyXattr(req, size, result, buffer);
}

void Open(fuse_req_t req, fuse_ino_t ino, fuse_file_info* fi) {
  int fd = open(PathOf(ino).c_str(), (fi->flags & ~O_NOFOLLOW) | O_CLOEXEC);
  if (fd < 0) {
    fuse_reply_err(req, errno);
    return;
  }
  fi->fh = static_cast<uint64_t>(fd);
  fuse_reply_open(req, fi);
}

void Read(fuse_req_t req, fuse_ino_t, size_t size, off_t offset, fuse_file_info* fi) {
  fuse_bufvec buffer = FUSE_BUFVEC_INIT(size);
  buffer.buf[0].flags = static_cast<fuse_buf_flags>(FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK);
  buffer.buf[0].fd = static_cast<int>(fi->fh);
  buffer.buf[0].pos = offset;
  fuse_reply_data(req, &buffer, FUSE_BUF_SPLICE_MOVE);
}

void Release(fuse_req_t req, fuse_ino_t, fuse_file_info* fi) {
  close(static_cast<int>(fi->fh));
  fuse_reply_err(req, 0);
}

void OpenDir(fuse_req_t req, fuse_ino_t ino, fuse_file_info* fi) {
  int fd = openat(NodeOf(ino)->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* dir = fd < 0 ? nullptr : fdopendir(fd);
  if (dir == nullptr) {
    fuse_reply_err(req, errno);
    return;
  }
  fi->fh = reinterpret_cast<uint64_t>(dir);
  fuse_reply_open(req, fi);
}

void ReadDirPlus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, fuse_file_info* fi) {
  DIR* dir = reinterpret_cast<DIR*>(fi->fh);
  std::vector<char> buffer(size);
  size_t used = 0;
  seekdir(dir, offset);
  while (true) {
    long before = telldir(dir);
    const dirent* found = readdir(dir);
    if (found == nullptr) break;
    std::string name = found->d_name;
    fuse_entry_param entry = {};
    if (name == "." || name == "..") {
      entry.attr.st_ino = found->d_ino;
      entry.attr.st_mode = S_IFDIR;
    } else if (Resolve(ino, found->d_name, &entry) != 0) {
      continue;
    }
    size_t need = fuse_add_direntry_plus(req, buffer.data() + used, size - used, name.c_str(),
                                         &entry, found->d_off);
    if (need > size - used) {
      seekdir(dir, before);
      break;
    }
    used += need;
  }
  fuse_reply_buf(req, buffer.data(), used);
}

void ReleaseDir(fuse_req_t req, fuse_ino_t, fuse_file_info* fi) {
  closedir(reinterpret_cast<DIR*>(fi->fh));
  fuse_reply_err(req, 0);
}

fuse_lowlevel_ops MakeOperations() {
  fuse_lowlevel_ops ops = {};
  ops.lookup = Lookup;
  ops.getattr = GetAttr;
  ops.readlink = ReadLink;
  ops.open = Open;
  ops.read = Read;
  ops.release = Release;
  ops.opendir = OpenDir;
  ops.readdirplus = ReadDirPlus;
  ops.releasedir = ReleaseDir;
  ops.getxattr = GetXattr;
  ops.listxattr = ListXattr;
  return ops;
}

}  // namespace
}  // namespace passthrough

const fuse_lowlevel_ops& PassthroughOperations() {
  static const fuse_lowlevel_ops ops = passthrough::MakeOperations();
  return ops;
}

int OpenPassthroughRoot(const std::string& dir) {
  int fd = open(dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno;
  passthrough::root = new passthrough::Node{fd};
  return 0;
}

}  // namespace oca::bench
