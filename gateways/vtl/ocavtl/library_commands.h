// What the operator does to a library's files.
#ifndef OCA_GATEWAYS_VTL_OCAVTL_LIBRARY_COMMANDS_H_
#define OCA_GATEWAYS_VTL_OCAVTL_LIBRARY_COMMANDS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/vtape/library.h"

namespace oca::vtl {

absl::Status StatusOf(const vtape::Status& status);
absl::StatusOr<std::unique_ptr<vtape::Library>> OpenLibrary(const std::string& dir);
// Their barcodes.
absl::StatusOr<std::vector<std::string>> AddCartridges(vtape::Library& library,
                                                       const vtape::CartridgeSpec& spec);

absl::Status CreateLibrary(const std::string& dir, const vtape::LibrarySpec& spec);
// Adds tapes and prints their barcodes, one a line.
absl::Status AddCartridges(const std::string& dir, const vtape::CartridgeSpec& spec,
                           std::ostream& out);
// Prints what stands where, as a table or as JSON.
absl::Status ShowLibrary(const std::string& dir, bool json, std::ostream& out);
// Takes the tape at a mail slot or slot out of the library; puts one of the shelf into a mail slot.
absl::Status ExportCartridge(const std::string& dir, uint16_t address);
absl::Status ImportCartridge(const std::string& dir, const std::string& barcode, uint16_t address);

}  // namespace oca::vtl

#endif  // OCA_GATEWAYS_VTL_OCAVTL_LIBRARY_COMMANDS_H_
