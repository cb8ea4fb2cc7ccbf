#include "services/config/logins.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/escaping.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/crypto/keys.h"

namespace oca::config {
namespace {

constexpr size_t kLoginTokenBytes = 32;
constexpr size_t kMostLogins = 1000;
constexpr int kFreeFailures = 3;
constexpr absl::Duration kLongestWait = absl::Minutes(5);
// Failures that are this old are forgotten, and at most so many are remembered.
constexpr absl::Duration kFailuresCount = absl::Hours(1);
constexpr size_t kMostFailures = 10000;

}  // namespace

absl::StatusOr<std::unique_ptr<Logins>> Logins::Create(std::function<absl::Time()> now) {
  OCA_ASSIGN_OR_RETURN(crypto::Secret key, crypto::RandomSecret(kLoginTokenBytes));
  return std::unique_ptr<Logins>(new Logins(std::move(now), std::move(key)));
}

std::string Logins::Handle(std::string_view token) const {
  absl::StatusOr<std::string> handle = crypto::HmacSha256(key_.view(), token);
  return handle.ok() ? *std::move(handle) : std::string();
}

void Logins::DropOld() {
  const absl::Time now = now_();
  for (auto it = logins_.begin(); it != logins_.end();) {
    const bool over = now >= it->second.expires || now >= it->second.last_call + kIdleLogin;
    it = over ? logins_.erase(it) : std::next(it);
  }
}

absl::StatusOr<std::string> Logins::Begin(std::string_view user, std::string_view from) {
  OCA_ASSIGN_OR_RETURN(crypto::Secret random, crypto::RandomSecret(kLoginTokenBytes));
  std::string token = absl::WebSafeBase64Escape({random.view().data(), random.size()});
  const std::string handle = Handle(token);
  if (handle.empty()) return absl::InternalError("the token cannot be hashed");
  absl::MutexLock lock(&mu_);
  DropOld();
  if (logins_.size() >= kMostLogins) {
    return absl::ResourceExhaustedError(
        fmt::format("{} users are signed in; no more are possible", kMostLogins));
  }
  const absl::Time now = now_();
  logins_[handle] = {std::string(user), std::string(from), now, now, now + kLongestLogin};
  return token;
}

absl::StatusOr<Login> Logins::Use(std::string_view token) {
  const std::string handle = Handle(token);
  absl::MutexLock lock(&mu_);
  DropOld();
  auto found = logins_.find(handle);
  if (found == logins_.end()) {
    return absl::UnauthenticatedError("this login is over: sign in again");
  }
  found->second.last_call = now_();
  return found->second;
}

void Logins::End(std::string_view token) {
  const std::string handle = Handle(token);
  absl::MutexLock lock(&mu_);
  logins_.erase(handle);
}

void Logins::EndAllOf(std::string_view user, std::string_view except_token) {
  const std::string kept = except_token.empty() ? "" : Handle(except_token);
  absl::MutexLock lock(&mu_);
  for (auto it = logins_.begin(); it != logins_.end();) {
    it = it->second.user == user && it->first != kept ? logins_.erase(it) : std::next(it);
  }
}

std::vector<Login> Logins::List() {
  std::vector<Login> list;
  {
    absl::MutexLock lock(&mu_);
    DropOld();
    for (const auto& [handle, login] : logins_) list.push_back(login);
  }
  std::sort(list.begin(), list.end(),
            [](const Login& a, const Login& b) { return a.started > b.started; });
  return list;
}

std::string LoginBrake::Key(std::string_view user, std::string_view from) {
  return fmt::format("{}\n{}", user, from);
}

absl::Duration LoginBrake::Wait(int count) {
  if (count < kFreeFailures) return absl::ZeroDuration();
  return std::min(absl::Seconds(std::ldexp(1.0, std::min(count - kFreeFailures, 20))),
                  kLongestWait);
}

absl::Status LoginBrake::Check(std::string_view user, std::string_view from) {
  absl::MutexLock lock(&mu_);
  auto found = failures_.find(Key(user, from));
  if (found == failures_.end()) return absl::OkStatus();
  const absl::Duration left = found->second.last + Wait(found->second.count) - now_();
  if (left <= absl::ZeroDuration()) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      fmt::format("too many failed attempts to sign in: try again in {} s",
                  absl::ToInt64Seconds(absl::Ceil(left, absl::Seconds(1)))));
}

void LoginBrake::Failed(std::string_view user, std::string_view from) {
  absl::MutexLock lock(&mu_);
  const absl::Time now = now_();
  if (failures_.size() >= kMostFailures) {
    for (auto it = failures_.begin(); it != failures_.end();) {
      it = now - it->second.last > kFailuresCount ? failures_.erase(it) : std::next(it);
    }
    // Still too many: somebody guesses under many names. The memory must not grow.
    if (failures_.size() >= kMostFailures) failures_.erase(failures_.begin());
  }
  Failures& failures = failures_[Key(user, from)];
  if (now - failures.last > kFailuresCount) failures.count = 0;
  ++failures.count;
  failures.last = now;
}

void LoginBrake::Succeeded(std::string_view user, std::string_view from) {
  absl::MutexLock lock(&mu_);
  failures_.erase(Key(user, from));
}

}  // namespace oca::config
