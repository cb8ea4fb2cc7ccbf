// A repository's files as plain bytes: to be damaged one at a time.
#ifndef OCA_T_INTEGRATION_30_ENGINE_DISK_IMAGE_H_
#define OCA_T_INTEGRATION_30_ENGINE_DISK_IMAGE_H_

#include <fcntl.h>
#include <sys/stat.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fs/engine/filesystem.h"
#include "gtest/gtest.h"
#include "lib/base/status.h"
#include "lib/io/file_system.h"
#include "t/support/status_matchers.h"

namespace oca::engine {

using Disk = std::map<std::string, std::string>;  // path -> contents; folders end in '/'

inline void ReadDisk(io::FileSystem& fs, const std::string& dir, Disk* disk) {
  ASSERT_OK_AND_ASSIGN(std::vector<std::string> names, fs.List(dir));
  for (const std::string& name : names) {
    const std::string path = io::JoinPath(dir, name);
    ASSERT_OK_AND_ASSIGN(io::FileInfo info, fs.Stat(path));
    if (info.is_directory) {
      (*disk)[path + "/"];
      ReadDisk(fs, path, disk);
    } else {
      ASSERT_OK_AND_ASSIGN((*disk)[path], io::ReadFile(fs, path));
    }
  }
}

inline void WriteDisk(const Disk& disk, io::FileSystem& fs) {
  ASSERT_OK(io::CreateDirs(fs, "/oca"));
  for (const auto& [path, contents] : disk) {
    if (path.back() == '/') {
      ASSERT_OK(io::CreateDirs(fs, path.substr(0, path.size() - 1)));
    } else {
      ASSERT_OK(io::CreateDirs(fs, io::DirName(path)));
      ASSERT_OK(io::WriteFileAtomically(fs, path, contents));
    }
  }
}

inline absl::Status WriteFile(Filesystem& filesystem, InodeNo folder, const std::string& name,
                              std::string_view data) {
  NewInode what;
  what.mode = S_IFREG | 0644;
  OCA_ASSIGN_OR_RETURN(Inode inode, filesystem.Create(folder, name, what));
  OCA_ASSIGN_OR_RETURN(Handle * handle, filesystem.Open(inode.ino, O_WRONLY));
  absl::Status status = filesystem.Write(handle, 0, data, false).status();
  if (status.ok()) status = filesystem.Fsync(inode.ino);
  filesystem.Release(handle);
  return status;
}

}  // namespace oca::engine

#endif  // OCA_T_INTEGRATION_30_ENGINE_DISK_IMAGE_H_
