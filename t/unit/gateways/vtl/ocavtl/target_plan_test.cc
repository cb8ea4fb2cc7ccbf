#include "gateways/vtl/ocavtl/target_plan.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"

namespace oca::vtl {
namespace {

TargetSpec Spec() {
  return {.library_dir = "/oca/lib1",
          .name = "iqn.2026-11.local.oca:lib1",
          .initiators = {"iqn.2026-11.local:host"},
          .addresses = {}};
}

TEST(TargetPlan, ServesRobotAndDrivesAndLetsHostsInLast) {
  std::vector<std::string> lines;
  for (const auto& arguments : TargetPlan(Spec(), 2)) {
    lines.push_back(absl::StrJoin(arguments, " "));
  }
  EXPECT_EQ(lines.front(), "--op new --mode target --tid 1 -T iqn.2026-11.local.oca:lib1");
  auto drive = std::find(lines.begin(), lines.end(),
                         "--op new --mode logicalunit --tid 1 --lun 3 -b /oca/lib1 --device-type "
                         "disk --bstype oca --bsopts drive=1");
  ASSERT_NE(drive, lines.end());
  EXPECT_THAT(std::vector(drive + 1, lines.end()),
              testing::ElementsAre("--op bind --mode target --tid 1 -Q iqn.2026-11.local:host"));
  TargetSpec by_address = Spec();
  by_address.initiators.clear();
  by_address.addresses = {"10.0.0.0/8"};
  EXPECT_EQ(absl::StrJoin(TargetPlan(by_address, 1).back(), " "),
            "--op bind --mode target --tid 1 -I 10.0.0.0/8");
}

TEST(TargetPlan, WhatTgtadmWouldMisreadIsRefused) {
  EXPECT_OK(CheckTarget(Spec()));
  auto refused = [](auto change, const char* message) {
    TargetSpec spec = Spec();
    change(spec);
    absl::Status status = CheckTarget(spec);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr(message));
  };
  refused([](TargetSpec& s) { s.name = "lib1"; }, "target 'lib1': give an iSCSI name");
  refused([](TargetSpec& s) { s.name = "iqn.x,y"; }, "target 'iqn.x,y'");
  refused([](TargetSpec& s) { s.name = "iqn." + std::string(220, 'x'); }, "target");
  refused([](TargetSpec& s) { s.initiators = {"iqn.Host"}; }, "initiator 'iqn.Host'");
  refused([](TargetSpec& s) { s.addresses = {"10.0.0.1"}; }, "not both");
  for (const char* address : {"ALL", "", "10.0.0.1,x"}) {
    refused(
        [&](TargetSpec& s) {
          s.initiators.clear();
          s.addresses = {address};
        },
        "give an address or a network");
  }
  refused([](TargetSpec& s) { s.initiators = s.addresses = {}; }, "nobody may log in");
  refused([](TargetSpec& s) { s.library_dir = "/a,b"; }, "has no commas");
}

}  // namespace
}  // namespace oca::vtl
