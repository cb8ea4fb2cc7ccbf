// oca email_alerts, oca email_stats, and the verbs of oca alerts that tell machines
#include <memory>
#include <string>

#include "absl/strings/str_split.h"
#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/alerts.grpc.pb.h"
#include "lib/base/status.h"
#include "lib/crypto/secret.h"

namespace oca::cli {
namespace {

using management::v1::Alerts;

namespace mgmt = management::v1;

struct ChannelFlags {
  std::string relay;
  std::string security;
  std::string sender;
  std::string to;
  std::string cc;
  std::string bcc;
  std::string interval;
  std::string user;
  std::string url;
  bool enable = false;
  bool disable = false;
  bool test = false;
};

// The enum value with this word.
template <typename Enum>
absl::StatusOr<Enum> ParseWord(std::string_view what, const std::string& word) {
  const auto* type = google::protobuf::GetEnumDescriptor<Enum>();
  std::string known;
  for (int i = 1; i < type->value_count(); ++i) {
    if (EnumWord(type, i) == word) return static_cast<Enum>(i);
    known += (known.empty() ? "" : ", ") + EnumWord(type, i);
  }
  return absl::InvalidArgumentError(fmt::format("'{}' is no {}; there are {}", word, what, known));
}

// Of "a@example.com, b@example.com"; "none" = none.
mgmt::AddressList ParseAddresses(const std::string& text) {
  mgmt::AddressList list;
  if (text == "none") return list;
  for (absl::string_view word : absl::StrSplit(text, absl::ByAnyChar(", "), absl::SkipEmpty())) {
    list.add_addresses(std::string(word));
  }
  return list;
}

template <typename List>
std::string AddressesText(const List& list) {
  return list.empty() ? "-" : fmt::format("{}", fmt::join(list, ", "));
}

bool IsMail(const mgmt::Channel& channel) { return channel.name().rfind("email_", 0) == 0; }

std::string ChannelText(const mgmt::Channel& channel) {
  Record record;
  record.Add("Enabled", channel.enabled() ? "yes" : "no");
  if (IsMail(channel)) {
    record.Add("Relay", channel.relay())
        .Add("Security", EnumWord(channel.security()))
        .Add("User", channel.user())
        .Add("Password", channel.has_password() ? "set" : "")
        .Add("Sender", channel.sender())
        .Add("To", AddressesText(channel.to()))
        .Add("CC", AddressesText(channel.cc()))
        .Add("BCC", AddressesText(channel.bcc()));
  } else if (channel.name() == "webhook") {
    record.Add("URL", channel.relay());
  }
  if (channel.name() == "email_stats") record.Add("Interval", EnumWord(channel.interval()));
  record.Add("Last Sent", TimeText(channel.last_sent())).Add("Last Error", channel.last_error());
  if (channel.name() != "email_stats") record.Add("Waiting", std::to_string(channel.waiting()));
  return record.Text();
}

void PrintChannel(Session& session, std::string_view done, const mgmt::Channel& channel) {
  if (session.json()) {
    session.PrintJson(ToJson(channel));
  } else {
    session.Print(fmt::format("{}{}", done, ChannelText(channel)));
  }
}

absl::StatusOr<mgmt::Channel> GetChannel(Session& session, const std::string& name) {
  mgmt::GetChannelRequest request;
  request.set_name(name);
  mgmt::Channel channel;
  OCA_RETURN_IF_ERROR(session.Call(&Alerts::Stub::GetChannel, request, &channel));
  return channel;
}

absl::Status ShowChannel(Session& session, const std::string& name) {
  OCA_ASSIGN_OR_RETURN(mgmt::Channel channel, GetChannel(session, name));
  PrintChannel(session, "", channel);
  return absl::OkStatus();
}

absl::Status PutChannel(Session& session, const mgmt::ConfigureChannelRequest& request,
                        std::string_view done) {
  mgmt::Channel channel;
  OCA_RETURN_IF_ERROR(
      session.Call(&Alerts::Stub::ConfigureChannel, request, &channel, Patience::kChange));
  PrintChannel(session, done, channel);
  return absl::OkStatus();
}

// Asks for what a mail needs and is neither given nor set.
absl::Status AskForTheRest(Session& session, const std::string& name, ChannelFlags& flags) {
  OCA_ASSIGN_OR_RETURN(mgmt::Channel channel, GetChannel(session, name));
  if (channel.relay().empty()) {
    OCA_RETURN_IF_ERROR(session.Require(&flags.relay, "--relay", "Mail relay (host or host:port)"));
  }
  if (channel.sender().empty()) {
    OCA_RETURN_IF_ERROR(session.Require(&flags.sender, "--sender", "Address of the sender"));
  }
  if (channel.to().empty()) {
    OCA_RETURN_IF_ERROR(session.Require(&flags.to, "--to", "Addresses to send to"));
  }
  return absl::OkStatus();
}

absl::Status ConfigureChannel(Session& session, const std::string& name, ChannelFlags& flags) {
  OCA_RETURN_IF_ERROR(AskForTheRest(session, name, flags));
  mgmt::ConfigureChannelRequest request;
  request.set_name(name);
  if (!flags.relay.empty()) request.set_relay(flags.relay);
  if (!flags.security.empty()) {
    OCA_ASSIGN_OR_RETURN(mgmt::MailSecurity security,
                         ParseWord<mgmt::MailSecurity>("security", flags.security));
    request.set_security(security);
  }
  if (!flags.sender.empty()) request.set_sender(flags.sender);
  if (!flags.to.empty()) *request.mutable_to() = ParseAddresses(flags.to);
  if (!flags.cc.empty()) *request.mutable_cc() = ParseAddresses(flags.cc);
  if (!flags.bcc.empty()) *request.mutable_bcc() = ParseAddresses(flags.bcc);
  if (!flags.interval.empty()) {
    OCA_ASSIGN_OR_RETURN(mgmt::Interval interval,
                         ParseWord<mgmt::Interval>("interval", flags.interval));
    request.set_interval(interval);
  }
  if (!flags.user.empty()) request.set_user(flags.user == "none" ? "" : flags.user);
  if (!request.user().empty()) {
    OCA_ASSIGN_OR_RETURN(
        *request.mutable_password(),
        session.AskSecret("password", fmt::format("Password of '{}' at the relay", flags.user),
                          /*twice=*/true));
  }
  absl::Status status = PutChannel(session, request, "Configured.\n");
  crypto::Wipe(request.mutable_password()->data(), request.password().size());
  return status;
}

absl::Status EnableChannel(Session& session, const std::string& name, bool enabled) {
  mgmt::ConfigureChannelRequest request;
  request.set_name(name);
  request.set_enabled(enabled);
  return PutChannel(session, request, enabled ? "Enabled.\n" : "Disabled.\n");
}

absl::Status TestChannel(Session& session, const std::string& name) {
  mgmt::TestChannelRequest request;
  request.set_name(name);
  mgmt::Channel channel;
  OCA_RETURN_IF_ERROR(
      session.Call(&Alerts::Stub::TestChannel, request, &channel, Patience::kChange));
  PrintChannel(session, "A test was sent.\n", channel);
  return absl::OkStatus();
}

absl::Status ClearChannel(Session& session, const std::string& name) {
  OCA_RETURN_IF_ERROR(session.Confirm(fmt::format("All settings of {} are lost. Go on?", name)));
  mgmt::ClearChannelRequest request;
  request.set_name(name);
  mgmt::Channel channel;
  OCA_RETURN_IF_ERROR(
      session.Call(&Alerts::Stub::ClearChannel, request, &channel, Patience::kChange));
  PrintChannel(session, "Cleared.\n", channel);
  return absl::OkStatus();
}

absl::Status ConfigureMachineChannel(Session& session, const std::string& name,
                                     const ChannelFlags& flags) {
  if (flags.enable && flags.disable) {
    return absl::InvalidArgumentError("--enable or --disable, not both");
  }
  if (flags.enable || flags.disable || !flags.url.empty()) {
    mgmt::ConfigureChannelRequest request;
    request.set_name(name);
    if (!flags.url.empty()) request.set_relay(flags.url);
    if (flags.enable || flags.disable) request.set_enabled(flags.enable);
    if (!flags.test) return PutChannel(session, request, "Configured.\n");
    mgmt::Channel channel;
    OCA_RETURN_IF_ERROR(
        session.Call(&Alerts::Stub::ConfigureChannel, request, &channel, Patience::kChange));
  }
  return flags.test ? TestChannel(session, name) : ShowChannel(session, name);
}

void AddMail(CLI::App* group, Session& session, const std::string& name) {
  auto flags = std::make_shared<ChannelFlags>();
  CLI::App* configure =
      group->add_subcommand("configure", "Set what is given; asks for what is missing");
  configure->add_option("--relay", flags->relay, "Mail relay: host or host:port");
  configure->add_option("--security", flags->security,
                        "none, starttls, or tls from the first byte (none)");
  configure->add_option("--user", flags->user,
                        "As whom the relay lets us in, by TLS alone; the password is asked for, or "
                        "read from standard input. none = it does not ask");
  configure->add_option("--sender", flags->sender, "Address of the sender");
  configure->add_option("--to", flags->to, "Addresses, with commas between them");
  configure->add_option("--cc", flags->cc, "The same; none = nobody");
  configure->add_option("--bcc", flags->bcc, "The same; none = nobody");
  if (name == "email_stats") {
    configure->add_option("--interval", flags->interval, "daily or weekly (daily)");
  }
  session.Bind(configure,
               [&session, name, flags] { return ConfigureChannel(session, name, *flags); });
  configure->footer(fmt::format(
      "Example:\n  oca {} --configure --relay mail.example.com --sender oca@example.com --to "
      "admin@example.com\n  oca {} --test_email && oca {} --enable",
      name, name, name));
  CLI::App* enable = group->add_subcommand("enable", "Send mails from now on");
  session.Bind(enable, [&session, name] { return EnableChannel(session, name, true); });
  CLI::App* disable = group->add_subcommand("disable", "Send none");
  session.Bind(disable, [&session, name] { return EnableChannel(session, name, false); });
  CLI::App* status = group->add_subcommand("status", "Settings, and how the last mail went");
  session.Bind(status, [&session, name] { return ShowChannel(session, name); });
  CLI::App* test = group->add_subcommand("test_email", "Send one mail now, and say how it went");
  session.Bind(test, [&session, name] { return TestChannel(session, name); });
  CLI::App* clear = group->add_subcommand("clear_config", "Forget all settings");
  session.AddYes(clear);
  session.Bind(clear, [&session, name] { return ClearChannel(session, name); });
}

}  // namespace

void AddEmailAlerts(CLI::App* group, Session& session) { AddMail(group, session, "email_alerts"); }
void AddEmailStats(CLI::App* group, Session& session) { AddMail(group, session, "email_stats"); }

void AddMachineChannels(CLI::App* group, Session& session) {
  auto flags = std::make_shared<ChannelFlags>();
  CLI::App* webhook =
      group->add_subcommand("webhook", "Show or set where alerts are sent to by HTTP POST");
  webhook->add_option("--url", flags->url, "https://... or http://...");
  CLI::App* syslog =
      group->add_subcommand("syslog", "Show or set whether alerts go to the machine's log");
  for (CLI::App* verb : {webhook, syslog}) {
    const std::string name = verb->get_name();
    verb->add_flag("--enable", flags->enable, "Send from now on");
    verb->add_flag("--disable", flags->disable, "Send none");
    verb->add_flag("--test", flags->test, "Send one now, and say how it went");
    session.Bind(
        verb, [&session, name, flags] { return ConfigureMachineChannel(session, name, *flags); });
  }
}

}  // namespace oca::cli
