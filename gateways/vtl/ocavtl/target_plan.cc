#include "gateways/vtl/ocavtl/target_plan.h"

#include <array>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "lib/api/iscsi.h"

namespace oca::vtl {
namespace {

constexpr char kTargetId[] = "1";

// Buffers and bursts for blocks of up to 1 MiB; tgt's own are for 8 KiB.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kParameters = {{
    {"MaxRecvDataSegmentLength", "1048576"},
    {"MaxXmitDataSegmentLength", "1048576"},
    {"MaxBurstLength", "4194304"},
    {"FirstBurstLength", "1048576"},
    {"InitialR2T", "No"},
    {"ImmediateData", "Yes"},
    {"MaxOutstandingR2T", "8"},
}};

std::vector<std::string> OnTarget(std::initializer_list<std::string> words) {
  std::vector<std::string> out(words);
  const std::array<std::string, 2> which = {"--tid", kTargetId};
  out.insert(out.begin() + 4, which.begin(), which.end());
  return out;
}

std::vector<std::string> AddUnit(const TargetSpec& spec, size_t lun, const std::string& role) {
  return OnTarget({"--op", "new", "--mode", "logicalunit", "--lun", std::to_string(lun), "-b",
                   spec.library_dir, "--device-type", "disk", "--bstype", "oca", "--bsopts", role});
}

}  // namespace

absl::Status CheckTarget(const TargetSpec& spec) {
  if (absl::Status status = api::CheckIscsiName("target", spec.name); !status.ok()) return status;
  if (spec.initiators.empty() && spec.addresses.empty()) {
    return absl::InvalidArgumentError("nobody may log in: give --initiator or --address");
  }
  if (!spec.initiators.empty() && !spec.addresses.empty()) {
    return absl::InvalidArgumentError(
        "give --initiator or --address, not both: tgtd lets in who matches one of them");
  }
  for (const std::string& name : spec.initiators) {
    if (absl::Status status = api::CheckIscsiName("initiator", name); !status.ok()) return status;
  }
  for (const std::string& address : spec.addresses) {
    if (absl::Status status = api::CheckNetwork(address); !status.ok()) return status;
  }
  if (spec.library_dir.find(',') != std::string::npos) {
    return absl::InvalidArgumentError(
        fmt::format("{}: a library's path has no commas", spec.library_dir));
  }
  return absl::OkStatus();
}

std::vector<std::string> AddDrivePlan(const TargetSpec& spec, size_t index) {
  return AddUnit(spec, kFirstDriveLun + index, fmt::format("drive={}", index));
}

std::vector<std::string> RemoveDrivePlan(size_t index) {
  return OnTarget(
      {"--op", "delete", "--mode", "logicalunit", "--lun", std::to_string(kFirstDriveLun + index)});
}

std::vector<std::string> LetInByName(const std::string& initiator) {
  return OnTarget({"--op", "bind", "--mode", "target", "-Q", initiator});
}

std::vector<std::string> LetInByAddress(const std::string& address) {
  return OnTarget({"--op", "bind", "--mode", "target", "-I", address});
}

std::vector<std::string> SessionsPlan() { return OnTarget({"--op", "show", "--mode", "conn"}); }

std::vector<std::vector<std::string>> TargetPlan(const TargetSpec& spec, size_t drives) {
  std::vector<std::vector<std::string>> out;
  out.push_back(OnTarget({"--op", "new", "--mode", "target", "-T", spec.name}));
  for (auto [name, value] : kParameters) {
    out.push_back(OnTarget({"--op", "update", "--mode", "target", "--name", std::string(name),
                            "--value", std::string(value)}));
  }
  out.push_back(AddUnit(spec, kChangerLun, "changer"));
  for (size_t i = 0; i < drives; ++i) out.push_back(AddDrivePlan(spec, i));
  // Last: nobody logs in before all is there.
  for (const std::string& name : spec.initiators) out.push_back(LetInByName(name));
  for (const std::string& address : spec.addresses) out.push_back(LetInByAddress(address));
  return out;
}

std::vector<std::vector<std::string>> StopPlan() {
  return {OnTarget({"--op", "delete", "--mode", "target", "--force"}),
          {"--op", "delete", "--mode", "system"}};
}

}  // namespace oca::vtl
