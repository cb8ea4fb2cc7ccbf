#include "lib/crypto/aead.h"

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "t/support/random.h"
#include "t/support/status_matchers.h"
#include "t/unit/lib/crypto/hex.h"

namespace oca::crypto {
namespace {

struct GcmVector {
  std::string key, nonce, associated, plain, cipher, tag;
};

// McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13 to 16 (those of NIST's
// validation for AES-256).
const GcmVector kGcmVectors[] = {
    {std::string(64, '0'), std::string(24, '0'), "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {std::string(64, '0'), std::string(24, '0'), "", std::string(32, '0'),
     "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b"
     "5"
     "25b16aedf5aa0de657ba637b391aafd255",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828"
     "8"
     "38c5f61e6393ba7a0abcc9f662898015ad",
     "b094dac5d93471bdec1a502270e3cc6c"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b"
     "5"
     "25b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828"
     "8"
     "38c5f61e6393ba7a0abcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

TEST(GcmTest, GivesTheVectorsOfNist) {
  for (const GcmVector& v : kGcmVectors) {
    std::string sealed;
    ASSERT_OK(SealGcm(Hex(v.key), Hex(v.nonce), Hex(v.associated), Hex(v.plain), &sealed));
    EXPECT_EQ(absl::BytesToHexString(sealed), v.cipher + v.tag);
    ASSERT_OK_AND_ASSIGN(std::string plain,
                         OpenGcm(Hex(v.key), Hex(v.nonce), Hex(v.associated), sealed));
    EXPECT_EQ(absl::BytesToHexString(plain), v.plain);
  }
}

// C2SP XAES-256-GCM, the vectors of its specification.
TEST(XaesTest, GivesTheVectorsOfItsSpecification) {
  const std::string nonce = "ABCDEFGHIJKLMNOPQRSTUVWX", plain = "XAES-256-GCM";
  std::string sealed;
  ASSERT_OK_AND_ASSIGN(Xaes one, Xaes::Create(std::string(32, '\1')));
  ASSERT_OK(one.Seal(nonce, "", plain, &sealed));
  EXPECT_EQ(absl::BytesToHexString(sealed),
            "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271");
  sealed.clear();
  ASSERT_OK_AND_ASSIGN(Xaes three, Xaes::Create(std::string(32, '\3')));
  ASSERT_OK(three.Seal(nonce, "c2sp.org/XAES-256-GCM", plain, &sealed));
  EXPECT_EQ(absl::BytesToHexString(sealed),
            "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d");
}

TEST(XaesTest, AnyChangedBitIsFound) {
  ASSERT_OK_AND_ASSIGN(Xaes xaes, Xaes::Create(support::RandomBytes(kKeyBytes, 1)));
  const std::string nonce = support::RandomBytes(Xaes::kNonceBytes, 2);
  const std::string plain = support::RandomBytes(100, 3);
  std::string sealed;
  ASSERT_OK(xaes.Seal(nonce, "place", plain, &sealed));
  ASSERT_OK_AND_ASSIGN(std::string back, xaes.Open(nonce, "place", sealed));
  EXPECT_EQ(back, plain);
  for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string bad = sealed;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
    EXPECT_TRUE(absl::IsDataLoss(xaes.Open(nonce, "place", bad).status())) << bit;
  }
  for (size_t bit = 0; bit < nonce.size() * 8; ++bit) {
    std::string bad = nonce;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
    EXPECT_TRUE(absl::IsDataLoss(xaes.Open(bad, "place", sealed).status())) << bit;
  }
  EXPECT_TRUE(absl::IsDataLoss(xaes.Open(nonce, "elsewhere", sealed).status()));
  EXPECT_TRUE(absl::IsDataLoss(xaes.Open(nonce, "place", sealed.substr(1)).status()));
  EXPECT_TRUE(absl::IsDataLoss(xaes.Open(nonce, "place", "short").status()));
}

TEST(XaesTest, RefusesKeysAndNoncesOfOtherSizes) {
  EXPECT_TRUE(absl::IsInvalidArgument(Xaes::Create("short").status()));
  ASSERT_OK_AND_ASSIGN(Xaes xaes, Xaes::Create(std::string(32, 'k')));
  std::string out = "kept";
  EXPECT_TRUE(absl::IsInvalidArgument(xaes.Seal("short", "", "x", &out)));
  EXPECT_EQ(out, "kept");
}

TEST(SecretTest, RandomSecretsDiffer) {
  ASSERT_OK_AND_ASSIGN(Secret a, RandomSecret(32));
  ASSERT_OK_AND_ASSIGN(Secret b, RandomSecret(32));
  EXPECT_EQ(a.size(), 32u);
  EXPECT_FALSE(EqualInConstantTime(a.view(), b.view()));
  Secret moved = std::move(a);
  EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(moved.size(), 32u);
}

}  // namespace
}  // namespace oca::crypto
