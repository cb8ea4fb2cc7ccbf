#include "services/health/mail.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "services/health/database.h"

namespace oca::health {
namespace {

constexpr double kGiB = 1024.0 * 1024 * 1024;

std::string WordOf(const Message& message) {
  return message.cleared ? "cleared" : message.severity;
}

bool LessSevere(const Message& a, const Message& b) {
  const auto rank = [](const Message& m) { return m.cleared ? 0 : int{SeverityOf(m.severity)}; };
  return rank(a) < rank(b);
}

std::string Paragraph(const Message& message) {
  std::string text = fmt::format("{}  {}  {}\n    {}\n", absl::AsciiStrToUpper(WordOf(message)),
                                 message.happened, message.host, message.text);
  if (!message.cleared && !message.to_do.empty()) {
    text += fmt::format("    What to do: {}\n", message.to_do);
  }
  return text;
}

}  // namespace

MailText AlertMail(const std::vector<Message>& messages) {
  const Message& worst = *std::max_element(messages.begin(), messages.end(), LessSevere);
  MailText mail;
  mail.subject = fmt::format("[Oca {}] {}: {}", worst.host, WordOf(worst), worst.text);
  if (messages.size() > 1) {
    mail.subject += fmt::format(" (and {} more)", messages.size() - 1);
  }
  for (const Message& message : messages) {
    mail.body += (mail.body.empty() ? "" : "\n") + Paragraph(message);
  }
  mail.body += "\nAll alerts that stand: oca alerts --show\n";
  return mail;
}

std::string AlertJson(const std::vector<Message>& messages) {
  nlohmann::ordered_json alerts = nlohmann::ordered_json::array();
  for (const Message& message : messages) {
    alerts.push_back({{"condition", message.condition},
                      {"subject", message.subject},
                      {"cleared", message.cleared},
                      {"severity", message.severity},
                      {"happened", message.happened},
                      {"host", message.host},
                      {"text", message.text},
                      {"what_to_do", message.to_do}});
  }
  return nlohmann::ordered_json{{"alerts", alerts}}.dump();
}

std::vector<LogLine> AlertLines(const std::vector<Message>& messages) {
  std::vector<LogLine> lines;
  for (const Message& message : messages) {
    lines.push_back({message.cleared ? management::v1::SEVERITY_INFO : SeverityOf(message.severity),
                     fmt::format("{}: {}", WordOf(message), message.text)});
  }
  return lines;
}

Message TestMessage(const std::string& host, const std::string& happened) {
  Message message;
  message.happened = happened;
  message.severity = "info";
  message.condition = "test";
  message.text = "This is a test: the appliance can send you messages";
  message.host = host;
  return message;
}

MailText StatisticsMail(const Statistics& statistics) {
  MailText mail;
  const auto& alerts = statistics.alerts;
  mail.subject = fmt::format("[Oca {}] statistics of {}", statistics.host, statistics.when);
  mail.body = fmt::format("Alerts that stand: {} critical, {} errors, {} warnings\n",
                          alerts.critical(), alerts.errors(), alerts.warnings());
  for (const fs::v1::StorageGroupStats& group : statistics.groups) {
    mail.body += fmt::format(
        "\nStorage group {}\n"
        "    files            {}\n"
        "    as written       {:.2f} GiB\n"
        "    after dedupe     {:.2f} GiB\n"
        "    on disk          {:.2f} GiB\n"
        "    saved            {:.2f} %\n"
        "    capacity free    {:.2f} GiB\n",
        group.name(), group.current_files(), static_cast<double>(group.current_bytes()) / kGiB,
        static_cast<double>(group.post_dedupe_bytes()) / kGiB,
        static_cast<double>(group.physical_bytes()) / kGiB, group.total_savings_percent(),
        static_cast<double>(group.capacity_free_bytes()) / kGiB);
  }
  return mail;
}

}  // namespace oca::health
