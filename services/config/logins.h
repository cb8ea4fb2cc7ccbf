// Who is signed in: tokens in memory, so that a restart signs everybody out; and the brake on
// guessing.
#ifndef OCA_SERVICES_CONFIG_LOGINS_H_
#define OCA_SERVICES_CONFIG_LOGINS_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "lib/crypto/secret.h"

namespace oca::config {

inline constexpr absl::Duration kLongestLogin = absl::Hours(12);
inline constexpr absl::Duration kIdleLogin = absl::Hours(1);

struct Login {
  std::string user;
  std::string from;
  absl::Time started;
  absl::Time last_call;
  absl::Time expires;
};

// Thread-safe.
class Logins {
 public:
  // `now` may be called by several threads at once.
  static absl::StatusOr<std::unique_ptr<Logins>> Create(std::function<absl::Time()> now);

  // A new login and its token: 256 random bits as text. kResourceExhausted when 1000 are active.
  absl::StatusOr<std::string> Begin(std::string_view user, std::string_view from);
  // The token's login, which this call keeps from becoming idle. kUnauthenticated when there is
  // none (any more).
  absl::StatusOr<Login> Use(std::string_view token);
  void End(std::string_view token);
  // All of the user, but for that of `except_token`.
  void EndAllOf(std::string_view user, std::string_view except_token);
  // The newest first.
  std::vector<Login> List();

 private:
  Logins(std::function<absl::Time()> now, crypto::Secret key)
      : now_(std::move(now)), key_(std::move(key)) {}
  // Tokens are known by their keyed hash only: comparing one tells nothing about others.
  std::string Handle(std::string_view token) const;
  void DropOld() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::function<absl::Time()> now_;
  const crypto::Secret key_;
  absl::Mutex mu_;
  std::map<std::string, Login> logins_ ABSL_GUARDED_BY(mu_);
};

// After three failures in a row the next try has to wait: a second, then twice as long each time,
// at most five minutes. It counts by user and by where the caller is, so that who guesses does not
// lock the user out elsewhere. Thread-safe.
class LoginBrake {
 public:
  explicit LoginBrake(std::function<absl::Time()> now) : now_(std::move(now)) {}

  // kResourceExhausted, saying how long, while it is too early.
  absl::Status Check(std::string_view user, std::string_view from);
  void Failed(std::string_view user, std::string_view from);
  void Succeeded(std::string_view user, std::string_view from);

 private:
  struct Failures {
    int count = 0;
    absl::Time last;
  };
  static std::string Key(std::string_view user, std::string_view from);
  static absl::Duration Wait(int count);

  const std::function<absl::Time()> now_;
  absl::Mutex mu_;
  std::map<std::string, Failures> failures_ ABSL_GUARDED_BY(mu_);
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_LOGINS_H_
