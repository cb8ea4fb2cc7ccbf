// What is in a library, as the API tells it.
#ifndef OCA_GATEWAYS_VTL_OCAVTL_LIBRARY_VIEW_H_
#define OCA_GATEWAYS_VTL_OCAVTL_LIBRARY_VIEW_H_

#include <string>

#include "absl/status/status.h"
#include "lib/api/vtl.pb.h"

namespace oca::vtl {

// Puts robot, elements and cartridges of the library in `folder` into `state`. A cartridge whose
// files cannot be read has no sizes.
absl::Status DescribeLibrary(const std::string& folder, v1::LibraryState* state);

}  // namespace oca::vtl

#endif  // OCA_GATEWAYS_VTL_OCAVTL_LIBRARY_VIEW_H_
