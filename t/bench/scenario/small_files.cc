// small_files <dir> <count>: creates files in directories of 1,000, writes 4 KiB of its own to
// each, closes it.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: small_files <dir> <count>\n");
    return 2;
  }
  const std::string top = argv[1];
  const int count = std::stoi(argv[2]);
  std::mt19937_64 random(7);
  std::array<uint64_t, 512> content;
  for (uint64_t& word : content) word = random();
  std::string dir;
  for (int i = 0; i < count; ++i) {
    if (i % 1000 == 0) {
      dir = top + "/" + std::to_string(i / 1000);
      if (mkdir(dir.c_str(), 0755) != 0) {
        std::fprintf(stderr, "%s: %s\n", dir.c_str(), std::strerror(errno));
        return 1;
      }
    }
    content[0] = static_cast<uint64_t>(i);  // no two files alike
    const std::string path = dir + "/" + std::to_string(i);
    int fd = open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, content.data(), sizeof(content)) != sizeof(content) || close(fd) != 0) {
      std::fprintf(stderr, "%s: %s\n", path.c_str(), std::strerror(errno));
      return 1;
    }
  }
  return 0;
}
