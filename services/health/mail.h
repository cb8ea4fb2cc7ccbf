// The words of mails, web messages and log lines.
#ifndef OCA_SERVICES_HEALTH_MAIL_H_
#define OCA_SERVICES_HEALTH_MAIL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lib/api/alerts.pb.h"
#include "lib/api/fs.pb.h"
#include "services/health/transport.h"

namespace oca::health {

// That an alert was raised or cleared.
struct Message {
  int64_t seq = 0;
  std::string happened;  // as PostgreSQL writes it, in UTC
  bool cleared = false;
  std::string severity;
  std::string condition;
  std::string subject;
  std::string text;
  std::string to_do;
  std::string host;
};

// One mail about all of them; at least one.
MailText AlertMail(const std::vector<Message>& messages);
// One object of JSON: {"alerts": [...]}, each with the fields of Message.
std::string AlertJson(const std::vector<Message>& messages);
std::vector<LogLine> AlertLines(const std::vector<Message>& messages);
// To try a channel.
Message TestMessage(const std::string& host, const std::string& happened);

// What the mail of statistics tells.
struct Statistics {
  std::string host;
  std::string when;
  management::v1::AlertSummary alerts;
  std::vector<fs::v1::StorageGroupStats> groups;
};
MailText StatisticsMail(const Statistics& statistics);

}  // namespace oca::health

#endif  // OCA_SERVICES_HEALTH_MAIL_H_
