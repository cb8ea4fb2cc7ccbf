#include "lib/daemon/out_of_memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <new>
#include <system_error>

namespace oca::daemon {
namespace {

// Made beforehand: at the end there is no memory to make them in.
char log_file[PATH_MAX];
char program_name[64];
std::terminate_handler other_terminate = nullptr;

void WriteLine(int fd, const char* line, int length) {
  // Nobody is left to hear of a failure.
  [[maybe_unused]] const ssize_t written = write(fd, line, static_cast<size_t>(length));
}

// Takes no memory and no lock: another thread may hold any that the log has.
[[noreturn]] void SayAndAbort() {
  static std::atomic_flag another_does_it;
  if (another_does_it.test_and_set()) {
    while (true) pause();
  }
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm utc{};
  gmtime_r(&now.tv_sec, &utc);
  char time[32], line[256];
  strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", &utc);
  const int length =
      snprintf(line, sizeof line, "%s.%03ld+00:00 E %s[%d] out_of_memory action=abort\n", time,
               now.tv_nsec / 1'000'000, program_name, getpid());
  WriteLine(STDERR_FILENO, line, length);
  const int fd = open(log_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd >= 0) WriteLine(fd, line, length);
  std::abort();
}

// A thread that cannot be made, or memory that was not asked for by `new`: nobody catches that.
void EndUncaught() {
  try {
    if (std::exception_ptr thrown = std::current_exception()) std::rethrow_exception(thrown);
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::resource_unavailable_try_again) SayAndAbort();
  } catch (const std::bad_alloc&) {
    SayAndAbort();
  } catch (...) {
  }
  other_terminate();
}

}  // namespace

void AbortWhenOutOfMemory(std::string_view program, const std::string& log_path) {
  program.copy(program_name, sizeof program_name - 1);
  log_path.copy(log_file, sizeof log_file - 1);
  tzset();  // reads the time zone's file, once
  std::set_new_handler(SayAndAbort);
  other_terminate = std::set_terminate(EndUncaught);
}

}  // namespace oca::daemon
