// ocavtl as a process of the appliance.
#ifndef OCA_GATEWAYS_VTL_OCAVTL_MANAGE_H_
#define OCA_GATEWAYS_VTL_OCAVTL_MANAGE_H_

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace oca::vtl {

inline constexpr std::string_view kProgramName = "ocavtl";

struct ManageOptions {
  std::string home;                     // of the appliance
  std::string module;                   // oca_tgt.so
  std::function<void()> wait_for_stop;  // returns when the process shall end
};

// Serves all libraries of the appliance, and oca.vtl.v1.Vtl on its socket, until it shall end.
absl::Status Manage(const ManageOptions& options);

}  // namespace oca::vtl

#endif  // OCA_GATEWAYS_VTL_OCAVTL_MANAGE_H_
