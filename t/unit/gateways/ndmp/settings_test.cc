// ndmp.toml: what it may say, and what is said of what it may not.
#include "gateways/ndmp/ocandmpd/settings.h"

#include <sys/stat.h>

#include <fstream>
#include <string>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::ndmp {
namespace {

std::string ErrorOfText(const std::string& text) {
  return std::string(ParseSettings(text, "ndmp.toml").status().message());
}

TEST(NdmpSettings, NothingMeansDefaults) {
  auto settings = ParseSettings("", "ndmp.toml");
  ASSERT_OK(settings);
  EXPECT_EQ(settings->reach.control.port, 10000);
  EXPECT_EQ(settings->reach.control.ip, 0u);
  EXPECT_EQ(settings->reach.data.ports.first, 0);
  EXPECT_TRUE(settings->libraries.empty());
  EXPECT_EQ(settings->mount, "");
}

TEST(NdmpSettings, EverythingCanBeSaid) {
  support::TempDir dir;
  std::ofstream(dir.Path("chap")) << "host-password\n";
  ASSERT_EQ(::chmod(dir.Path("chap").c_str(), 0600), 0);
  auto settings = ParseSettings(fmt::format(R"(
address = "127.0.0.1"
port = 10001
data_address = "192.0.2.7"
data_ports = [11000, 11009]
mount = "/oca"
[[library]]
name = "lib1"
portal = "127.0.0.1:3260"
target = "iqn.2026-11.local.oca:lib1"
initiator = "iqn.2026-11.local.oca:gateway"
chap_user = "backup"
chap_password_file = "{}"
[[library]]
name = "lib2"
portal = "127.0.0.1:3261"
target = "iqn.2026-11.local.oca:lib2"
)",
                                            dir.Path("chap")),
                                "ndmp.toml");
  ASSERT_OK(settings);
  EXPECT_EQ(settings->reach.control.ip, 0x7f000001u);
  EXPECT_EQ(settings->reach.control.port, 10001);
  EXPECT_EQ(settings->reach.data.ip, 0xc0000207u);
  EXPECT_EQ(settings->reach.data.ports.first, 11000);
  EXPECT_EQ(settings->reach.data.ports.last, 11009);
  EXPECT_EQ(settings->mount, "/oca");
  ASSERT_EQ(settings->libraries.size(), 2u);
  EXPECT_EQ(settings->libraries[0].chap_password.view(), "host-password");
  EXPECT_EQ(settings->libraries[1].name, "lib2");
}

TEST(NdmpSettings, WhatIsWrongIsSaidWithItsLine) {
  using testing::HasSubstr;
  EXPECT_THAT(ErrorOfText("por = 1"),
              HasSubstr("ndmp.toml:1: unknown key: \"por\"; did you mean \"port\"?"));
  EXPECT_THAT(ErrorOfText("\nport = 70000"), HasSubstr("ndmp.toml:2: port must be a port"));
  EXPECT_THAT(ErrorOfText("address = \"x\""), HasSubstr("must be an IPv4 address"));
  EXPECT_THAT(ErrorOfText("data_ports = [2, 1]"), HasSubstr("two ports"));
  EXPECT_THAT(ErrorOfText("library = 1"), HasSubstr("[[library]]"));
  EXPECT_THAT(ErrorOfText("[[library]]\nname = \"a\""), HasSubstr("needs name, portal and target"));
  const std::string one = "[[library]]\nname = \"a\"\nportal = \"p\"\ntarget = \"t\"\n";
  EXPECT_THAT(ErrorOfText(one + one), HasSubstr("two libraries 'a'"));
  EXPECT_THAT(ErrorOfText(one + "chap_password_file = \"/none\""), HasSubstr("/none"));
  EXPECT_THAT(LoadSettings("/none").status(), support::StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace oca::ndmp
