#include "fs/fuse/operations.h"

namespace oca::fuse {

const fuse_lowlevel_ops& Operations() {
  static const fuse_lowlevel_ops table = [] {
    fuse_lowlevel_ops ops{};
    ops.init = Init;
    ops.lookup = Lookup;
    ops.forget = Forget;
    ops.getattr = GetAttr;
    ops.setattr = SetAttr;
    ops.readlink = ReadLink;
    ops.mknod = MkNod;
    ops.mkdir = MkDir;
    ops.unlink = Unlink;
    ops.rmdir = RmDir;
    ops.symlink = SymLink;
    ops.rename = Rename;
    ops.link = Link;
    ops.open = Open;
    ops.read = Read;
    ops.write = Write;
    ops.flush = Flush;
    ops.release = Release;
    ops.fsync = Fsync;
    ops.readdir = ReadDir;
    ops.fsyncdir = Fsync;
    ops.statfs = StatFs;
    ops.setxattr = SetXattr;
    ops.getxattr = GetXattr;
    ops.listxattr = ListXattrs;
    ops.removexattr = RemoveXattr;
    ops.create = Create;
    ops.ioctl = IoCtl;
    ops.forget_multi = ForgetMulti;
    ops.fallocate = Allocate;
    ops.readdirplus = ReadDirPlus;
    ops.copy_file_range = CopyRange;
    ops.lseek = Seek;
    // Not served: access (the kernel checks modes and ACLs: default_permissions), getlk, setlk and
    // flock (the kernel's own locks are right on one host), bmap, poll, write_buf and
    // retrieve_reply (write takes the bytes from the request).
    return ops;
  }();
  return table;
}

}  // namespace oca::fuse
