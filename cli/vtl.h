// What the groups of tape libraries share.
#ifndef OCA_CLI_VTL_H_
#define OCA_CLI_VTL_H_

#include <string>

#include "CLI/App.hpp"
#include "cli/session.h"
#include "lib/api/tape_libraries.pb.h"

namespace oca::cli {

// Makes `verb` change a library: --name, --no_of_drives, --no_of_slots, --portal, --revision.
void AddLibraryUpdate(CLI::App* verb, Session& session);
// The verbs that concern cartridges; vtl_carts.cc.
void AddCartridgeVerbs(CLI::App* group, Session& session);
// Prints a library after `done`, or in JSON.
void PrintLibrary(Session& session, std::string_view done,
                  const management::v1::TapeLibrary& library);

}  // namespace oca::cli

#endif  // OCA_CLI_VTL_H_
