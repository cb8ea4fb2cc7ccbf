// What settings of NDMP may be. Pure.
#ifndef OCA_SERVICES_CONFIG_NDMP_RULES_H_
#define OCA_SERVICES_CONFIG_NDMP_RULES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "lib/api/ndmp.pb.h"

namespace oca::config {

// What is set: fields that are not were never given. With its revision.
using NdmpSet = management::v1::UpdateNdmpRequest;

// What counts where nobody has said anything.
management::v1::NdmpSettings BuiltInNdmp();
// What is set over `defaults`.
management::v1::NdmpSettings EffectiveNdmp(const NdmpSet& set,
                                           const management::v1::NdmpSettings& defaults);
// What `request` gives, over what is set.
NdmpSet MergedNdmp(const NdmpSet& set, const management::v1::UpdateNdmpRequest& request);

// Of each field that is given, and of both data ports together. kInvalidArgument.
absl::Status CheckNdmpFields(const management::v1::UpdateNdmpRequest& request);

// A port that something else of the appliance listens at.
struct TakenPort {
  std::string what;  // "the tape library 'lib1'"
  int port = 0;
};
// That the port is not one of the data ports, and neither is taken. kInvalidArgument.
absl::Status CheckNdmpPorts(const management::v1::NdmpSettings& settings,
                            const std::vector<TakenPort>& taken);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_NDMP_RULES_H_
