#include "lib/http/certificate.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::http {
namespace {

using support::StatusIs;

class Certificates : public testing::Test {
 protected:
  static mode_t ModeOf(const std::string& path) {
    struct stat info {};
    return stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
  }

  support::TempDir folder_;
  CertificateFiles files_{folder_.Path("server.crt"), folder_.Path("server.key")};
};

TEST_F(Certificates, AreMadeOnceAndTheKeyIsPrivate) {
  ASSERT_OK(EnsureCertificate(files_, "backup.example"));
  EXPECT_EQ(ModeOf(files_.key), 0600u);
  EXPECT_OK(CheckKeyFile(files_.key));
  ASSERT_OK_AND_ASSIGN(std::string first, FingerprintOf(files_.certificate));
  EXPECT_EQ(first.size(), 32 * 3 - 1u);
  ASSERT_OK(EnsureCertificate(files_, "other"));
  ASSERT_OK_AND_ASSIGN(std::string again, FingerprintOf(files_.certificate));
  EXPECT_EQ(again, first);
}

TEST_F(Certificates, NameTheHostAndThisMachine) {
  ASSERT_OK(EnsureCertificate(files_, "backup.example"));
  std::FILE* file = std::fopen(files_.certificate.c_str(), "r");
  ASSERT_NE(file, nullptr);
  std::unique_ptr<X509, decltype(&X509_free)> x(PEM_read_X509(file, nullptr, nullptr, nullptr),
                                                X509_free);
  std::fclose(file);
  ASSERT_NE(x, nullptr);
  EXPECT_EQ(X509_check_host(x.get(), "backup.example", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(x.get(), "localhost", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_ip_asc(x.get(), "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(x.get(), "::1", 0), 1);
  EXPECT_EQ(X509_check_host(x.get(), "elsewhere", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_self_signed(x.get(), 1), 1);
}

TEST_F(Certificates, AHostNameThatIsNoneDoesNotGetIn) {
  ASSERT_OK(EnsureCertificate(files_, "a,DNS:evil.example"));
  EXPECT_OK(FingerprintOf(files_.certificate).status());
}

TEST_F(Certificates, HalfAPair) {
  ASSERT_OK(EnsureCertificate(files_, "x"));
  ASSERT_EQ(std::remove(files_.certificate.c_str()), 0);
  ASSERT_OK(EnsureCertificate(files_, "x"));  // one is made for the key
  EXPECT_OK(FingerprintOf(files_.certificate).status());
  ASSERT_EQ(std::remove(files_.key.c_str()), 0);
  EXPECT_THAT(EnsureCertificate(files_, "x"), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(Certificates, AKeyThatOthersMayReadIsRefused) {
  ASSERT_OK(EnsureCertificate(files_, "x"));
  ASSERT_EQ(chmod(files_.key.c_str(), 0640), 0);
  EXPECT_THAT(CheckKeyFile(files_.key), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(CheckKeyFile(folder_.Path("none")), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace oca::http
