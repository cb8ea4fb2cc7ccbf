// The machine's name.
#ifndef OCA_LIB_BASE_HOST_NAME_H_
#define OCA_LIB_BASE_HOST_NAME_H_

#include <string>

namespace oca {

// As the system has it; empty when it does not say. Thread-safe.
std::string HostName();

}  // namespace oca

#endif  // OCA_LIB_BASE_HOST_NAME_H_
