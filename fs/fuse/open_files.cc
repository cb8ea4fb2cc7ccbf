#include "fs/fuse/open_files.h"

#include <fcntl.h>

namespace oca::fuse {

OpenFile* OpenFiles::Add(InodeNo ino, engine::Handle* handle, int flags, bool may_stream) {
  const int access = flags & O_ACCMODE;
  auto file = std::make_unique<OpenFile>();
  absl::MutexLock lock(&mutex_);
  std::unique_ptr<OpenInode>& inode = inodes_[ino];
  if (inode == nullptr) {
    inode = std::make_unique<OpenInode>();
    inode->ino = ino;
  }
  file->handle = handle;
  file->inode = inode.get();
  file->direct = access == O_WRONLY && may_stream && inode->writable == 0;
  file->writable = access != O_RDONLY;
  if (file->direct) {
    if (++inode->direct == 1) inode->pages = inode->cached > 0;
  } else {
    ++inode->cached;
    if (file->writable) ++inode->writable;
    inode->pages = true;
  }
  files_.insert(file.get());
  return file.release();
}

engine::Handle* OpenFiles::Remove(OpenFile* file) {
  std::unique_ptr<OpenFile> owned(file);
  absl::MutexLock lock(&mutex_);
  files_.erase(file);
  OpenInode* inode = file->inode;
  --(file->direct ? inode->direct : inode->cached);
  if (!file->direct && file->writable) --inode->writable;
  if (inode->direct == 0) inode->privileged = false;
  if (inode->direct == 0 && inode->cached == 0) inodes_.erase(inode->ino);
  return file->handle;
}

void OpenFiles::MarkPrivileged(InodeNo ino) {
  absl::MutexLock lock(&mutex_);
  auto it = inodes_.find(ino);
  if (it != inodes_.end() && it->second->direct > 0) it->second->privileged = true;
}

std::vector<OpenFile*> OpenFiles::All() {
  absl::MutexLock lock(&mutex_);
  return {files_.begin(), files_.end()};
}

}  // namespace oca::fuse
