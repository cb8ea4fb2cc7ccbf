// Whom the appliance tells of alerts, and how: the settings of each channel.
#ifndef OCA_SERVICES_HEALTH_CHANNELS_H_
#define OCA_SERVICES_HEALTH_CHANNELS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/api/alerts.pb.h"
#include "lib/crypto/secret.h"
#include "lib/daemon/secret_seal.h"
#include "services/health/database.h"

namespace oca::health {

inline constexpr char kEmailAlerts[] = "email_alerts";
inline constexpr char kEmailStats[] = "email_stats";
inline constexpr char kWebhook[] = "webhook";
inline constexpr char kSyslog[] = "syslog";

// kInvalidArgument for what cannot stand in a mail: no '@', a blank, a control character, an angle
// bracket, more than 254 bytes.
absl::Status CheckAddress(std::string_view address);

// kInvalidArgument for what cannot be a password of a mail relay (RFC 4616): more than one line, or
// more than 1000 bytes.
absl::Status CheckMailPassword(std::string_view password);

// Whether what is set makes sense (kInvalidArgument), and is enough when it is enabled
// (kFailedPrecondition, saying what is missing).
absl::Status CheckChannel(const management::v1::Channel& channel);

// Thread-safe. Every call fails with kUnavailable while PostgreSQL is down.
class Channels {
 public:
  // Borrows both. `seal` is that of passwords.
  Channels(Database& database, daemon::SecretSeal& seal) : database_(database), seal_(seal) {}

  // kNotFound, naming those that there are.
  absl::StatusOr<management::v1::Channel> Get(std::string_view name);
  // Sets what is given. Errors as CheckChannel and Get; kInvalidArgument for a user without a
  // password, also where one is kept and user or relay are others now.
  absl::StatusOr<management::v1::Channel> Configure(
      const management::v1::ConfigureChannelRequest& request);
  // As it was at first; what waits is dropped.
  absl::StatusOr<management::v1::Channel> Clear(std::string_view name);
  // By which the relay lets the channel's user in; empty where there is none. kFailedPrecondition,
  // saying what to do, when the key that sealed it is another one.
  absl::StatusOr<crypto::Secret> Password(std::string_view name);
  // How the last try went: an empty error is a success now.
  absl::Status NoteTry(std::string_view name, std::string_view error);

 private:
  Database& database_;
  daemon::SecretSeal& seal_;
};

}  // namespace oca::health

#endif  // OCA_SERVICES_HEALTH_CHANNELS_H_
