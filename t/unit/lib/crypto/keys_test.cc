#include "lib/crypto/keys.h"

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"
#include "t/unit/lib/crypto/hex.h"

namespace oca::crypto {
namespace {

TEST(Sha256, OfTheStandardsExample) {
  ASSERT_OK_AND_ASSIGN(std::string digest, Sha256("abc"));
  EXPECT_EQ(absl::BytesToHexString(digest),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(KeysTest, ScryptGivesTheVectorsOfRfc7914) {
  ASSERT_OK_AND_ASSIGN(Secret a,
                       Scrypt("password", "NaCl", ScryptCost{.log2_n = 10, .r = 8, .p = 16}, 64));
  EXPECT_EQ(absl::BytesToHexString(std::string(a.view())),
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
            "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640");
  ASSERT_OK_AND_ASSIGN(Secret b, Scrypt("pleaseletmein", "SodiumChloride",
                                        ScryptCost{.log2_n = 14, .r = 8, .p = 1}, 64));
  EXPECT_EQ(absl::BytesToHexString(std::string(b.view())),
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
            "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887");
}

TEST(KeysTest, ScryptRefusesCostsThatAreNotSane) {
  for (ScryptCost cost :
       {ScryptCost{.log2_n = 9}, ScryptCost{.log2_n = 21}, ScryptCost{.log2_n = 63},
        ScryptCost{.r = 0}, ScryptCost{.p = 0}, ScryptCost{.p = 17}}) {
    EXPECT_FALSE(IsSane(cost));
    EXPECT_TRUE(absl::IsInvalidArgument(Scrypt("p", "s", cost, 32).status()));
  }
  EXPECT_TRUE(IsSane(ScryptCost{}));
}

TEST(KeysTest, HmacGivesTheVectorOfRfc4231) {
  ASSERT_OK_AND_ASSIGN(std::string mac, HmacSha256("Jefe", "what do ya want for nothing?"));
  EXPECT_EQ(absl::BytesToHexString(mac),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(KeysTest, KeyWrapGivesTheVectorOfRfc3394) {
  const std::string key = Hex("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F");
  const std::string secret =
      Hex("00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F");
  ASSERT_OK_AND_ASSIGN(std::string wrapped, WrapKey(key, secret));
  EXPECT_EQ(absl::BytesToHexString(wrapped),
            "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21");
  ASSERT_OK_AND_ASSIGN(Secret back, UnwrapKey(key, wrapped));
  EXPECT_EQ(back.view(), secret);
}

TEST(KeysTest, UnwrapFindsAnotherKeyAndAnyChangedByte) {
  const std::string key(32, 'k'), secret(32, 's');
  ASSERT_OK_AND_ASSIGN(std::string wrapped, WrapKey(key, secret));
  EXPECT_TRUE(absl::IsDataLoss(UnwrapKey(std::string(32, 'K'), wrapped).status()));
  for (size_t i = 0; i < wrapped.size(); ++i) {
    std::string bad = wrapped;
    bad[i] = static_cast<char>(bad[i] ^ 0x40);
    EXPECT_TRUE(absl::IsDataLoss(UnwrapKey(key, bad).status())) << i;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(UnwrapKey("short", wrapped).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(WrapKey(key, "odd").status()));
}

}  // namespace
}  // namespace oca::crypto
