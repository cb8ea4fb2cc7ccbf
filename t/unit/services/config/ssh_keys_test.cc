#include "services/config/ssh_keys.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"

namespace oca::config {
namespace {

using support::StatusIs;
using testing::HasSubstr;

// Made by ssh-keygen, as are the fingerprints.
constexpr char kEd25519[] =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMssBMlEK1E+Zmyl/8Aor9tl8QWGA/tOwp4Qx4Pf3kOh"
    " eve@laptop one";
constexpr char kEcdsa[] =
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBCcW2ByT"
    "zeUTp8jekOpYwnLrDKCNH5T1k3u6Rite4vfe0TnljHD2QSDvHJ5eRh0bo5q085OT2Ae6uae0mQOUmd0="
    " e";
constexpr char kRsa[] =
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDHoZIwnjcE/fgMS3XGzrqcsXs6khAFAybJvvEdp1+Z"
    "AvEJqw5VZTA1M+6httX0l7Sh2qehzEXdoGAMBf81BRG3MSMq2ln9KA3iO0fDF/w3yfXIPmHZZ12bEsxJ"
    "uKx8Z4cntfbVBROAeDiTm3WQZrHI/PZYXR/z6UcynXk1H2B+bM9AVObm48G2ED4eOHf/SV0nXSkEePwW"
    "WK8L51X4DxmAxzl9vy2Qa98Rbn/KA5PWiCblBsha4d2f3AkBguO8MeOQKBR/LoH/xu8BB8Ah+McFhCV6"
    "kfUHqR77p3jjaAfXRORwFIMpOdLawq9dA6Xbl0STqKY/JXfEcsoifoZO74Dh r";
constexpr char kRsa1024[] =
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQCiRcC0kjssTv20XP32VhcLRDHMz3NjUHazKH3QTN8J"
    "IWkJmFl+8rM6pU/rxM49hmKv2ZEphsDXmcX5JWp4jK96Me6Hnka4+Wp8GpcFy5lmgzldD7MSYU7pDHSg"
    "2at4a/IjBCm8d3z8FHqFNIhOmQIQucHZfX7lsxOQvt0rUsdHew== w";

TEST(ParseSshKey, TakesWhatSshKeygenWrites) {
  ASSERT_OK_AND_ASSIGN(SshKey key, ParseSshKey(std::string(kEd25519) + "\n"));
  EXPECT_EQ(key.type, "ssh-ed25519");
  EXPECT_EQ(key.comment, "eve@laptop one");
  EXPECT_EQ(key.fingerprint, "SHA256:f43PMRfzVwT54DOvZcABKZ1KRiGv+o8AiKnOxwPr204");
  ASSERT_OK_AND_ASSIGN(key, ParseSshKey(kEcdsa));
  EXPECT_EQ(key.fingerprint, "SHA256:UbVW1oj774NDl0s28BIYy5lG3YqMEztTsJrxiid6V+E");
  ASSERT_OK_AND_ASSIGN(key, ParseSshKey(kRsa));
  EXPECT_EQ(key.fingerprint, "SHA256:I2pVkNp2xR7S7v2aGTCWESsETbwltyMFAuKfKNmjSnk");
}

TEST(ParseSshKey, RefusesEverythingElse) {
  const std::string good = kEd25519;
  const std::string cut = good.substr(0, good.size() - 25);
  const std::vector<std::pair<std::string, const char*>> kBad = {
      {"", "no type and data"},
      {"ssh-ed25519", "no type and data"},
      {"command=\"sh\" " + good, "is none of"},
      {"restrict " + good, "is none of"},
      {good + "\n" + good, "more than one line"},
      {"-----BEGIN OPENSSH PRIVATE KEY-----", "is none of"},
      {"ssh-dss AAAAB3NzaC1kc3M=", "is none of"},
      {"ssh-ed25519 !!!!", "no base64"},
      {"ssh-ed25519 AAAA", "not of its type"},
      {"ssh-rsa" + good.substr(11), "not of its type"},
      {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==", "cut off"},
      {kRsa1024, "RSA of 1024 bits is too weak"},
      {std::string(20000, 'a'), "too long"},
  };
  for (const auto& [line, fault] : kBad) {
    absl::Status status = ParseSshKey(line).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument)) << line;
    EXPECT_THAT(status.ToString(), HasSubstr(fault)) << line;
  }
  EXPECT_FALSE(ParseSshKey(cut).ok());
}

TEST(AuthorizedKeys, EachKeyLeadsToItsUserAlone) {
  ASSERT_OK_AND_ASSIGN(SshKey key, ParseSshKey(kEd25519));
  const std::vector<KeyOfUser> keys = {{"eve", key}};
  ASSERT_OK_AND_ASSIGN(std::string text, AuthorizedKeys(keys, "/usr/bin/oca-shell", "/srv/o'c\"a"));
  EXPECT_THAT(text,
              HasSubstr("\nrestrict,pty,command=\"'/usr/bin/oca-shell' --home '/srv/o'\\''c\\\"a' "
                        "--user eve\" ssh-ed25519 " +
                        key.blob + "\n"));
  // A comment is the client's words, and does not belong there.
  EXPECT_THAT(text, testing::Not(HasSubstr("laptop")));
  EXPECT_FALSE(AuthorizedKeys(keys, "/usr/bin/oca-shell", "/srv\n/x").ok());
}

}  // namespace
}  // namespace oca::config
