// The rules of channels; the table is tested in t/integration/50_rpc_services.
#include "services/health/channels.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"

namespace oca::health {
namespace {

using absl::StatusCode;
using support::StatusIs;
using testing::HasSubstr;

management::v1::Channel Mail() {
  management::v1::Channel channel;
  channel.set_name(kEmailAlerts);
  channel.set_enabled(true);
  channel.set_relay("mail.example.com:25");
  channel.set_sender("oca@example.com");
  channel.add_to("admin@example.com");
  return channel;
}

TEST(Channels, AddressesThatCouldBreakAMailAreRefused) {
  for (const char* good : {"a@b", "first.last+tag@sub.example.com", "o'neil@example.com"}) {
    EXPECT_OK(CheckAddress(good));
  }
  for (const std::string& bad :
       {std::string(), std::string("a"), std::string("@b"), std::string("a@"), std::string("a b@c"),
        std::string("a@b\r\nBcc: c@d"), std::string("<a@b>"), std::string("a@b,c@d"),
        std::string("\"a\"@b"), std::string("\xc3\xa9@b"), std::string(250, 'a') + "@b.de"}) {
    EXPECT_THAT(CheckAddress(bad), StatusIs(StatusCode::kInvalidArgument)) << bad;
  }
}

TEST(Channels, RelaysAndUrls) {
  management::v1::Channel channel = Mail();
  for (const char* good :
       {"localhost", "mail.example.com:587", "192.0.2.1:25", "[::1]:2525", "[::1]"}) {
    channel.set_relay(good);
    EXPECT_OK(CheckChannel(channel)) << good;
  }
  for (const char* bad : {"mail example", "mail:0", "mail:70000", "mail:x", "smtp://mail", ":25",
                          "mail/path", "user@mail"}) {
    channel.set_relay(bad);
    EXPECT_THAT(CheckChannel(channel), StatusIs(StatusCode::kInvalidArgument)) << bad;
  }
  management::v1::Channel webhook;
  webhook.set_name(kWebhook);
  webhook.set_relay("https://example.com/hook?key=1");
  EXPECT_OK(CheckChannel(webhook));
  for (const char* bad : {"example.com", "file:///etc/passwd", "https://a b", "http://a\n"}) {
    webhook.set_relay(bad);
    EXPECT_THAT(CheckChannel(webhook), StatusIs(StatusCode::kInvalidArgument)) << bad;
  }
}

TEST(Channels, LoginsAreForMailAndByTls) {
  management::v1::Channel channel = Mail();
  channel.set_user("oca@example.com");
  EXPECT_THAT(CheckChannel(channel), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(CheckChannel(channel).ToString(), HasSubstr("--security starttls"));
  for (auto security :
       {management::v1::MAIL_SECURITY_STARTTLS, management::v1::MAIL_SECURITY_TLS}) {
    channel.set_security(security);
    EXPECT_OK(CheckChannel(channel));
  }
  for (const std::string& bad :
       {std::string("a\nb"), std::string(256, 'a'), std::string("a\0b", 3)}) {
    channel.set_user(bad);
    EXPECT_THAT(CheckChannel(channel), StatusIs(StatusCode::kInvalidArgument)) << bad;
  }
  channel.set_user("u");
  channel.set_name(kWebhook);
  channel.set_relay("https://example.com");
  EXPECT_THAT(CheckChannel(channel), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_OK(CheckMailPassword("p\u00e4ss word"));
  for (const std::string& bad :
       {std::string("a\r"), std::string("a\nb"), std::string("a\0b", 3), std::string(1001, 'a')}) {
    EXPECT_THAT(CheckMailPassword(bad), StatusIs(StatusCode::kInvalidArgument));
  }
}

TEST(Channels, EnabledOnesAreComplete) {
  EXPECT_OK(CheckChannel(Mail()));
  management::v1::Channel channel = Mail();
  channel.clear_to();
  EXPECT_THAT(CheckChannel(channel), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(CheckChannel(channel).ToString(), HasSubstr("--to"));
  channel = Mail();
  channel.clear_sender();
  EXPECT_THAT(CheckChannel(channel), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(CheckChannel(channel).ToString(), HasSubstr("--sender"));
  channel = Mail();
  channel.clear_relay();
  EXPECT_THAT(CheckChannel(channel), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(CheckChannel(channel).ToString(), HasSubstr("--relay"));
  channel.set_enabled(false);
  EXPECT_OK(CheckChannel(channel));
  management::v1::Channel syslog;
  syslog.set_name(kSyslog);
  syslog.set_enabled(true);
  EXPECT_OK(CheckChannel(syslog));
}

}  // namespace
}  // namespace oca::health
