#include "services/health/transport.h"

#include <curl/curl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/crypto/uuid.h"
#include "lib/daemon/notify.h"

namespace oca::health {
namespace {

namespace mgmt = management::v1;

constexpr long kConnectSeconds = 10;
constexpr long kTotalSeconds = 30;
constexpr int kDaemonFacility = 3;

// A list of libcurl.
class Words {
 public:
  ~Words() { curl_slist_free_all(list_); }
  void Add(const std::string& word) {
    if (curl_slist* longer = curl_slist_append(list_, word.c_str())) list_ = longer;
  }
  curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

size_t Discard(char*, size_t size, size_t count, void*) { return size * count; }

// One transfer.
class Transfer {
 public:
  explicit Transfer(const std::string& url) : handle_(curl_easy_init()) {
    if (handle_ == nullptr) return;
    Set(CURLOPT_URL, url.c_str());
    Set(CURLOPT_ERRORBUFFER, error_.data());
    Set(CURLOPT_NOSIGNAL, 1L);
    Set(CURLOPT_PROXY, "");
    Set(CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
    Set(CURLOPT_TIMEOUT, kTotalSeconds);
    Set(CURLOPT_WRITEFUNCTION, &Discard);
  }
  ~Transfer() { curl_easy_cleanup(handle_); }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  CURL* handle() const { return handle_; }
  template <typename Value>
  void Set(CURLoption option, Value value) {
    if (CURLcode code = curl_easy_setopt(handle_, option, value); code != CURLE_OK) first_ = code;
  }
  absl::Status Perform(std::string_view whom) {
    if (handle_ == nullptr) return absl::ResourceExhaustedError("libcurl gives no handle");
    CURLcode code = first_ == CURLE_OK ? curl_easy_perform(handle_) : first_;
    if (code == CURLE_OK) return absl::OkStatus();
    const char* why = error_[0] != '\0' ? error_.data() : curl_easy_strerror(code);
    return absl::UnavailableError(fmt::format("{}: {}", whom, why));
  }

 private:
  CURL* const handle_;
  CURLcode first_ = CURLE_OK;
  std::array<char, CURL_ERROR_SIZE> error_{};
};

std::string Ascii(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return text;
}

std::string Domain(const std::string& address) { return address.substr(address.rfind('@') + 1); }

absl::Status AddHeaders(const mgmt::Channel& channel, const MailText& text, Words* headers) {
  OCA_ASSIGN_OR_RETURN(std::string id, crypto::RandomUuid());
  headers->Add("From: " + channel.sender());
  headers->Add("To: " + absl::StrJoin(channel.to(), ", "));
  if (channel.cc_size() > 0) headers->Add("Cc: " + absl::StrJoin(channel.cc(), ", "));
  headers->Add("Subject: " + Ascii(text.subject));
  headers->Add("Date: " + absl::FormatTime(absl::RFC1123_full, absl::Now(), absl::UTCTimeZone()));
  headers->Add(fmt::format("Message-ID: <{}@{}>", id, Domain(channel.sender())));
  headers->Add("Auto-Submitted: auto-generated");
  return absl::OkStatus();
}

// TLS as the channel says, and who we are. libcurl copies both.
void SetAccess(const mgmt::Channel& channel, const MailAccess& access, Transfer* transfer) {
  if (!access.ca_file.empty()) transfer->Set(CURLOPT_CAINFO, access.ca_file.c_str());
  if (channel.security() == mgmt::MAIL_SECURITY_STARTTLS) {
    transfer->Set(CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
  }
  const bool tls = channel.security() == mgmt::MAIL_SECURITY_STARTTLS ||
                   channel.security() == mgmt::MAIL_SECURITY_TLS;
  if (channel.user().empty() || !tls) return;
  std::string password(access.password.view());
  transfer->Set(CURLOPT_USERNAME, channel.user().c_str());
  transfer->Set(CURLOPT_PASSWORD, password.c_str());
  crypto::Wipe(password.data(), password.size());
}

}  // namespace

CurlLibrary::CurlLibrary() { curl_global_init(CURL_GLOBAL_DEFAULT); }
CurlLibrary::~CurlLibrary() { curl_global_cleanup(); }

absl::Status SendMail(const mgmt::Channel& channel, const MailAccess& access,
                      const MailText& text) {
  const bool tls = channel.security() == mgmt::MAIL_SECURITY_TLS;
  Transfer transfer(fmt::format("{}://{}", tls ? "smtps" : "smtp", channel.relay()));
  Words recipients, headers;
  for (const auto* list : {&channel.to(), &channel.cc(), &channel.bcc()}) {
    for (const std::string& address : *list) recipients.Add(fmt::format("<{}>", address));
  }
  OCA_RETURN_IF_ERROR(AddHeaders(channel, text, &headers));
  transfer.Set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  SetAccess(channel, access, &transfer);
  const std::string sender = fmt::format("<{}>", channel.sender());
  transfer.Set(CURLOPT_MAIL_FROM, sender.c_str());
  transfer.Set(CURLOPT_MAIL_RCPT, recipients.get());
  transfer.Set(CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
  transfer.Set(CURLOPT_HTTPHEADER, headers.get());
  std::unique_ptr<curl_mime, decltype(&curl_mime_free)> mime(curl_mime_init(transfer.handle()),
                                                             &curl_mime_free);
  curl_mimepart* part = curl_mime_addpart(mime.get());
  if (curl_mime_data(part, text.body.data(), text.body.size()) != CURLE_OK ||
      curl_mime_type(part, "text/plain; charset=utf-8") != CURLE_OK ||
      curl_mime_encoder(part, "quoted-printable") != CURLE_OK) {
    return absl::ResourceExhaustedError("libcurl cannot make a mail");
  }
  transfer.Set(CURLOPT_MIMEPOST, mime.get());
  return transfer.Perform(fmt::format("the mail relay {}", channel.relay()));
}

absl::Status PostJson(const std::string& url, const std::string& json) {
  Transfer transfer(url);
  Words headers;
  headers.Add("Content-Type: application/json");
  transfer.Set(CURLOPT_PROTOCOLS_STR, "http,https");
  transfer.Set(CURLOPT_HTTPHEADER, headers.get());
  transfer.Set(CURLOPT_POSTFIELDSIZE, static_cast<long>(json.size()));
  transfer.Set(CURLOPT_POSTFIELDS, json.c_str());
  transfer.Set(CURLOPT_FAILONERROR, 1L);
  return transfer.Perform(fmt::format("the webhook {}", url));
}

absl::Status WriteToSyslog(std::string_view socket, const std::vector<LogLine>& lines) {
  for (const LogLine& line : lines) {
    int severity = 6;  // RFC 3164, 4.1.1
    if (line.severity == mgmt::SEVERITY_WARNING) severity = 4;
    if (line.severity == mgmt::SEVERITY_ERROR) severity = 3;
    if (line.severity == mgmt::SEVERITY_CRITICAL) severity = 2;
    OCA_RETURN_IF_ERROR(daemon::SendState(
        socket,
        fmt::format("<{}>oca[{}]: {}", kDaemonFacility * 8 + severity, ::getpid(), line.text)));
  }
  return absl::OkStatus();
}

}  // namespace oca::health
