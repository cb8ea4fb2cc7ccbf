// What stands before every method: who calls, whether the method's annotation lets them, and the
// record of it.
#ifndef OCA_SERVICES_CONFIG_GATE_H_
#define OCA_SERVICES_CONFIG_GATE_H_

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "grpcpp/server_context.h"
#include "lib/api/options.pb.h"
#include "lib/event/client.h"
#include "lib/rpc/status.h"
#include "services/config/access_store.h"
#include "services/config/audit.h"
#include "services/config/logins.h"
#include "services/config/tokens.h"
#include "services/config/user_store.h"

namespace oca::config {

// Names of metadata that says for whom a call is. Whoever may connect may name any user: on the
// account's own socket it can only lose by that, that of ssh is for who authenticates users. On the
// socket of a program that strangers reach, a name counts for nothing.
inline constexpr char kTokenKey[] = "oca-token";  // of a login, or an API token
inline constexpr char kUserKey[] = "oca-user";    // a user who was authenticated elsewhere (ssh)
inline constexpr char kFromKey[] = "oca-from";    // where the user is

// Of the account with this number; none = it has no name here.
std::optional<std::string> NameOfAccount(uid_t account);
// Of the account that runs the service.
std::string AccountName();

struct Caller {
  std::string name;  // of the user; or of the account that runs the service
  std::string from;
  std::string token;        // of a login; empty: no login
  std::vector<Role> roles;  // administrator for the account
  bool is_account = false;  // not a user, but the account itself
  bool is_program = false;  // comes by an API token
};

// One call, for the work behind the gate.
struct Visit {
  const Caller& caller;
  std::string before = {};  // what the target was, as AuditJson; the work sets it
};

// Thread-safe.
class Gate {
 public:
  // Whom callers are believed. kAll: a token, a user's name, and without either the account.
  // kUsers: no calls of the account. kTokens: nothing but a token; and users may sign in.
  enum class Believes { kAll, kUsers, kTokens };

  // Borrows all; they must outlive this.
  Gate(UserStore& users, Logins& logins, Tokens& tokens, AccessStore& access, AuditTrail& audit,
       event::Sink& events, Believes believes);

  // Does `work` (absl::Status(Visit&), which fills *out) when the caller may call the method whose
  // request `in` is. Changes are put on record before and after; one that cannot be is not begun.
  template <typename Request, typename Response, typename Work>
  grpc::Status Pass(const grpc::ServerContext* context, const Request& in, Response* out,
                    Work work) {
    return rpc::ToGrpc(Do(*context, in, *out, std::move(work)));
  }
  // The same for the request of a method that anybody may call, from somebody whom another than
  // gRPC has brought in; `from`: where that one is.
  template <typename Request, typename Response, typename Work>
  absl::Status PassAuthenticated(const std::string& from, const Request& in, Response* out,
                                 Work work) {
    return DoForNobody(from, in, *out, std::move(work));
  }

 private:
  absl::Status Do(const grpc::ServerContext& context, const google::protobuf::Message& in,
                  const google::protobuf::Message& out,
                  const std::function<absl::Status(Visit&)>& work);
  absl::Status DoForNobody(const std::string& from, const google::protobuf::Message& in,
                           const google::protobuf::Message& out,
                           const std::function<absl::Status(Visit&)>& work);
  absl::StatusOr<Caller> Identify(const grpc::ServerContext& context, Permission wanted);
  absl::StatusOr<Caller> ByToken(Caller caller);
  absl::StatusOr<Caller> ForUser(const std::string& name, Caller caller);
  // OK when the caller's access to the container lets him all the same; else `denied`.
  absl::Status AllowedByAccess(const Caller& caller, const std::string& container,
                               absl::Status denied);
  absl::Status DoOnRecord(const Caller& caller, const std::string& method, Permission wanted,
                          const google::protobuf::Message& in, const google::protobuf::Message& out,
                          const std::function<absl::Status(Visit&)>& work);
  // Sends the event of a change that was made, or of a failed attempt to sign in.
  void Tell(const management::v1::AuditEntry& entry, Permission wanted, const absl::Status& status);

  UserStore& users_;
  Logins& logins_;
  Tokens& tokens_;
  AccessStore& access_;
  AuditTrail& audit_;
  event::Sink& events_;
  const Believes believes_;
  const std::string account_;  // that runs the service
};

// Puts a value into the answer of a call.
template <typename Message>
absl::Status Answer(absl::StatusOr<Message> value, Message* out) {
  if (value.ok()) *out = *std::move(value);
  return value.status();
}

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_GATE_H_
