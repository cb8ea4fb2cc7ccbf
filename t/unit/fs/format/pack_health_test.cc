#include "fs/format/pack_health.h"

#include <string>

#include "gtest/gtest.h"
#include "t/support/status_matchers.h"
#include "t/unit/fs/format/damage.h"

namespace oca::format {
namespace {

PackHealth SampleHealth() {
  PackHealth health;
  health.damaged[{PackId{3}, 4096}] = 1700000000;
  health.damaged[{PackId{3}, 8192}] = 1700000001;
  health.checks[PackId{3}] = {1700000002, false};
  health.checks[PackId{700}] = {1700000003, true};
  return health;
}

TEST(PackHealth, DecodesToWhatWasEncoded) {
  ASSERT_OK_AND_ASSIGN(PackHealth decoded, DecodePackHealth(EncodePackHealth(SampleHealth())));
  EXPECT_EQ(decoded, SampleHealth());
  ASSERT_OK_AND_ASSIGN(decoded, DecodePackHealth(EncodePackHealth({})));
  EXPECT_EQ(decoded, PackHealth());
}

TEST(PackHealth, AnyDamageIsDataLoss) {
  ExpectOnlyTheWholeDecodes(EncodePackHealth(SampleHealth()), [](std::string_view bytes) {
    auto decoded = DecodePackHealth(bytes);
    EXPECT_TRUE(decoded.ok() || absl::IsDataLoss(decoded.status()));
    return decoded.ok();
  });
}

}  // namespace
}  // namespace oca::format
