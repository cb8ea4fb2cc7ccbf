// For LD_PRELOAD: clocks that a test sets without setting the machine's. The file that
// $OCA_CLOCK_SHIFT names holds two numbers of seconds (int64, little endian): by how many the wall
// clock is wrong, and how many have passed on every clock beyond those that really did (where the
// file ends before it, none). Waits until a time of the wall clock follow it as the kernel's would:
// one that is set back makes them longer, also those that have begun. $OCA_CLOCK_PROGRAM: only the
// program of that name has such clocks.
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
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
#include <cstring>
#include <ctime>

namespace {

using ClockGettime = int (*)(clockid_t, timespec*);
using Syscall = long (*)(long, ...);
using Clockwait = int (*)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*);
using Timedwait = int (*)(pthread_cond_t*, pthread_mutex_t*, const timespec*);

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kSlice = kSecond / 20;  // how soon a wait sees that the clock was set

struct Shifts {
  std::atomic<int64_t> wall;    // of the wall clock alone
  std::atomic<int64_t> passed;  // of every clock
};

const Shifts& Shared() {
  static const Shifts none{};
  static const Shifts* const shared = []() -> const Shifts* {
    const char* program = std::getenv("OCA_CLOCK_PROGRAM");
    if (program != nullptr && std::strcmp(program, program_invocation_short_name) != 0) {
      return &none;
    }
    const char* path = std::getenv("OCA_CLOCK_SHIFT");
    const int fd = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return &none;
    void* page = mmap(nullptr, sizeof(Shifts), PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    return page == MAP_FAILED ? &none : static_cast<const Shifts*>(page);
  }();
  return *shared;
}
int64_t Passed() { return Shared().passed.load(std::memory_order_relaxed); }
int64_t Shift() { return Shared().wall.load(std::memory_order_relaxed) + Passed(); }
int64_t ShiftOf(clockid_t clock) {
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
      return Shift();
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_BOOTTIME:
      return Passed();
    default:  // of the processor
      return 0;
  }
}

// Without a static local's guard: who waits at one calls syscall, and so would come here again.
template <typename Function>
Function Real(std::atomic<Function>& known, const char* name, const char* version = nullptr) {
  Function real = known.load(std::memory_order_relaxed);
  if (real != nullptr) return real;
  void* const found =
      version == nullptr ? dlsym(RTLD_NEXT, name) : dlvsym(RTLD_NEXT, name, version);
  real = reinterpret_cast<Function>(found);
  known.store(real, std::memory_order_relaxed);
  return real;
}
std::atomic<ClockGettime> real_gettime;
std::atomic<Syscall> real_syscall;
std::atomic<Clockwait> real_clockwait;
std::atomic<Timedwait> real_timedwait;

int RealGettime(clockid_t clock, timespec* now) {
  return Real(real_gettime, "clock_gettime")(clock, now);
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
  if (result == 0) now->tv_sec += ShiftOf(clock);
  return result;
}

// std::condition_variable waits by these, RocksDB by the second one: until a time of our clock.
int pthread_cond_clockwait(pthread_cond_t* cond, pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* until) {
  const timespec kernels{until->tv_sec - ShiftOf(clock), until->tv_nsec};
  return Real(real_clockwait, "pthread_cond_clockwait")(cond, mutex, clock, &kernels);
}

int pthread_cond_timedwait(pthread_cond_t* cond, pthread_mutex_t* mutex, const timespec* until) {
  const timespec kernels{until->tv_sec - ShiftOf(CLOCK_REALTIME), until->tv_nsec};
  // The one of before 2002 has another idea of a pthread_cond_t.
  return Real(real_timedwait, "pthread_cond_timedwait", "GLIBC_2.3.2")(cond, mutex, &kernels);
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
  const Syscall real = Real(real_syscall, "syscall");
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
