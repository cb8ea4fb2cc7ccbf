// How messages leave the appliance: mail and web by libcurl, the machine's log by its socket.
#ifndef OCA_SERVICES_HEALTH_TRANSPORT_H_
#define OCA_SERVICES_HEALTH_TRANSPORT_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "lib/api/alerts.pb.h"
#include "lib/crypto/secret.h"

namespace oca::health {

// libcurl's state of the process; one, made before threads start.
class CurlLibrary {
 public:
  CurlLibrary();
  ~CurlLibrary();
  CurlLibrary(const CurlLibrary&) = delete;
  CurlLibrary& operator=(const CurlLibrary&) = delete;
};

struct MailText {
  std::string subject;  // what is not printable ASCII is sent as '?'
  std::string body;     // UTF-8
};

// What else a relay needs to be reached.
struct MailAccess {
  crypto::Secret password = {};  // of the channel's user
  std::string ca_file = {};      // against which its certificate is checked; empty: the system's
};

// Sends one mail by the channel's relay, from its sender to all of its addresses, as its user where
// it has one (RFC 4954, by TLS alone). OK once the relay has taken it for at least one of them;
// kUnavailable with what the relay or libcurl said. Takes at most half a minute. Thread-safe, as
// all of these.
absl::Status SendMail(const management::v1::Channel& channel, const MailAccess& access,
                      const MailText& text);

// POSTs JSON. OK for an answer of 2xx; else kUnavailable.
absl::Status PostJson(const std::string& url, const std::string& json);

// Writes lines to the log daemon's socket (RFC 3164, facility daemon), with the severity of each.
struct LogLine {
  management::v1::Severity severity = management::v1::SEVERITY_INFO;
  std::string text;
};
absl::Status WriteToSyslog(std::string_view socket, const std::vector<LogLine>& lines);

}  // namespace oca::health

#endif  // OCA_SERVICES_HEALTH_TRANSPORT_H_
