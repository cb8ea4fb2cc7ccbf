// What a process does that gets no more memory.
#ifndef OCA_LIB_DAEMON_OUT_OF_MEMORY_H_
#define OCA_LIB_DAEMON_OUT_OF_MEMORY_H_

#include <string>
#include <string_view>

namespace oca::daemon {

// From now on a `new` that fails, on any thread, or a thread that cannot be made, writes a last
// line to this log and to standard error, and aborts: no state is left half changed, and whoever
// watches starts the process again. Call it once, before the first thread starts.
void AbortWhenOutOfMemory(std::string_view program, const std::string& log_path);

}  // namespace oca::daemon

#endif  // OCA_LIB_DAEMON_OUT_OF_MEMORY_H_
