#include "services/config/gate.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "lib/api/access_rule.pb.h"
#include "lib/api/problem.h"
#include "lib/api/services.h"
#include "lib/api/timestamp.h"
#include "lib/base/status.h"
#include "lib/crypto/uuid.h"
#include "lib/event/event.h"
#include "lib/log/log.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

constexpr size_t kMaxFromBytes = 128;
constexpr size_t kMaxTargetBytes = 128;

// Each method has a request of its own, by which it is known (t/unit/lib/api/rules_test.cc).
const MethodDescriptor* MethodOf(const Descriptor* request) {
  static const auto* const kMethods = [] {
    auto* methods = new std::map<const Descriptor*, const MethodDescriptor*>;
    for (const auto* service : api::UserServices()) {
      for (int i = 0; i < service->method_count(); ++i) {
        (*methods)[service->method(i)->input_type()] = service->method(i);
      }
    }
    return methods;
  }();
  auto found = kMethods->find(request);
  return found == kMethods->end() ? nullptr : found->second;
}

std::string MetadataOf(const grpc::ServerContext& context, const char* key) {
  auto found = context.client_metadata().find(key);
  return found == context.client_metadata().end()
             ? std::string()
             : std::string(found->second.data(), found->second.size());
}

// The value of the request's field `name`; empty when it has none.
std::string TargetOf(const Message& request) {
  const FieldDescriptor* field = request.GetDescriptor()->FindFieldByName("name");
  if (field == nullptr || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) return "";
  return request.GetReflection()->GetString(request, field).substr(0, kMaxTargetBytes);
}

absl::Status MayCall(const Caller& caller, Permission wanted, const std::string& method) {
  if (wanted == PERMISSION_INTERNAL && caller.is_account) return absl::OkStatus();
  if (wanted == PERMISSION_SIGNED_IN && caller.is_account) {
    return absl::FailedPreconditionError("this concerns users: sign in as one");
  }
  if (wanted == PERMISSION_SIGNED_IN && caller.is_program) {
    return absl::FailedPreconditionError("this concerns logins, and not those who come by a token");
  }
  if (Allows(caller.roles, wanted)) return absl::OkStatus();
  if (wanted == PERMISSION_INTERNAL) {
    return absl::PermissionDeniedError(fmt::format("{} is for the appliance's own parts", method));
  }
  return absl::PermissionDeniedError(fmt::format(
      "user '{}' (roles: {}) may not do this: {} takes the role administrator{}", caller.name,
      RolesText(caller.roles), method, wanted == PERMISSION_VIEW ? " or monitor" : ""));
}

}  // namespace

std::optional<std::string> NameOfAccount(uid_t account) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> buffer{};
  if (getpwuid_r(account, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return std::nullopt;
  }
  return found->pw_name;
}

std::string AccountName() {
  return NameOfAccount(geteuid()).value_or(fmt::format("uid {}", geteuid()));
}

Gate::Gate(UserStore& users, Logins& logins, Tokens& tokens, AccessStore& access, AuditTrail& audit,
           event::Sink& events, Believes believes)
    : users_(users),
      logins_(logins),
      tokens_(tokens),
      access_(access),
      audit_(audit),
      events_(events),
      believes_(believes),
      account_(AccountName()) {}

absl::StatusOr<Caller> Gate::ForUser(const std::string& name, Caller caller) {
  OCA_ASSIGN_OR_RETURN(std::optional<UserRow> row, users_.Find(name));
  if (!row.has_value() || !row->enabled) {
    return absl::UnauthenticatedError(
        fmt::format("there is no user '{}', or the user is disabled", name));
  }
  caller.name = row->name;
  caller.roles = row->roles;
  return caller;
}

absl::StatusOr<Caller> Gate::ByToken(Caller caller) {
  if (IsApiToken(caller.token)) {
    OCA_ASSIGN_OR_RETURN(TokenRow row, tokens_.Use(caller.token));
    caller.token.clear();
    caller.is_program = true;
    OCA_ASSIGN_OR_RETURN(caller, ForUser(row.user, std::move(caller)));
    caller.roles = RolesThrough(row.role, caller.roles);
    caller.from += fmt::format(" token {}", row.name);
    return caller;
  }
  OCA_ASSIGN_OR_RETURN(Login login, logins_.Use(caller.token));
  return ForUser(login.user, std::move(caller));
}

absl::StatusOr<Caller> Gate::Identify(const grpc::ServerContext& context, Permission wanted) {
  Caller caller;
  caller.from = MetadataOf(context, kFromKey).substr(0, kMaxFromBytes);
  if (caller.from.empty()) caller.from = "local";
  caller.token = MetadataOf(context, kTokenKey);
  if (believes_ == Believes::kTokens && wanted == PERMISSION_NONE) {
    caller.token.clear();
    return caller;
  }
  if (!caller.token.empty()) return ByToken(std::move(caller));
  if (believes_ == Believes::kTokens) {
    return absl::UnauthenticatedError("sign in, or give a token");
  }
  if (std::string user = MetadataOf(context, kUserKey); !user.empty()) {
    return ForUser(user, std::move(caller));
  }
  if (believes_ == Believes::kUsers) {
    return absl::UnauthenticatedError("whom is this for? Sign in, or name a user");
  }
  caller.name = account_;
  caller.roles = {mgmt::ROLE_ADMINISTRATOR};
  caller.is_account = true;
  return caller;
}

