// The FUSE requests that we serve, by family. Each function answers its request exactly once, now
// or later.
#ifndef OCA_FS_FUSE_OPERATIONS_H_
#define OCA_FS_FUSE_OPERATIONS_H_

#include "fs/fuse/kernel_api.h"

namespace oca::fuse {

// The table for fuse_session_new; its userdata is a Context.
const fuse_lowlevel_ops& Operations();

// connection.cc
void Init(void* userdata, fuse_conn_info* conn);

// attributes.cc
void GetAttr(fuse_req_t req, fuse_ino_t ino, fuse_file_info* fi);
void SetAttr(fuse_req_t req, fuse_ino_t ino, struct stat* attr, int to_set, fuse_file_info* fi);
void StatFs(fuse_req_t req, fuse_ino_t ino);

// names.cc
void Lookup(fuse_req_t req, fuse_ino_t parent, const char* name);
void Forget(fuse_req_t req, fuse_ino_t ino, uint64_t count);
void ForgetMulti(fuse_req_t req, size_t count, fuse_forget_data* forgets);
void MkNod(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode, dev_t rdev);
void MkDir(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode);
void SymLink(fuse_req_t req, const char* target, fuse_ino_t parent, const char* name);
void ReadLink(fuse_req_t req, fuse_ino_t ino);
void Link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t new_parent, const char* new_name);
void Unlink(fuse_req_t req, fuse_ino_t parent, const char* name);
void RmDir(fuse_req_t req, fuse_ino_t parent, const char* name);
void Rename(fuse_req_t req, fuse_ino_t parent, const char* name, fuse_ino_t new_parent,
            const char* new_name, unsigned flags);

// directories.cc
void ReadDir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, fuse_file_info* fi);
void ReadDirPlus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, fuse_file_info* fi);

// files.cc
void Open(fuse_req_t req, fuse_ino_t ino, fuse_file_info* fi);
void Create(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode, fuse_file_info* fi);
void Flush(fuse_req_t req, fuse_ino_t ino, fuse_file_info* fi);
void Release(fuse_req_t req, fuse_ino_t ino, fuse_file_info* fi);
void Fsync(fuse_req_t req, fuse_ino_t ino, int datasync,
           fuse_file_info* fi);  // files and directories

// data.cc
void Read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, fuse_file_info* fi);
void Write(fuse_req_t req, fuse_ino_t ino, const char* data, size_t size, off_t offset,
           fuse_file_info* fi);
void Allocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset, off_t length,
              fuse_file_info* fi);
void CopyRange(fuse_req_t req, fuse_ino_t from, off_t from_offset, fuse_file_info* from_fi,
               fuse_ino_t to, off_t to_offset, fuse_file_info* to_fi, size_t length, int flags);
void Seek(fuse_req_t req, fuse_ino_t ino, off_t offset, int whence, fuse_file_info* fi);
void IoCtl(fuse_req_t req, fuse_ino_t ino, unsigned command, void* argument, fuse_file_info* fi,
           unsigned flags, const void* in, size_t in_size, size_t out_size);

// xattrs.cc
void SetXattr(fuse_req_t req, fuse_ino_t ino, const char* name, const char* value, size_t size,
              int flags);
void GetXattr(fuse_req_t req, fuse_ino_t ino, const char* name, size_t size);
void ListXattrs(fuse_req_t req, fuse_ino_t ino, size_t size);
void RemoveXattr(fuse_req_t req, fuse_ino_t ino, const char* name);

}  // namespace oca::fuse

#endif  // OCA_FS_FUSE_OPERATIONS_H_
