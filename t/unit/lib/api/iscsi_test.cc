#include "lib/api/iscsi.h"

#include <string>

#include "gtest/gtest.h"
#include "t/support/status_matchers.h"

namespace oca::api {
namespace {

TEST(Iscsi, NamesAreThoseOfTheRfc) {
  EXPECT_OK(CheckIscsiName("host", "iqn.2026-11.com.example:host-1.a"));
  EXPECT_OK(CheckIscsiName("host", "eui.02004567a425678d"));
  for (const std::string& bad : {std::string("host"), std::string("iqn.2026-11.com.example:Host"),
                                 std::string("iqn.a,b"), "iqn." + std::string(220, 'a')}) {
    EXPECT_FALSE(CheckIscsiName("host", bad).ok()) << bad;
  }
}

TEST(Iscsi, NetworksAreAddressesWithOrWithoutLength) {
  for (const char* good :
       {"10.1.2.3", "10.0.0.0/8", "0.0.0.0/0", "2001:db8::7", "2001:db8::/128"}) {
    EXPECT_OK(CheckNetwork(good));
  }
  for (const char* bad : {"", "host.example.com", "10.1.2", "10.0.0.0/33", "10.0.0.0/",
                          "10.0.0.0/x", "2001:db8::/129", "10.0.0.0/-1", "ALL"}) {
    EXPECT_FALSE(CheckNetwork(bad).ok()) << bad;
  }
}

TEST(Iscsi, PortalsHaveAddressAndPort) {
  ASSERT_OK_AND_ASSIGN(Portal v4, ParsePortal("0.0.0.0:3260"));
  EXPECT_EQ(v4.Text(), "0.0.0.0:3260");
  EXPECT_EQ(v4.Local().Text(), "127.0.0.1:3260");
  ASSERT_OK_AND_ASSIGN(Portal v6, ParsePortal("[::]:3261"));
  EXPECT_EQ(v6.Local().Text(), "[::1]:3261");
  ASSERT_OK_AND_ASSIGN(Portal canonical, ParsePortal("[2001:DB8:0:0:0:0:0:7]:3261"));
  EXPECT_EQ(canonical.Text(), "[2001:db8::7]:3261");
  ASSERT_OK_AND_ASSIGN(Portal one, ParsePortal("192.0.2.7:3262"));
  EXPECT_EQ(one.Local().Text(), "192.0.2.7:3262");
  for (const char* bad : {"", "3260", "192.0.2.7", "192.0.2.7:0", "192.0.2.7:65536", "host:3260",
                          "::1:3260", "[192.0.2.7]:3260", "192.0.2.7:32,portal=0.0.0.0:1"}) {
    EXPECT_FALSE(ParsePortal(bad).ok()) << bad;
  }
}

TEST(Iscsi, ChapPasswordsAreThoseThatHostsTake) {
  EXPECT_OK(CheckChapAccount("CHAP", "backup", "twelve-bytes"));
  EXPECT_OK(CheckChapAccount("CHAP", "backup", "sixteen-bytes-16"));
  EXPECT_FALSE(CheckChapAccount("CHAP", "backup", "eleven-byte").ok());
  EXPECT_FALSE(CheckChapAccount("CHAP", "backup", "seventeen-bytes-1").ok());
  EXPECT_FALSE(CheckChapAccount("CHAP", "backup", "twelve bytes").ok());
  EXPECT_FALSE(CheckChapAccount("CHAP", "", "twelve-bytes").ok());
}

}  // namespace
}  // namespace oca::api
