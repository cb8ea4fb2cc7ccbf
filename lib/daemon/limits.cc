#include "lib/daemon/limits.h"

#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>

#include "lib/log/log.h"

namespace oca::daemon {

uint64_t RaiseOpenFileLimit(uint64_t wanted) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= wanted) return limit.rlim_cur;
  rlimit raised{wanted, std::max<rlim_t>(limit.rlim_max, wanted)};
  if (setrlimit(RLIMIT_NOFILE, &raised) != 0) {
    raised = {std::min<rlim_t>(wanted, limit.rlim_max), limit.rlim_max};
    setrlimit(RLIMIT_NOFILE, &raised);
  }
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < wanted) {
    log::Warning("open_file_limit_low", "limit", limit.rlim_cur, "wanted", wanted);
  }
  return limit.rlim_cur;
}

void LimitMallocArenas(int arenas) { mallopt(M_ARENA_MAX, arenas); }

}  // namespace oca::daemon
