// Limits that the system sets to a process.
#ifndef OCA_LIB_DAEMON_LIMITS_H_
#define OCA_LIB_DAEMON_LIMITS_H_

#include <cstdint>

namespace oca::daemon {

// Raises the number of files that this process may have open to `wanted`, as far as the hard limit
// lets it (root may raise that too). Returns the limit that then holds.
uint64_t RaiseOpenFileLimit(uint64_t wanted);

// Lets malloc have at most so many arenas. What is freed in one serves the threads of that arena
// alone, so many arenas keep much memory free. Call it before the first thread starts.
void LimitMallocArenas(int arenas);

}  // namespace oca::daemon

#endif  // OCA_LIB_DAEMON_LIMITS_H_
