// Sends what is to be told, by each channel that is enabled, until it arrived.
#ifndef OCA_SERVICES_HEALTH_NOTIFIER_H_
#define OCA_SERVICES_HEALTH_NOTIFIER_H_

#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "lib/base/bell.h"
#include "lib/base/clock.h"
#include "lib/event/client.h"
#include "services/health/channels.h"
#include "services/health/database.h"
#include "services/health/mail.h"
#include "services/health/recorder.h"

namespace oca::health {

struct NotifierParts {
  Database& database;
  Channels& channels;
  Recorder& recorder;
  event::Sink& events;
  Clock& clock;
  std::string host;
  std::string syslog_socket;
  std::function<absl::StatusOr<Statistics>()> statistics;
  // Addresses of the users who get alerts by mail, besides those of the channel.
  std::function<std::vector<std::string>()> recipients;
  std::string mail_ca_file = {};  // against which relays are checked; empty: the system's
};

// A thread. What waits to be sent is in the database: a crash after a message was sent and before
// that was noted sends it again.
class Notifier {
 public:
  static constexpr absl::Duration kFirstPause = absl::Seconds(2);
  static constexpr absl::Duration kLongestPause = absl::Minutes(10);
  // So many failures in a row raise an alert.
  static constexpr int kAlertAfter = 3;

  explicit Notifier(NotifierParts parts);
  // Waits for the message that is being sent.
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  // There may be something to send.
  void Wake();
  // Sends a test by this channel, on the caller's thread.
  absl::Status Try(const management::v1::Channel& channel);

 private:
  struct Trouble {
    int failures = 0;  // in a row
    absl::Time next_try = absl::InfinitePast();
  };
  void Loop() ABSL_LOCKS_EXCLUDED(mu_);
  bool Stopping() ABSL_LOCKS_EXCLUDED(mu_);
  // Until the next round, when nobody wakes it before.
  absl::Duration Pause() const;
  // Of the clock that nobody sets: when to try again is measured on it.
  absl::Time Ticks() const;
  void Work(const std::string& name);
  absl::Status SendWaiting(const management::v1::Channel& channel, bool* sent);
  absl::Status SendStatistics(const management::v1::Channel& channel, bool* sent);
  absl::Status Send(const management::v1::Channel& channel, const std::vector<Message>& messages);
  absl::Status Mail(const management::v1::Channel& channel, const MailText& text);
  management::v1::Channel WithUsers(management::v1::Channel channel) const;
  void NoteResult(const std::string& name, const absl::Status& status);

  const NotifierParts parts_;
  std::map<std::string, Trouble> trouble_;  // by channel; belongs to the thread
  absl::Mutex mu_;
  bool stop_ ABSL_GUARDED_BY(mu_) = false;
  Bell wake_;  // rung when there may be something to do, or stop_ is set
  std::thread thread_;
};

}  // namespace oca::health

#endif  // OCA_SERVICES_HEALTH_NOTIFIER_H_
