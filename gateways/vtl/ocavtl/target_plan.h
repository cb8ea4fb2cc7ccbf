// What tgtadm has to be told so that a library is served. Pure.
#ifndef OCA_GATEWAYS_VTL_OCAVTL_TARGET_PLAN_H_
#define OCA_GATEWAYS_VTL_OCAVTL_TARGET_PLAN_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace oca::vtl {

struct TargetSpec {
  std::string library_dir;
  std::string name;                     // iqn of the target
  std::vector<std::string> initiators;  // iqns that may log in;
  std::vector<std::string>
      addresses;  // or addresses, "10.0.0.5" or "10.0.0.0/8", from which all may
};

constexpr int kChangerLun = 1;
constexpr int kFirstDriveLun = 2;

// Whether names and addresses can be what they say, and somebody may log in at all. tgtadm checks
// little of it, and separates its parameters by commas.
absl::Status CheckTarget(const TargetSpec& spec);

// Arguments of one call of tgtadm after the other, for a tgtd that serves nothing yet.
std::vector<std::vector<std::string>> TargetPlan(const TargetSpec& spec, size_t drives);
// Single calls, for a target that is served: a drive more, the last one less, somebody else who may
// log in. Sessions go on.
std::vector<std::string> AddDrivePlan(const TargetSpec& spec, size_t index);
std::vector<std::string> RemoveDrivePlan(size_t index);
std::vector<std::string> LetInByName(const std::string& initiator);
std::vector<std::string> LetInByAddress(const std::string& address);
// The call that tells who is logged in (session_list.h).
std::vector<std::string> SessionsPlan();
// TargetPlan's opposite: sessions are cut, tapes unloaded, tgtd stops.
std::vector<std::vector<std::string>> StopPlan();

}  // namespace oca::vtl

#endif  // OCA_GATEWAYS_VTL_OCAVTL_TARGET_PLAN_H_
