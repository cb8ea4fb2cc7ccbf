#include "services/config/gate.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/time/clock.h"
#include "fmt/format.h"
#include "google/protobuf/util/time_util.h"
#include "lib/api/management.pb.h"
#include "lib/api/storage.pb.h"
#include "lib/base/status.h"
#include "lib/crypto/secret.h"
#include "lib/log/log.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

constexpr size_t kMaxFromBytes = 128;
constexpr size_t kMaxTargetBytes = 128;

// Each method has a request of its own, by which it is known (t/unit/lib/api/rules_test.cc).
const MethodDescriptor* MethodOf(const Descriptor* request) {
  static const auto* const kMethods = [] {
    auto* methods = new std::map<const Descriptor*, const MethodDescriptor*>;
    const FileDescriptor* files[] = {mgmt::System::descriptor()->file(),
                                     mgmt::User::descriptor()->file(),
                                     mgmt::AddStoragePathRequest::descriptor()->file()};
    for (const FileDescriptor* file : files) {
      for (int i = 0; i < file->service(0)->method_count(); ++i) {
        const MethodDescriptor* method = file->service(0)->method(i);
        (*methods)[method->input_type()] = method;
      }
    }
    return methods;
  }();
  auto found = kMethods->find(request);
  return found == kMethods->end() ? nullptr : found->second;
}

std::string AccountName() {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> buffer{};
  if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 &&
      found != nullptr) {
    return found->pw_name;
  }
  return fmt::format("uid {}", geteuid());
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

// A random UUID (RFC 9562, version 4).
absl::StatusOr<std::string> NewId() {
  OCA_ASSIGN_OR_RETURN(std::string bytes, crypto::RandomBytes(16));
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  std::string hex = absl::BytesToHexString(bytes);
  for (size_t at : {8u, 13u, 18u, 23u}) hex.insert(at, 1, '-');
  return hex;
}

google::protobuf::Timestamp NowStamp() {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(absl::Now()));
}

absl::Status MayCall(const Caller& caller, Permission wanted, const std::string& method) {
  if (wanted == PERMISSION_INTERNAL && caller.is_account) return absl::OkStatus();
  if (wanted == PERMISSION_SIGNED_IN && caller.is_account) {
    return absl::FailedPreconditionError("this concerns users: sign in as one");
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

Gate::Gate(UserStore& users, Logins& logins, AuditTrail& audit, Unnamed unnamed)
    : users_(users), logins_(logins), audit_(audit), unnamed_(unnamed), account_(AccountName()) {}

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

absl::StatusOr<Caller> Gate::Identify(const grpc::ServerContext& context) {
  Caller caller;
  caller.from = MetadataOf(context, kFromKey).substr(0, kMaxFromBytes);
  if (caller.from.empty()) caller.from = "local";
  caller.token = MetadataOf(context, kTokenKey);
  if (!caller.token.empty()) {
    OCA_ASSIGN_OR_RETURN(Login login, logins_.Use(caller.token));
    return ForUser(login.user, std::move(caller));
  }
  if (std::string user = MetadataOf(context, kUserKey); !user.empty()) {
    return ForUser(user, std::move(caller));
  }
  if (unnamed_ == Unnamed::kIsRefused) {
    return absl::UnauthenticatedError("whom is this for? Sign in, or name a user");
  }
  caller.name = account_;
  caller.roles = {mgmt::ROLE_ADMINISTRATOR};
  caller.is_account = true;
  return caller;
}

absl::Status Gate::Do(const grpc::ServerContext& context, const Message& in, const Message& out,
                      const std::function<absl::Status(Visit&)>& work) {
  const MethodDescriptor* method = MethodOf(in.GetDescriptor());
  if (method == nullptr) return absl::InternalError("a request without a method");
  const Permission wanted = method->options().GetExtension(oca::rule).permission();
  OCA_ASSIGN_OR_RETURN(Caller caller, Identify(context));
  absl::Status allowed = MayCall(caller, wanted, method->name());
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

absl::Status Gate::DoOnRecord(const Caller& caller, const std::string& method, Permission wanted,
                              const Message& in, const Message& out,
                              const std::function<absl::Status(Visit&)>& work) {
  mgmt::AuditEntry entry;
  OCA_ASSIGN_OR_RETURN(*entry.mutable_id(), NewId());
  *entry.mutable_started() = NowStamp();
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
  *entry.mutable_ended() = NowStamp();
  entry.set_outcome(status.ok()                        ? mgmt::OUTCOME_DONE
                    : absl::IsPermissionDenied(status) ? mgmt::OUTCOME_DENIED
                                                       : mgmt::OUTCOME_FAILED);
  entry.set_message(std::string(MessageOf(status)));
  entry.set_before(visit.before);
  if (status.ok()) entry.set_after(AuditJson(out));
  log::Info("change", "method", method, "target", entry.target(), "user", entry.user(), "from",
            entry.origin(), "result", MessageOf(status));
  if (absl::Status recorded = audit_.Record(entry); !recorded.ok()) {
    log::Error("change_not_on_record", "id", entry.id(), "error", MessageOf(recorded));
  }
  return status;
}

}  // namespace oca::config
