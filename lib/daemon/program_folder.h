// Where the running program lies.
#ifndef OCA_LIB_DAEMON_PROGRAM_FOLDER_H_
#define OCA_LIB_DAEMON_PROGRAM_FOLDER_H_

#include <string>

namespace oca::daemon {

// The folder of this program, links followed; the appliance's other programs lie beside it. Empty
// without /proc. Thread-safe.
std::string ProgramFolder();

}  // namespace oca::daemon

#endif  // OCA_LIB_DAEMON_PROGRAM_FOLDER_H_
