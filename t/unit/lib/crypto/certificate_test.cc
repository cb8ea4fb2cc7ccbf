#include "lib/crypto/certificate.h"

#include "gtest/gtest.h"
#include "lib/crypto/uuid.h"
#include "t/support/status_matchers.h"

namespace oca::crypto {
namespace {

using absl::StatusCode;
using support::StatusIs;

constexpr char kPem[] = R"(-----BEGIN CERTIFICATE-----
MIIBczCCARmgAwIBAgIUU4O5XgtrxpNA9rfEAKAFcBFmHXQwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAeFw0yNjExMjkxNjIyMjdaFw0zNjExMjYxNjIyMjda
MA8xDTALBgNVBAMMBHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATenOjr
j7SGmt/2AW+UZXZTgqy8B6d5PN7UpX8A6pLLzelph3cjt5M3IVKWotOHVrMTstaD
Ppk5AKoeZFA0UOHgo1MwUTAdBgNVHQ4EFgQUZZDjWDiSh8dEdQsU408aWTeB9EAw
HwYDVR0jBBgwFoAUZZDjWDiSh8dEdQsU408aWTeB9EAwDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNIADBFAiEA/zbsO0BiBJZ1AH+RLKDarnMt72Q1gsEdpxCj
ck0NZXUCIDcu8t4Tt7jnle9lZSTkjIJAedmDWYENkU6JrhIEDzu/
-----END CERTIFICATE-----
)";

TEST(Certificate, SaysUntilWhenItIsValid) {
  ASSERT_OK_AND_ASSIGN(absl::Time end, CertificateEnd(kPem));
  EXPECT_EQ(end, absl::FromUnixSeconds(2111329347));
  EXPECT_THAT(CertificateEnd(""), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(CertificateEnd("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
              StatusIs(StatusCode::kInvalidArgument));
}

TEST(Uuid, IsRandomAndRecognised) {
  ASSERT_OK_AND_ASSIGN(std::string one, RandomUuid());
  ASSERT_OK_AND_ASSIGN(std::string two, RandomUuid());
  EXPECT_NE(one, two);
  EXPECT_TRUE(IsUuid(one));
  EXPECT_EQ(one[14], '4');
  EXPECT_FALSE(IsUuid(""));
  EXPECT_FALSE(IsUuid(one + "0"));
  EXPECT_FALSE(IsUuid("g" + one.substr(1)));
  one[8] = '0';
  EXPECT_FALSE(IsUuid(one));
}

}  // namespace
}  // namespace oca::crypto
