#include "gateways/ndmp/session/connect_interface.h"

#include <utility>

#include "lib/base/status.h"
#include "lib/crypto/secret.h"
#include "lib/log/log.h"

namespace oca::ndmp {
namespace {

constexpr int kMaxTries = 5;
constexpr size_t kChallengeBytes = 64;

}  // namespace

void ConnectInterface::Register(Dispatcher& dispatcher) {
  using Access = Dispatcher::Access;
  dispatcher.On<ConnectOpenRequest, ErrorReply>(
      Code::kConnectOpen, [this](const auto& request, auto&) { return Open(request); },
      Access::kAnybody);
  dispatcher.On<AuthData, ErrorReply>(
      Code::kConnectClientAuth, [this](const auto& request, auto&) { return ClientAuth(request); },
      Access::kAnybody);
  dispatcher.On<AuthAttrRequest, AuthAttrReply>(
      Code::kConfigGetAuthAttr,
      [this](const auto& request, auto& reply) { return GetAuthAttr(request, reply); },
      Access::kAnybody);
  dispatcher.OnUnanswered(Code::kConnectClose, [this] { closed_ = true; });
}

void ConnectInterface::Greet() {
  outbox_.Post(Code::kNotifyConnectionStatus,
               NotifyConnectionStatus{ConnectionReason::kConnected, kNewestVersion, ""});
  outbox_.Flush();
}

void ConnectInterface::SayShutdown() {
  outbox_.Post(
      Code::kNotifyConnectionStatus,
      NotifyConnectionStatus{ConnectionReason::kShutdown, static_cast<uint16_t>(outbox_.version()),
                             "the service ends"});
  outbox_.Flush();
}

Error ConnectInterface::Open(const ConnectOpenRequest& request) {
  if (authorized_) return Error::kIllegalState;
  if (request.version < kOldestVersion || request.version > kNewestVersion) {
    return Error::kIllegalArgs;
  }
  outbox_.set_version(request.version);
  return Error::kNone;
}

Error ConnectInterface::GetAuthAttr(const AuthAttrRequest& request, AuthAttrReply& reply) {
  reply.attr.type = request.type;
  if (request.type == AuthType::kText) return Error::kNone;
  if (request.type != AuthType::kMd5) {
    reply.attr.type = AuthType::kNone;
    return Error::kIllegalArgs;
  }
  absl::StatusOr<std::string> random = crypto::RandomBytes(kChallengeBytes);
  if (!random.ok()) return Error::kUndefined;
  challenge_ = *random;
  challenge_.copy(reply.attr.challenge.data(), kChallengeBytes);
  return Error::kNone;
}

Error ConnectInterface::ClientAuth(const AuthData& request) {
  if (authorized_) return Error::kIllegalState;
  if (request.type != AuthType::kText && request.type != AuthType::kMd5) return Error::kIllegalArgs;
  Credentials credentials{request.id, peer_, "", "", ""};
  if (request.type == AuthType::kText) {
    credentials.password = request.password;
  } else {
    // A challenge serves once.
    credentials.challenge = std::exchange(challenge_, {});
    credentials.digest.assign(request.digest.data(), request.digest.size());
    if (credentials.challenge.empty()) return Error::kNotAuthorized;
  }
  absl::Status status = authenticator_.Check(credentials);
  if (status.ok()) {
    authorized_ = true;
    user_ = request.id;
    log::Info("ndmp_signed_in", "user", user_, "from", peer_, "version", outbox_.version());
    return Error::kNone;
  }
  log::Warning("ndmp_not_authorized", "user", request.id, "from", peer_, "error",
               MessageOf(status));
  if (++tries_ == kMaxTries) {
    closed_ = true;
    failures_.LoginsRefused({request.id, peer_, tries_});
  }
  return Error::kNotAuthorized;
}

}  // namespace oca::ndmp
