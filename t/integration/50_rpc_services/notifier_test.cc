// Alerts are told: mail to a real SMTP server, web messages, the machine's log.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "fmt/format.h"
#include "lib/event/event.h"
#include "lib/http/certificate.h"
#include "t/integration/50_rpc_services/alerts_fixture.h"
#include "t/support/free_port.h"

namespace oca::health {
namespace {

using absl::StatusCode;
using event::Kind;
using support::StatusIs;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Notifying : public Alerts {
 protected:
  void SetUp() override {
    Alerts::SetUp();
    recorder_ = std::make_unique<Recorder>(*database_, [this] { notifier_->Wake(); });
    notifier_ = std::make_unique<Notifier>(NotifierParts{
        *database_, *channels_, *recorder_, events_, clock_, "host1", dir_.Path("log"),
        [] {
          Statistics statistics;
          statistics.groups.emplace_back().set_name("vms");
          return statistics;
        },
        [] {
          return std::vector<std::string>{"eve@example.com", "no address", "admin@example.com"};
        },
        certificate_.certificate});
  }
  void TearDown() override { notifier_.reset(); }

  void StartRelay() {
    relay_ = std::make_unique<support::Process>(
        std::vector<std::string>{"/usr/bin/python3", "-m", "aiosmtpd", "-n", "-l",
                                 fmt::format("127.0.0.1:{}", port_), "-c",
                                 "aiosmtpd.handlers.Mailbox", dir_.Path("mail")},
        dir_.Path("relay.log"));
  }
  // One that takes mails by TLS from "oca-sender" with this password alone.
  void StartRelayWithLogin(const std::string& security, const std::string& password) {
    ASSERT_OK(http::EnsureCertificate(certificate_, "localhost"));
    relay_ = std::make_unique<support::Process>(
        std::vector<std::string>{"/usr/bin/python3", OCA_SMTP_RELAY, std::to_string(port_),
                                 dir_.Path("mail"), certificate_.certificate, certificate_.key,
                                 security, "oca-sender", password},
        dir_.Path("relay.log"));
  }
  absl::StatusOr<mgmt::Channel> SetLogin(mgmt::MailSecurity security, const std::string& user,
                                         const std::string& password,
                                         const std::string& name = kEmailAlerts) {
    mgmt::ConfigureChannelRequest request;
    request.set_name(name);
    request.set_security(security);
    request.set_user(user);
    request.set_password(password);
    return channels_->Configure(request);
  }
  absl::StatusOr<mgmt::Channel> ConfigureMail(bool enabled,
                                              const std::string& name = kEmailAlerts) {
    mgmt::ConfigureChannelRequest request;
    request.set_name(name);
    request.set_enabled(enabled);
    request.set_relay(fmt::format("127.0.0.1:{}", port_));
    request.set_sender("oca@example.com");
    request.mutable_to()->add_addresses("admin@example.com");
    request.mutable_cc()->add_addresses("boss@example.com");
    request.mutable_bcc()->add_addresses("hidden@example.com");
    return channels_->Configure(request);
  }
  absl::Status Enable(const std::string& name, const std::string& url) {
    mgmt::ConfigureChannelRequest request;
    request.set_name(name);
    request.set_enabled(true);
    if (!url.empty()) request.set_relay(url);
    return channels_->Configure(request).status();
  }
  // The mails that have arrived.
  std::vector<std::string> Mails() {
    std::vector<std::string> mails;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(dir_.Path("mail/new"), error)) {
      mails.push_back(support::ReadText(entry.path()));
    }
    return mails;
  }
  mgmt::Channel Channel(const std::string& name) {
    auto channel = channels_->Get(name);
    EXPECT_OK(channel);
    return channel.ok() ? *channel : mgmt::Channel();
  }
  // Lets the pauses after failures pass.
  bool EventuallyInTime(const std::function<bool()>& condition) {
    return Eventually([&] {
      clock_.Advance(absl::Seconds(10));
      notifier_->Wake();
      return condition();
    });
  }

