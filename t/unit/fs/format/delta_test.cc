#include "fs/format/delta.h"

#include <functional>

#include "fs/format/pack.h"
#include "gtest/gtest.h"
#include "lib/base/coding.h"
#include "t/support/status_matchers.h"
#include "t/unit/fs/format/damage.h"

namespace oca::format {
namespace {

using support::StatusIs;

Fingerprint Filled(uint8_t n) {
  Fingerprint fp;
  fp.bytes.fill(n);
  return fp;
}

std::vector<DeltaChunk> TwoDeltas() {
  return {{Filled(1), Filled(2), "first"}, {Filled(3), Filled(4), "the second"}};
}

TEST(Deltas, ComeBackAsTheyWere) {
  const std::string payload = EncodeDeltas(TwoDeltas());
  ASSERT_OK_AND_ASSIGN(std::vector<DeltaChunk> back, DecodeDeltas(payload, 2));
  ASSERT_EQ(back.size(), 2u);
  EXPECT_EQ(back[0].fp, Filled(1));
  EXPECT_EQ(back[1].base, Filled(4));
  EXPECT_EQ(back[0].delta, "first");
  EXPECT_EQ(back[1].delta, "the second");
}

TEST(Deltas, ThatDoNotFillTheirGroupAreDamage) {
  const std::string payload = EncodeDeltas(TwoDeltas());
  for (size_t n = 0; n < payload.size(); ++n) {
    EXPECT_THAT(DecodeDeltas(payload.substr(0, n), 2), StatusIs(absl::StatusCode::kDataLoss)) << n;
  }
  EXPECT_FALSE(DecodeDeltas(payload + "x", 2).ok());
  EXPECT_FALSE(DecodeDeltas(payload, 1).ok());
  EXPECT_FALSE(DecodeDeltas(payload, 3).ok());
  EXPECT_FALSE(DecodeDeltas(payload, kMaxChunksPerPack).ok());
  std::string forged = payload;
  StoreLe<uint32_t>(forged.data() + 64, 0xffffffff);
  EXPECT_FALSE(DecodeDeltas(forged, 2).ok());
}

PackFooter FooterOfDeltas() {
  PackFooter footer;
  footer.pack = {.group_id = GroupId(7), .pack_id = PackId(9)};
  const std::string payload = EncodeDeltas(TwoDeltas());
  const GroupHeader header{.codec = Codec::kDelta,
                           .container = ContainerId(5),
                           .raw_bytes = 3000,
                           .stored_bytes = static_cast<uint32_t>(payload.size()),
                           .chunks = {{1000, ChunkKind::kData}, {2000, ChunkKind::kData}}};
  const std::vector<Fingerprint> fps = {Filled(1), Filled(3)}, bases = {Filled(2), Filled(4)};
  AddToFooter(64, header, fps, &footer, bases);
  return footer;
}

TEST(Deltas, StandInTheFooterWithTheirBases) {
  const PackFooter footer = FooterOfDeltas();
  EXPECT_TRUE(footer.of_deltas());
  const std::string bytes = EncodeFooterBody(footer, 400);
  ASSERT_OK_AND_ASSIGN(const PackFooter back, DecodeFooter(bytes, 400));
  EXPECT_EQ(back, footer);
  ExpectOnlyTheWholeDecodes(bytes, [](std::string_view b) { return DecodeFooter(b, 400).ok(); });
}

TEST(Deltas, FooterWithoutChunksHasNone) {
  PackFooter footer = FooterOfDeltas();
  footer.groups.clear();
  footer.chunks.clear();
  EXPECT_FALSE(DecodeFooter(EncodeFooterBody(footer, 400), 400).ok());
}

}  // namespace
}  // namespace oca::format