absl::Status Gate::AllowedByAccess(const Caller& caller, const std::string& container,
                                   absl::Status denied) {
  // A token lets no more than its own role.
  if (caller.is_account || caller.is_program) return denied;
  OCA_ASSIGN_OR_RETURN(std::optional<AccessMode> mode,
                       access_.ModeFor(container, caller.name, caller.roles));
  return mode == mgmt::ACCESS_MODE_RWD ? absl::OkStatus() : denied;
}

absl::Status Gate::Do(const grpc::ServerContext& context, const Message& in, const Message& out,
                      const std::function<absl::Status(Visit&)>& work) {
  const MethodDescriptor* method = MethodOf(in.GetDescriptor());
  if (method == nullptr) return absl::InternalError("a request without a method");
  const Permission wanted = method->options().GetExtension(oca::rule).permission();
  OCA_ASSIGN_OR_RETURN(Caller caller, Identify(context, wanted));
  absl::Status allowed = MayCall(caller, wanted, method->name());
  if (!allowed.ok() && method->options().GetExtension(oca::rwd_suffices)) {
    allowed = AllowedByAccess(caller, TargetOf(in), std::move(allowed));
  }
  if (wanted == PERMISSION_VIEW || wanted == PERMISSION_INTERNAL) {
    OCA_RETURN_IF_ERROR(allowed);
    Visit visit{caller};
    return work(visit);
  }
  if (!allowed.ok()) {
    return DoOnRecord(caller, method->name(), wanted, in, out, [&](Visit&) { return allowed; });
  }
  return DoOnRecord(caller, method->name(), wanted, in, out, work);
}

absl::Status Gate::DoForNobody(const std::string& from, const Message& in, const Message& out,
                               const std::function<absl::Status(Visit&)>& work) {
  const MethodDescriptor* method = MethodOf(in.GetDescriptor());
  if (method == nullptr ||
      method->options().GetExtension(oca::rule).permission() != PERMISSION_NONE) {
    return absl::InternalError("not a request that anybody may make");
  }
  Caller caller;
  caller.from = from.empty() ? "local" : from;
  return DoOnRecord(caller, method->name(), PERMISSION_NONE, in, out, work);
}

absl::Status Gate::DoOnRecord(const Caller& caller, const std::string& method, Permission wanted,
                              const Message& in, const Message& out,
                              const std::function<absl::Status(Visit&)>& work) {
  mgmt::AuditEntry entry;
  OCA_ASSIGN_OR_RETURN(*entry.mutable_id(), crypto::RandomUuid());
  *entry.mutable_started() = api::TimestampOf(absl::Now());
  entry.set_target(TargetOf(in));
  entry.set_user(wanted == PERMISSION_NONE ? entry.target() : caller.name);
  entry.set_origin(caller.from);
  entry.set_method(method);
  entry.set_request(AuditJson(in));
  entry.set_outcome(mgmt::OUTCOME_BEGUN);
  if (wanted != PERMISSION_NONE) {
    OCA_RETURN_IF_ERROR(Annotate(audit_.Record(entry), "this cannot be put on record"));
  }
  Visit visit{caller};
  absl::Status status = work(visit);
  // Who is told to wait before the next try has tried nothing.
  if (wanted == PERMISSION_NONE && absl::IsResourceExhausted(status)) return status;
  *entry.mutable_ended() = api::TimestampOf(absl::Now());
  entry.set_outcome(status.ok()                        ? mgmt::OUTCOME_DONE
                    : absl::IsPermissionDenied(status) ? mgmt::OUTCOME_DENIED
                                                       : mgmt::OUTCOME_FAILED);
  entry.set_message(std::string(MessageOf(status)));
  entry.set_before(visit.before);
  if (status.ok()) entry.set_after(AuditJson(out));
  Tell(entry, wanted, status);
  log::Info("change", "method", method, "target", entry.target(), "user", entry.user(), "from",
            entry.origin(), "result", MessageOf(status));
  if (absl::Status recorded = audit_.Record(entry); !recorded.ok()) {
    log::Error("change_not_on_record", "id", entry.id(), "error", MessageOf(recorded));
  }
  return status;
}

void Gate::Tell(const mgmt::AuditEntry& entry, Permission wanted, const absl::Status& status) {
  // Who has the right password and is asked for a code has not failed yet.
  if (wanted == PERMISSION_NONE && absl::IsUnauthenticated(status) &&
      api::TypeOf(status) != api::kCodeNeeded) {
    events_.Send(event::Make<event::Kind::kLoginFailed>(entry.user(), entry.origin()));
  } else if (wanted == PERMISSION_ADMINISTER && status.ok()) {
    events_.Send(event::Make<event::Kind::kConfigurationChanged>(entry.method(), entry.target(),
                                                                 entry.user(), entry.origin()));
  }
}

}  // namespace oca::config
