#include "fs/format/reference_counts.h"

#include "gtest/gtest.h"
#include "lib/base/coding.h"
#include "lib/base/crc32c.h"
#include "t/support/status_matchers.h"
#include "t/unit/fs/format/damage.h"

namespace oca::format {
namespace {

ReferenceCounts Some() {
  ReferenceCounts counts;
  counts.names_state = "a database:77";
  counts.dropped_bytes = 4096;
  counts.packs.push_back(
      {PackId(3), 9000, 40'000, 16'000, std::string("\1\1\1\0\0\2\xff", 7), "\5"});
  counts.packs.push_back({PackId(4), 100, 0, 0, "", ""});
  counts.packs.push_back({PackId(900), 8 << 20, 12'000'000, 0, std::string(700, '\1'), ""});
  counts.many.push_back({PackId(3), 6, 300});
  Fingerprint fp;
  fp.bytes.fill(0xab);
  counts.missing.push_back({fp, 2});
  counts.changes.push_back({InodeNo(5), "", "root"});
  counts.changes.push_back({InodeNo(6), "old root", ""});
  return counts;
}

TEST(ReferenceCounts, ComeBackAsTheyWere) {
  for (const ReferenceCounts& counts : {Some(), ReferenceCounts()}) {
    const std::string bytes = EncodeReferenceCounts(counts);
    ASSERT_OK_AND_ASSIGN(const ReferenceCounts back, DecodeReferenceCounts(bytes));
    EXPECT_TRUE(back == counts);
  }
}

TEST(ReferenceCounts, EqualNeighboursTakeNoRoom) {
  ReferenceCounts counts;
  for (uint64_t id = 1; id <= 1000; ++id)
    counts.packs.push_back({PackId(id), 8 << 20, 8 << 20, 0, std::string(600, '\1'), ""});
  EXPECT_LT(EncodeReferenceCounts(counts).size(), 20'000u);
}

TEST(ReferenceCounts, DamageIsFound) {
  ExpectOnlyTheWholeDecodes(EncodeReferenceCounts(Some()), [](std::string_view bytes) {
    return DecodeReferenceCounts(bytes).ok();
  });
}

TEST(ReferenceCounts, ContradictionsAreFound) {
  const auto refused = [](const std::function<void(ReferenceCounts&)>& change) {
    ReferenceCounts counts = Some();
    change(counts);
    return absl::IsDataLoss(DecodeReferenceCounts(EncodeReferenceCounts(counts)).status());
  };
  EXPECT_FALSE(refused([](ReferenceCounts&) {}));
  EXPECT_TRUE(refused([](ReferenceCounts& c) { c.packs[0].dead_bytes = 40'001; }));
  EXPECT_TRUE(refused([](ReferenceCounts& c) { c.packs[1].id = PackId(3); }));
  EXPECT_TRUE(refused([](ReferenceCounts& c) { c.packs[0].counts.append(1 << 14, '\1'); }));
  EXPECT_TRUE(refused([](ReferenceCounts& c) { c.many.clear(); }));
  EXPECT_TRUE(refused([](ReferenceCounts& c) { c.many[0].ordinal = 5; }));
  EXPECT_TRUE(refused([](ReferenceCounts& c) { c.many[0].references = 254; }));
  EXPECT_TRUE(refused([](ReferenceCounts& c) { c.many.push_back({PackId(4), 0, 300}); }));
}

}  // namespace
}  // namespace oca::format
