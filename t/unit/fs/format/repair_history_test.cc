#include "fs/format/repair_history.h"

#include <string>

#include "gtest/gtest.h"
#include "t/support/status_matchers.h"
#include "t/unit/fs/format/damage.h"

namespace oca::format {
namespace {

std::vector<RepairRecord> SampleHistory() {
  return {{.started = 1700000000, .ended = 1700000060, .group = GroupId{3}, .fault_count = 0},
          {.started = 1700000100,
           .ended = 1700000160,
           .fault_count = 2,
           .error = "stopped",
           .repairs = {"one", "two"},
           .faults = {"/c/file: 1 of its chunks are in no pack"}}};
}

TEST(RepairHistory, DecodesToWhatWasEncoded) {
  ASSERT_OK_AND_ASSIGN(auto decoded, DecodeRepairHistory(EncodeRepairHistory(SampleHistory())));
  EXPECT_EQ(decoded, SampleHistory());
  ASSERT_OK_AND_ASSIGN(decoded, DecodeRepairHistory(EncodeRepairHistory({})));
  EXPECT_TRUE(decoded.empty());
}

TEST(RepairHistory, AnyDamageIsDataLoss) {
  ExpectOnlyTheWholeDecodes(EncodeRepairHistory(SampleHistory()), [](std::string_view bytes) {
    auto decoded = DecodeRepairHistory(bytes);
    EXPECT_TRUE(decoded.ok() || absl::IsDataLoss(decoded.status()));
    return decoded.ok();
  });
}

}  // namespace
}  // namespace oca::format
