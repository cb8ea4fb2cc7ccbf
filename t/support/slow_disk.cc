// For LD_PRELOAD: disks that are slow, or hang, when a test says so. $OCA_SLOW_DISKS names their
// folders ("/one:/two"), the file $OCA_SLOW_STATE how each is just now (slow_disk.py writes it).
// $OCA_SLOW_PROGRAM: only the program of that name has such disks.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace {

enum Kind : int64_t { kSync = 1, kWrite = 2, kRead = 4, kName = 8 };

struct Disk {
  std::atomic<int64_t> call_us;  // each call takes so much longer
  std::atomic<int64_t> sync_us;  // each sync, beyond that
  std::atomic<int64_t> held;     // calls of these kinds do not return while it says so
  std::atomic<int64_t> waiting;  // so many calls are held
};
static_assert(sizeof(Disk) == 32);

struct Disks {
  std::vector<std::string> folders;
  Disk* states = nullptr;
};

// Without functions that are replaced here.
void* MapState(const char* path, size_t bytes) {
  const long fd = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return MAP_FAILED;
  void* page = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, static_cast<int>(fd), 0);
  close(static_cast<int>(fd));
  return page;
}

Disks* FindDisks() {
  auto* const disks = new Disks;
  const char* program = std::getenv("OCA_SLOW_PROGRAM");
  const char* folders = std::getenv("OCA_SLOW_DISKS");
  const char* state = std::getenv("OCA_SLOW_STATE");
  if (folders == nullptr || state == nullptr) return disks;
  if (program != nullptr && std::strcmp(program, program_invocation_short_name) != 0) return disks;
  std::string_view rest = folders;
  while (!rest.empty()) {
    disks->folders.emplace_back(rest.substr(0, rest.find(':')));
    rest.remove_prefix(std::min(rest.size(), disks->folders.back().size() + 1));
  }
  void* const page = MapState(state, disks->folders.size() * sizeof(Disk));
  if (page == MAP_FAILED) {
    std::perror(state);
    std::abort();
  }
  disks->states = static_cast<Disk*>(page);
  return disks;
}

const Disks& All() {
  static const Disks* const disks = FindDisks();
  return *disks;
}

Disk* DiskOf(std::string_view path) {
  for (size_t i = 0; i < All().folders.size(); ++i) {
    const std::string& folder = All().folders[i];
    const bool inside = path.size() > folder.size() ? path[folder.size()] == '/' : true;
    if (path.starts_with(folder) && inside) return &All().states[i];
  }
  return nullptr;
}

bool AnySlow() {
  for (size_t i = 0; i < All().folders.size(); ++i) {
    const Disk& disk = All().states[i];
    if (disk.call_us != 0 || disk.sync_us != 0 || disk.held != 0) return true;
  }
  return false;
}

constexpr int64_t kSlice = 2000;  // of microseconds: how soon a call sees that its disk is quick

int64_t Now() {
  timespec now{};
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000 + now.tv_nsec / 1000;
}

void Sleep(int64_t microseconds) {
  const timespec time{0, microseconds * 1000};
  nanosleep(&time, nullptr);
}

void Delay(Disk* disk, Kind kind) {
  if (disk == nullptr) return;
  const int errno_before = errno;
  const int64_t begin = Now();
  while (true) {
    const int64_t whole = disk->call_us + (kind == kSync ? disk->sync_us.load() : 0);
    const int64_t left = begin + whole - Now();
    if (left <= 0) break;
    Sleep(std::min(left, kSlice));
  }
  if ((disk->held & kind) != 0) {
    ++disk->waiting;
    while ((disk->held & kind) != 0) Sleep(kSlice);
    --disk->waiting;
  }
  errno = errno_before;
}

void DelayPath(const char* path, Kind kind) {
  if (AnySlow()) Delay(DiskOf(path), kind);
}

void DelayFd(int fd, Kind kind) {
  if (!AnySlow()) return;
  char link[32], path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t n = readlink(link, path, sizeof path);
  if (n > 0) Delay(DiskOf({path, static_cast<size_t>(n)}), kind);
}

// The function that stands behind one of ours.
template <typename Function>
Function* Real(Function*, const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

#define REAL(name) static decltype(&name) const real = Real(&name, #name)

extern "C" {

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  DelayPath(path, kName);
  REAL(open);
  return real(path, flags, mode);
}

int mkdir(const char* path, mode_t mode) noexcept {
  DelayPath(path, kName);
  REAL(mkdir);
  return real(path, mode);
}

int unlink(const char* path) noexcept {
  DelayPath(path, kName);
  REAL(unlink);
  return real(path);
}

int rename(const char* from, const char* to) noexcept {
  DelayPath(to, kName);
  REAL(rename);
  return real(from, to);
}

ssize_t pread(int fd, void* out, size_t size, off_t offset) {
  DelayFd(fd, kRead);
  REAL(pread);
  return real(fd, out, size, offset);
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  DelayFd(fd, kWrite);
  REAL(pwrite);
  return real(fd, data, size, offset);
}

int ftruncate(int fd, off_t size) noexcept {
  DelayFd(fd, kWrite);
  REAL(ftruncate);
  return real(fd, size);
}

int sync_file_range(int fd, off64_t offset, off64_t size, unsigned flags) {
  DelayFd(fd, kWrite);
  REAL(sync_file_range);
  return real(fd, offset, size, flags);
}

int fdatasync(int fd) {
  DelayFd(fd, kSync);
  REAL(fdatasync);
  return real(fd);
}

int fsync(int fd) {
  DelayFd(fd, kSync);
  REAL(fsync);
  return real(fd);
}

}  // extern "C"
