#include "gateways/vtl/ocavtl/target_plan.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "fmt/format.h"

namespace oca::vtl {
namespace {

constexpr size_t kMaxNameBytes = 223;  // RFC 3720
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

absl::Status CheckName(std::string_view what, std::string_view name) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':';
  };
  bool known = name.starts_with("iqn.") || name.starts_with("eui.") || name.starts_with("naa.");
  if (known && name.size() <= kMaxNameBytes && std::all_of(name.begin(), name.end(), allowed)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("{} '{}': give an iSCSI name such as iqn.2026-11.com.example:host, of small "
                  "letters, digits and - . :",
                  what, name));
}

absl::Status CheckAddress(std::string_view address) {
  constexpr std::string_view kAllowed = "0123456789abcdefABCDEF.:/[]";
  if (!address.empty() && address.find_first_not_of(kAllowed) == std::string_view::npos) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(fmt::format(
      "address '{}': give an address or a network, such as 10.1.2.3 or 10.0.0.0/8", address));
}

}  // namespace

absl::Status CheckTarget(const TargetSpec& spec) {
  if (absl::Status status = CheckName("target", spec.name); !status.ok()) return status;
  if (spec.initiators.empty() && spec.addresses.empty()) {
    return absl::InvalidArgumentError("nobody may log in: give --initiator or --address");
  }
  if (!spec.initiators.empty() && !spec.addresses.empty()) {
    return absl::InvalidArgumentError(
        "give --initiator or --address, not both: tgtd lets in who matches one of them");
  }
  for (const std::string& name : spec.initiators) {
    if (absl::Status status = CheckName("initiator", name); !status.ok()) return status;
  }
  for (const std::string& address : spec.addresses) {
    if (absl::Status status = CheckAddress(address); !status.ok()) return status;
  }
  if (spec.library_dir.find(',') != std::string::npos) {
    return absl::InvalidArgumentError(
        fmt::format("{}: a library's path has no commas", spec.library_dir));
  }
  return absl::OkStatus();
}

std::vector<std::vector<std::string>> TargetPlan(const TargetSpec& spec, size_t drives) {
  std::vector<std::vector<std::string>> out;
  out.push_back({"--op", "new", "--mode", "target", "--tid", kTargetId, "-T", spec.name});
  for (auto [name, value] : kParameters) {
    out.push_back({"--op", "update", "--mode", "target", "--tid", kTargetId, "--name",
                   std::string(name), "--value", std::string(value)});
  }
  auto add_unit = [&](size_t lun, const std::string& role) {
    out.push_back({"--op", "new", "--mode", "logicalunit", "--tid", kTargetId, "--lun",
                   std::to_string(lun), "-b", spec.library_dir, "--device-type", "disk", "--bstype",
                   "oca", "--bsopts", role});
  };
  add_unit(kChangerLun, "changer");
  for (size_t i = 0; i < drives; ++i) {
    add_unit(kFirstDriveLun + i, fmt::format("drive={}", i));
  }
  // Last: nobody logs in before all is there.
  for (const std::string& name : spec.initiators) {
    out.push_back({"--op", "bind", "--mode", "target", "--tid", kTargetId, "-Q", name});
  }
  for (const std::string& address : spec.addresses) {
    out.push_back({"--op", "bind", "--mode", "target", "--tid", kTargetId, "-I", address});
  }
  return out;
}

std::vector<std::vector<std::string>> StopPlan() {
  return {{"--op", "delete", "--mode", "target", "--tid", kTargetId, "--force"},
          {"--op", "delete", "--mode", "system"}};
}

}  // namespace oca::vtl
