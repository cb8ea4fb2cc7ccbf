// For LD_PRELOAD: a wall clock that a test sets without setting the machine's. The file that
// $OCA_CLOCK_SHIFT names holds by how many seconds it is wrong (int64, little endian). Waits until
// a time of the wall clock follow it as the kernel's would: one that is set back makes them longer,
// also those that have begun.
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

using ClockGettime = int (*)(clockid_t, timespec*);
using Syscall = long (*)(long, ...);

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kSlice = kSecond / 20;  // how soon a wait sees that the clock was set

std::atomic<int64_t>* Shared() {
  static auto* const shared = []() -> std::atomic<int64_t>* {
    const char* path = std::getenv("OCA_CLOCK_SHIFT");
    const int fd = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return nullptr;
    void* page = mmap(nullptr, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    return page == MAP_FAILED ? nullptr : static_cast<std::atomic<int64_t>*>(page);
  }();
  return shared;
}
int64_t Shift() { return Shared() == nullptr ? 0 : Shared()->load(std::memory_order_relaxed); }

template <typename Function>
Function Real(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}
int RealGettime(clockid_t clock, timespec* now) {
  static const auto real = Real<ClockGettime>("clock_gettime");
  return real(clock, now);
}
int64_t ShiftedNow() {
  timespec now{};
  RealGettime(CLOCK_REALTIME, &now);
  return (now.tv_sec + Shift()) * kSecond + now.tv_nsec;
}

// A wait until `end` of the shifted clock, in slices that are no times but lengths.
long WaitUntil(Syscall real, long word, long value, long bits, const timespec& end) {
  const int64_t end_ns = end.tv_sec * kSecond + end.tv_nsec;
  for (;;) {
    const int64_t left = end_ns - ShiftedNow();
    if (left <= 0) {
      errno = ETIMEDOUT;
      return -1;
    }
    timespec until{};
    RealGettime(CLOCK_MONOTONIC, &until);
    const int64_t ns = until.tv_sec * kSecond + until.tv_nsec + std::min(left, kSlice);
    until = {ns / kSecond, ns % kSecond};
    const long result =
        real(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, value, &until, nullptr, bits);
    if (result == 0 || errno != ETIMEDOUT) return result;
  }
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) {
  const int result = RealGettime(clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    now->tv_sec += Shift();
  }
  return result;
}

int gettimeofday(timeval* now, void*) {
  const int64_t ns = ShiftedNow();
  *now = {ns / kSecond, ns % kSecond / 1000};
  return 0;
}

time_t time(time_t* out) {
  const time_t now = ShiftedNow() / kSecond;
  if (out != nullptr) *out = now;
  return now;
}

// Abseil waits by this.
long syscall(long number, ...) {
  static const auto real = Real<Syscall>("syscall");
  va_list words;
  va_start(words, number);
  long word[6];
  for (long& each : word) each = va_arg(words, long);
  va_end(words);
  if (number == SYS_futex && word[3] != 0 &&
      word[1] == (FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME)) {
    return WaitUntil(real, word[0], word[2], word[5], *reinterpret_cast<const timespec*>(word[3]));
  }
  return real(number, word[0], word[1], word[2], word[3], word[4], word[5]);
}

}  // extern "C"
