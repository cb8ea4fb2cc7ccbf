#include "fs/format/key_ring.h"

#include "gtest/gtest.h"
#include "lib/base/coding.h"
#include "lib/base/crc32c.h"
#include "t/support/random.h"
#include "t/support/status_matchers.h"
#include "t/unit/fs/format/damage.h"

namespace oca::format {
namespace {

using support::StatusIs;

constexpr crypto::ScryptCost kCheap{.log2_n = 10, .r = 1, .p = 1};

KeyRingInfo SomeInfo() {
  KeyRingInfo info;
  info.group = GroupId(3);
  info.generation = 5;
  info.mode = KeyMode::kInternal;
  info.encrypting = true;
  info.rotation_seconds = 30 * 86400;
  info.passphrase_set = 1'700'000'000;
  info.cost = kCheap;
  return info;
}

std::string Salt() { return support::RandomBytes(kKeyRingSaltBytes, 7); }

RingKeys KeysOf(std::string_view passphrase) {
  auto keys = DeriveRingKeys(passphrase, Salt(), kCheap);
  EXPECT_OK(keys);
  return *keys;
}

std::vector<ContentKey> ContentKeys(size_t n) {
  std::vector<ContentKey> keys;
  for (size_t i = 0; i < n; ++i) {
    keys.push_back({static_cast<KeyId>(i + 1), 1'700'000'000 + static_cast<int64_t>(i),
                    crypto::Secret(support::RandomBytes(32, 100 + i))});
  }
  return keys;
}

std::string Encoded(size_t n) {
  auto bytes = EncodeKeyRing(SomeInfo(), Salt(), ContentKeys(n), KeysOf("open sesame"));
  EXPECT_OK(bytes);
  return *bytes;
}

// The bytes with a right checksum again.
std::string Resealed(std::string bytes) {
  StoreLe<uint32_t>(bytes.data() + bytes.size() - 4,
                    Crc32c(std::string_view(bytes).substr(0, bytes.size() - 4)));
  return bytes;
}

TEST(KeyRingTest, ComesBackAsItWas) {
  for (size_t n : {size_t{1}, size_t{2}, kMaxContentKeys}) {
    ASSERT_OK_AND_ASSIGN(DecodedKeyRing ring, DecodeKeyRing(Encoded(n)));
    EXPECT_EQ(ring.info, SomeInfo());
    EXPECT_EQ(ring.salt, Salt());
    ASSERT_OK_AND_ASSIGN(std::vector<ContentKey> keys, OpenKeyRing(ring, KeysOf("open sesame")));
    ASSERT_EQ(keys.size(), n);
    for (size_t i = 0; i < n; ++i) {
      EXPECT_EQ(keys[i].id, i + 1);
      EXPECT_EQ(keys[i].created, 1'700'000'000 + static_cast<int64_t>(i));
      EXPECT_EQ(keys[i].key.view(), support::RandomBytes(32, 100 + i));
    }
  }
}

TEST(KeyRingTest, HoldsNoKeyAndNoPassphraseInPlain) {
  const std::string bytes = Encoded(3);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(bytes.find(support::RandomBytes(32, 100 + i).substr(0, 8)), std::string::npos);
  }
  EXPECT_EQ(bytes.find("open sesame"), std::string::npos);
}

TEST(KeyRingTest, AnotherPassphraseIsRefused) {
  ASSERT_OK_AND_ASSIGN(DecodedKeyRing ring, DecodeKeyRing(Encoded(2)));
  EXPECT_THAT(OpenKeyRing(ring, KeysOf("open says me")),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST(KeyRingTest, DamageIsFoundWithoutThePassphrase) {
  ExpectOnlyTheWholeDecodes(Encoded(1),
                            [](std::string_view bytes) { return DecodeKeyRing(bytes).ok(); });
  EXPECT_THAT(DecodeKeyRing(Encoded(1) + "x"), StatusIs(absl::StatusCode::kDataLoss));
}

// Who can write the file but does not know the passphrase: every byte is changed, with a checksum
// that holds.
TEST(KeyRingTest, ForgeryIsFoundByThePassphrase) {
  const std::string bytes = Encoded(2);
  for (size_t i = 8; i + 4 < bytes.size(); ++i) {
    std::string forged = bytes;
    forged[i] = static_cast<char>(forged[i] ^ 1);
    auto ring = DecodeKeyRing(Resealed(forged));
    if (!ring.ok()) continue;  // it breaks a rule besides
    auto keys = DeriveRingKeys("open sesame", ring->salt, ring->info.cost);
    ASSERT_OK(keys);
    EXPECT_FALSE(OpenKeyRing(*ring, *keys).ok()) << "byte " << i;
  }
}

TEST(KeyRingTest, NewerVersionIsNoDamage) {
  std::string bytes = Encoded(1);
  bytes[8] = 2;
  EXPECT_THAT(DecodeKeyRing(Resealed(bytes)), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(KeyRingTest, FieldsOutsideTheirLimitsAreRefused) {
  const RingKeys keys = KeysOf("open sesame");
  KeyRingInfo info = SomeInfo();
  EXPECT_FALSE(EncodeKeyRing(info, Salt(), {}, keys).ok());
  EXPECT_FALSE(EncodeKeyRing(info, Salt(), ContentKeys(kMaxContentKeys + 1), keys).ok());
  EXPECT_FALSE(EncodeKeyRing(info, "salt", ContentKeys(1), keys).ok());
  info.rotation_seconds = kMinRotationSeconds - 1;
  EXPECT_FALSE(EncodeKeyRing(info, Salt(), ContentKeys(1), keys).ok());
  info.mode = KeyMode::kStatic;
  EXPECT_FALSE(EncodeKeyRing(info, Salt(), ContentKeys(1), keys).ok());
  std::string costly = Encoded(1);
  costly[32] = 30;  // a terabyte of memory
  EXPECT_THAT(DecodeKeyRing(Resealed(costly)), StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace oca::format
