#include "lib/base/ids.h"

#include <set>
#include <type_traits>

#include "absl/container/flat_hash_set.h"
#include "gtest/gtest.h"

namespace oca {
namespace {

static_assert(!std::is_convertible_v<uint64_t, PackId>);
static_assert(!std::is_convertible_v<PackId, uint64_t>);
static_assert(!std::is_convertible_v<PackId, InodeNo>);
static_assert(!std::is_convertible_v<ContainerId, GroupId>);

Fingerprint Counting() {
  Fingerprint fp;
  for (size_t i = 0; i < fp.bytes.size(); ++i) fp.bytes[i] = static_cast<uint8_t>(0xa0 + i);
  return fp;
}

TEST(StrongId, ComparesByValue) {
  EXPECT_EQ(PackId(7), PackId(7));
  EXPECT_LT(PackId(7), PackId(8));
  EXPECT_EQ(PackId().value, 0u);
  absl::flat_hash_set<PackId> ids = {PackId(1), PackId(2), PackId(1)};
  EXPECT_EQ(ids.size(), 2u);
}

TEST(Fingerprint, PrintsLowercaseHex) {
  EXPECT_EQ(Counting().ToHex(), "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf");
  EXPECT_EQ(Fingerprint().ToHex(), std::string(64, '0'));
}

TEST(Fingerprint, PrefixIsBigEndian) { EXPECT_EQ(Counting().Prefix64(), 0xa0a1a2a3a4a5a6a7u); }

TEST(Fingerprint, BytesRoundTrip) {
  Fingerprint fp = Counting();
  EXPECT_EQ(fp.view().size(), 32u);
  EXPECT_EQ(Fingerprint::FromBytes(fp.view()), fp);
}

TEST(Fingerprint, NumericOrderOfPrefixIsByteOrder) {
  Fingerprint low, high;
  low.bytes[7] = 0xff;
  high.bytes[0] = 0x01;
  EXPECT_LT(low, high);
  EXPECT_LT(low.Prefix64(), high.Prefix64());
  EXPECT_LT(low.view(), high.view());
}

TEST(Fingerprint, LastByteTellsApart) {
  Fingerprint a = Counting(), b = Counting();
  b.bytes[31] ^= 1;
  EXPECT_NE(a, b);
  EXPECT_EQ((absl::flat_hash_set<Fingerprint>{a, b, a}).size(), 2u);
}

}  // namespace
}  // namespace oca
