// Trees of files on the machine's file system, and what is to be compared of them.
#ifndef OCA_T_UNIT_GATEWAYS_NDMP_FILE_TREE_H_
#define OCA_T_UNIT_GATEWAYS_NDMP_FILE_TREE_H_

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>

#include "fmt/format.h"
#include "gtest/gtest.h"

namespace oca::ndmp {

inline std::string Noise(size_t bytes, uint32_t seed = 7) {
  std::mt19937 random(seed);
  std::string noise(bytes, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  return noise;
}

inline void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary);
  out << bytes;
  out.close();
  ASSERT_TRUE(out) << path;
}

inline std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  std::stringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

// Every kind of thing that a tree can have without root.
inline void MakeTree(const std::string& top) {
  namespace fs = std::filesystem;
  fs::create_directories(top + "/sub/deep/empty");
  WriteFile(top + "/a", "alpha\n");
  WriteFile(top + "/empty", "");
  WriteFile(top + "/sub/noise", Noise(3'000'001));
  WriteFile(top + "/sub/deep/" + std::string(200, 'n'), "a long name");
  WriteFile(top + "/sub/deep/not utf-8 \xff\xfe", "bytes");
  fs::create_hard_link(top + "/sub/noise", top + "/sub/deep/again");
  fs::create_symlink("../a", top + "/sub/link");
  fs::create_symlink("/nowhere", top + "/dangling");
  ASSERT_EQ(mkfifo((top + "/fifo").c_str(), 0640), 0);
  // A file of which little is there, and that ends with a hole.
  {
    const int fd = open((top + "/sparse").c_str(), O_CREAT | O_WRONLY, 0600);
    EXPECT_EQ(pwrite(fd, "begin", 5, 0), 5);
    EXPECT_EQ(pwrite(fd, "middle", 6, 8 << 20), 6);
    EXPECT_EQ(ftruncate(fd, 20 << 20), 0);
    close(fd);
  }
  {
    const int fd = open((top + "/hole").c_str(), O_CREAT | O_WRONLY, 0600);
    EXPECT_EQ(ftruncate(fd, 5 << 20), 0);
    close(fd);
  }
  fs::permissions(top + "/a", static_cast<fs::perms>(0751));
  fs::permissions(top + "/sub/deep/empty", static_cast<fs::perms>(01700));
  // Where the file system has such.
  setxattr((top + "/a").c_str(), "user.color", "r\0d", 3, 0);
  setxattr((top + "/sub").c_str(), "user.of", "a folder", 8, 0);
  const timespec old[2] = {{1'000'000'000, 123'456'789}, {1'100'000'000, 987'654'321}};
  for (const char* name : {"/a", "/dangling", "/sub/deep", "/sub", ""}) {
    EXPECT_EQ(utimensat(AT_FDCWD, (top + name).c_str(), old, AT_SYMLINK_NOFOLLOW), 0) << name;
  }
}

inline std::string Extended(const std::string& path, const char* name) {
  std::string value(100, '\0');
  const ssize_t n = lgetxattr(path.c_str(), name, value.data(), value.size());
  value.resize(n > 0 ? static_cast<size_t>(n) : 0);
  return value;
}

// What is at each path below `top`, the top itself too.
inline std::map<std::string, std::string> Picture(const std::string& top) {
  namespace fs = std::filesystem;
  std::map<std::string, std::string> picture;
  auto add = [&](const std::string& path) {
    struct stat info {};
    EXPECT_EQ(lstat(path.c_str(), &info), 0) << path;
    std::string what = fmt::format("{:o} {}:{} {}.{} {}", info.st_mode, info.st_uid, info.st_gid,
                                   info.st_mtim.tv_sec, info.st_mtim.tv_nsec,
                                   S_ISDIR(info.st_mode) ? 0 : info.st_nlink);
    if (S_ISREG(info.st_mode)) {
      what += fmt::format(" {} {:x}", info.st_size, std::hash<std::string>()(ReadFile(path)));
    }
    if (S_ISLNK(info.st_mode)) what += " -> " + fs::read_symlink(path).string();
    what += Extended(path, "user.color") + Extended(path, "user.of");
    picture[path.substr(top.size())] = what;
  };
  add(top);
  if (!fs::is_directory(fs::symlink_status(top))) return picture;
  for (const auto& entry : fs::recursive_directory_iterator(top)) add(entry.path().string());
  return picture;
}

}  // namespace oca::ndmp

#endif  // OCA_T_UNIT_GATEWAYS_NDMP_FILE_TREE_H_
