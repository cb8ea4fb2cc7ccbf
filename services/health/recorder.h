// Puts events on record, and does to alerts what they say.
#ifndef OCA_SERVICES_HEALTH_RECORDER_H_
#define OCA_SERVICES_HEALTH_RECORDER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/api/events.pb.h"
#include "lib/event/catalogue.h"
#include "services/health/database.h"

namespace oca::health {

// How long things stay.
struct Retention {
  absl::Duration age = absl::Hours(24 * 90);  // of events, and of alerts since they were cleared
  uint64_t events = 100'000;                  // at most
  uint64_t cleared = 10'000;                  // alerts, at most
  absl::Duration message_age = absl::Hours(24 * 7);  // of what could not be sent
};

// Thread-safe.
class Recorder {
 public:
  // Borrows the database. `changed` is called after alerts were raised or cleared; must not block.
  Recorder(Database& database, std::function<void()> changed)
      : database_(database), changed_(std::move(changed)) {}

  // All of them, once each however often they come, with what they do to alerts and the messages
  // about that: committed when OK. One that the database refuses for what it says is logged and
  // left out. kUnavailable while PostgreSQL is down.
  absl::Status Record(const std::vector<event::v1::Event>& events);

  // Removes what is older or more than it may be.
  absl::Status Expire(const Retention& retention);

  struct Standing {
    std::string condition;
    std::string subject;
    event::Severity severity = event::Severity::kInfo;
  };
  // The alerts that stand.
  absl::StatusOr<std::vector<Standing>> ListStanding();

 private:
  Database& database_;
  const std::function<void()> changed_;
};

}  // namespace oca::health

#endif  // OCA_SERVICES_HEALTH_RECORDER_H_
