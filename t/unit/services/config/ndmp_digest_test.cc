#include "services/config/ndmp_digest.h"

#include <string>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"

namespace oca::config {
namespace {

std::string Hex(const std::string& password) {
  std::string challenge;
  for (int i = 0; i < 64; ++i) challenge.push_back(static_cast<char>(i));
  auto digest = NdmpDigest(password, challenge);
  EXPECT_OK(digest);
  std::string bytes(digest->view());
  return absl::BytesToHexString(bytes);
}

// Made by another implementation of MD5.
TEST(NdmpDigest, IsWhatTheProtocolSays) {
  EXPECT_EQ(Hex("ndmp"), "bc7d61077ebc1e1bf84a59827c26dd65");
  // 32 bytes of a password count.
  EXPECT_EQ(Hex(std::string(40, 'x')), "00fe04d56641bb6edbc3b5ddb73a1822");
  EXPECT_EQ(Hex(std::string(32, 'x')), "00fe04d56641bb6edbc3b5ddb73a1822");
}

}  // namespace
}  // namespace oca::config