  const http::CertificateFiles certificate_{dir_.Path("relay.crt"), dir_.Path("relay.key")};
  support::FakeClock clock_;
  support::EventList events_;
  const int port_ = support::FreePort();
  std::unique_ptr<support::Process> relay_;
  std::unique_ptr<Notifier> notifier_;
};

TEST_F(Notifying, MailTellsWhenAnAlertIsRaisedAndCleared) {
  StartRelay();
  ASSERT_OK(ConfigureMail(true));
  ASSERT_OK(Record(event::Make<Kind::kQuotaUsed>("Büro", 100)));
  ASSERT_TRUE(EventuallyInTime([&] { return Mails().size() == 1; }));
  EXPECT_THAT(
      Mails()[0],
      AllOf(HasSubstr("From: oca@example.com"), HasSubstr("To: admin@example.com, eve@example.com"),
            HasSubstr("Cc: boss@example.com"), Not(HasSubstr("Bcc")), HasSubstr("Message-ID: <"),
            HasSubstr("Subject: [Oca host1] critical: Storage group B??ro uses 100 %"),
            HasSubstr("charset=utf-8"), HasSubstr("B=C3=BCro"),
            HasSubstr("hidden@example.com")));  // among the recipients of the envelope
  EXPECT_TRUE(Eventually([&] { return Channel(kEmailAlerts).waiting() == 0; }));
  // The same again tells nothing.
  ASSERT_OK(Record(event::Make<Kind::kQuotaUsed>("Büro", 100)));
  EXPECT_EQ(Channel(kEmailAlerts).waiting(), 0u);
  ASSERT_OK(Record(event::Make<Kind::kQuotaHasRoom>("Büro")));
  ASSERT_TRUE(EventuallyInTime([&] { return Mails().size() == 2; }));
  EXPECT_TRUE(Eventually([&] { return Channel(kEmailAlerts).has_last_sent(); }));
  EXPECT_EQ(Channel(kEmailAlerts).last_error(), "");
}

TEST_F(Notifying, WhatCannotBeSentWaitsAndRaisesAnAlert) {
  ASSERT_OK(ConfigureMail(true));
  ASSERT_OK(Record(event::Make<Kind::kQuotaUsed>("a", 100)));
  ASSERT_OK(Record(event::Make<Kind::kQuotaUsed>("b", 100)));
  std::vector<std::string> sent;
  ASSERT_TRUE(EventuallyInTime([&] {
    for (std::string& text : events_.Take()) sent.push_back(std::move(text));
    return !sent.empty();
  }));
  EXPECT_THAT(sent, ElementsAre(HasSubstr("Messages by email_alerts cannot be sent: the mail "
                                          "relay 127.0.0.1")));
  EXPECT_EQ(Channel(kEmailAlerts).waiting(), 2u);
  EXPECT_THAT(Channel(kEmailAlerts).last_error(), HasSubstr("Failed to connect"));
  StartRelay();
  ASSERT_TRUE(EventuallyInTime([&] { return Mails().size() == 1; }));
  EXPECT_THAT(Mails()[0], HasSubstr("(and 1 more)"));
  sent.clear();
  ASSERT_TRUE(Eventually([&] {
    for (std::string& text : events_.Take()) sent.push_back(std::move(text));
    return !sent.empty();
  }));
  EXPECT_THAT(sent, ElementsAre("Messages by email_alerts are sent again"));
}

TEST_F(Notifying, DisabledChannelGetsNothingAndClearForgets) {
  ASSERT_OK(ConfigureMail(false));
  ASSERT_OK(Record(event::Make<Kind::kQuotaUsed>("a", 100)));
  EXPECT_EQ(Channel(kEmailAlerts).waiting(), 0u);
  ASSERT_OK(ConfigureMail(true));
  ASSERT_OK(Record(event::Make<Kind::kQuotaUsed>("b", 100)));
  ASSERT_OK_AND_ASSIGN(mgmt::Channel cleared, channels_->Clear(kEmailAlerts));
  EXPECT_EQ(cleared.waiting(), 0u);
  EXPECT_EQ(cleared.relay(), "");
  EXPECT_FALSE(cleared.enabled());
  EXPECT_EQ(cleared.to_size(), 0);
  EXPECT_THAT(channels_->Get("pigeon"), StatusIs(StatusCode::kNotFound));
}

TEST_F(Notifying, TestSaysWhatTheRelaySaid) {
  ASSERT_OK_AND_ASSIGN(mgmt::Channel channel, ConfigureMail(false));
  EXPECT_THAT(notifier_->Try(channel), StatusIs(StatusCode::kUnavailable));
  StartRelay();
  ASSERT_TRUE(Eventually([&] { return notifier_->Try(channel).ok(); }));
  EXPECT_THAT(Mails(), ElementsAre(HasSubstr("This is a test")));
  // This relay has no TLS: then nothing is sent.
  channel.set_security(mgmt::MAIL_SECURITY_STARTTLS);
  EXPECT_THAT(notifier_->Try(channel), StatusIs(StatusCode::kUnavailable));
  channel.set_security(mgmt::MAIL_SECURITY_TLS);
  EXPECT_THAT(notifier_->Try(channel), StatusIs(StatusCode::kUnavailable));
  EXPECT_EQ(Mails().size(), 1u);
}

TEST_F(Notifying, LogsInAtARelayByTls) {
  for (const auto& [security, word] : {std::pair{mgmt::MAIL_SECURITY_STARTTLS, "starttls"},
                                       std::pair{mgmt::MAIL_SECURITY_TLS, "tls"}}) {
    SCOPED_TRACE(word);
    const size_t before = Mails().size();
    StartRelayWithLogin(word, "p\u00e4ss \"word\\");
    ASSERT_OK(ConfigureMail(false));
    ASSERT_OK(SetLogin(security, "oca-sender", "p\u00e4ss \"word\\"));
    ASSERT_TRUE(Eventually([&] { return notifier_->Try(Channel(kEmailAlerts)).ok(); }))
        << notifier_->Try(Channel(kEmailAlerts)) << support::ReadText(dir_.Path("relay.log"));
    EXPECT_EQ(Mails().size(), before + 1);
    // Another password, and none: the relay takes nothing.
    ASSERT_OK(SetLogin(security, "oca-sender", "another one"));
    const absl::Status refused = notifier_->Try(Channel(kEmailAlerts));
    EXPECT_THAT(refused, StatusIs(StatusCode::kUnavailable));
    EXPECT_THAT(refused.ToString(), Not(HasSubstr("another one")));
    ASSERT_OK(SetLogin(security, "", ""));
    EXPECT_THAT(notifier_->Try(Channel(kEmailAlerts)), StatusIs(StatusCode::kUnavailable));
    EXPECT_EQ(Mails().size(), before + 1);
    relay_.reset();
  }
}

TEST_F(Notifying, ARelayThatCannotBeTrustedGetsNoPassword) {
  StartRelayWithLogin("starttls", "secret");
  ASSERT_OK(ConfigureMail(false));
  ASSERT_OK_AND_ASSIGN(mgmt::Channel channel,
                       SetLogin(mgmt::MAIL_SECURITY_STARTTLS, "oca-sender", "secret"));
  ASSERT_TRUE(Eventually([&] { return notifier_->Try(channel).ok(); }));
  // Against the system's authorities the certificate is worth nothing.
  const absl::Status refused =
      SendMail(channel, {crypto::Secret("secret"), ""}, {"subject", "body"});
  EXPECT_THAT(refused, StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(refused.ToString(), HasSubstr("SSL certificate"));
  EXPECT_EQ(Mails().size(), 1u);
}

TEST_F(Notifying, PasswordsOfRelaysAreSealedAndStayWithTheirRelay) {
  ASSERT_OK(ConfigureMail(false));
  EXPECT_THAT(SetLogin(mgmt::MAIL_SECURITY_NONE, "u", "secret").status(),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(SetLogin(mgmt::MAIL_SECURITY_TLS, "u", "").status(),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(SetLogin(mgmt::MAIL_SECURITY_TLS, "", "secret").status(),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(SetLogin(mgmt::MAIL_SECURITY_TLS, "u", "two\nlines").status(),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(SetLogin(mgmt::MAIL_SECURITY_TLS, "u", "secret", kWebhook).status(),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_EQ(Channel(kEmailAlerts).user(), "");
  ASSERT_OK_AND_ASSIGN(mgmt::Channel set, SetLogin(mgmt::MAIL_SECURITY_TLS, "u", "secret"));
  EXPECT_TRUE(set.has_password());
  EXPECT_THAT(Channel(kEmailAlerts).ShortDebugString(), Not(HasSubstr("secret")));
  ASSERT_OK_AND_ASSIGN(crypto::Secret password, channels_->Password(kEmailAlerts));
  EXPECT_EQ(password.view(), "secret");
  ASSERT_OK(database_->With([](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(db::Result rows, db.Query("SELECT password_sealed FROM oca_health.channel "
                                                   "WHERE name = 'email_alerts'"));
    EXPECT_GT(rows.Text(0, 0).size(), 80u);
    EXPECT_EQ(rows.Text(0, 0).find("secret"), std::string_view::npos);
    return absl::OkStatus();
  }));
  // It stays with other changes, and is asked for again with another relay or user.
  ASSERT_OK_AND_ASSIGN(mgmt::Channel same, ConfigureMail(true));
  EXPECT_TRUE(same.has_password());
  mgmt::ConfigureChannelRequest elsewhere;
  elsewhere.set_name(kEmailAlerts);
  elsewhere.set_relay("evil.example.com:25");
  EXPECT_THAT(channels_->Configure(elsewhere).status(), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(SetLogin(mgmt::MAIL_SECURITY_TLS, "other", "").status(),
              StatusIs(StatusCode::kInvalidArgument));
  ASSERT_OK(SetLogin(mgmt::MAIL_SECURITY_STARTTLS, "u", ""));
  EXPECT_EQ(Channel(kEmailAlerts).relay(), fmt::format("127.0.0.1:{}", port_));
  // Sealed by a key that is lost.
  daemon::SecretSeal another(dir_.Path("keys/another.key"), "channel");
  EXPECT_THAT(Channels(*database_, another).Password(kEmailAlerts),
              StatusIs(StatusCode::kFailedPrecondition));
  ASSERT_OK(channels_->Clear(kEmailAlerts));
  EXPECT_FALSE(Channel(kEmailAlerts).has_password());
}

TEST_F(Notifying, StatisticsComeOnceInTheirInterval) {
  StartRelay();
  ASSERT_OK(ConfigureMail(true, kEmailStats));
  // The first one at once, the next a day after it.
  ASSERT_TRUE(Eventually([&] {
    clock_.Advance(absl::Seconds(10));
    notifier_->Wake();
    return Mails().size() == 1;
  }));
  EXPECT_THAT(Mails()[0], HasSubstr("Storage group vms"));
  ASSERT_TRUE(Eventually([&] { return Channel(kEmailStats).has_last_sent(); }));
  clock_.SetWallTime(absl::Now() + absl::Hours(23));
  ASSERT_OK(Record(event::Make<Kind::kQuotaUsed>("a", 100)));
  EXPECT_EQ(Mails().size(), 1u);
  clock_.SetWallTime(absl::Now() + absl::Hours(25));
  notifier_->Wake();
  EXPECT_TRUE(Eventually([&] { return Mails().size() == 2; }));
}

TEST_F(Notifying, WebhookGetsJson) {
  support::Process server(
      {"/usr/bin/python3", OCA_WEBHOOK, std::to_string(port_), dir_.Path("posts")},
      dir_.Path("webhook.log"));
  ASSERT_OK(Enable(kWebhook, fmt::format("http://127.0.0.1:{}/hook", port_)));
  ASSERT_OK(Record(event::Make<Kind::kQuotaUsed>("a", 100)));
  ASSERT_TRUE(EventuallyInTime([&] { return !support::ReadText(dir_.Path("posts")).empty(); }));
  EXPECT_THAT(support::ReadText(dir_.Path("posts")),
              AllOf(HasSubstr("\"condition\":\"quota\""), HasSubstr("\"subject\":\"a\"")));
  EXPECT_TRUE(Eventually([&] { return Channel(kWebhook).waiting() == 0; }));
}

TEST_F(Notifying, SyslogGetsLines) {
  int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, dir_.Path("log").c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_OK(Enable(kSyslog, ""));
  ASSERT_OK(Record(event::Make<Kind::kQuotaUsed>("a", 100)));
  std::array<char, 1000> line{};
  ASSERT_GT(::recv(fd, line.data(), line.size() - 1, 0), 0);
  ::close(fd);
  EXPECT_THAT(line.data(), testing::MatchesRegex("<26>oca\\[[0-9]+\\]: critical: Storage group a "
                                                 "uses 100 % .*"));
}

}  // namespace
}  // namespace oca::health
