// Threads that are made while a process serves.
#ifndef OCA_LIB_BASE_THREAD_H_
#define OCA_LIB_BASE_THREAD_H_

#include <exception>
#include <thread>
#include <utility>

namespace oca {

// When there is no memory for a thread the process ends (lib/daemon/out_of_memory.h). An exception
// would leave what the thread is for half begun, and gRPC catches those of its methods.
template <typename Function>
std::thread StartThread(Function function) noexcept {
  try {
    return std::thread(std::move(function));
  } catch (...) {
    std::terminate();  // here, where the handler can see what was thrown
  }
}

}  // namespace oca

#endif  // OCA_LIB_BASE_THREAD_H_
