#include "services/config/access_service.h"

#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "lib/api/access.grpc.pb.h"
#include "lib/api/timestamp.h"
#include "lib/base/status.h"
#include "services/config/find.h"
#include "services/config/rules.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using grpc::ServerContext;

mgmt::AccessEntry AccessMessage(const AccessRow& row) {
  mgmt::AccessEntry entry;
  entry.set_name(row.key.container);
  entry.set_user(row.key.user);
  entry.set_user_id(row.user_id);
  entry.set_role(row.key.role);
  entry.set_mode(row.mode);
  *entry.mutable_created() = api::TimestampOf(row.created);
  entry.set_revision(row.revision);
  return entry;
}

template <typename Request>
AccessKey KeyOf(const Request& request) {
  return {request.name(), request.user(), request.role()};
}

absl::Status CheckMode(AccessMode mode) {
  if (mode == mgmt::ACCESS_MODE_RW || mode == mgmt::ACCESS_MODE_RWD) return absl::OkStatus();
  return absl::InvalidArgumentError("the mode is RW or RWD");
}

// One that there is, or none.
absl::Status CheckRole(Role role) {
  return role == mgmt::ROLE_UNSPECIFIED ? absl::OkStatus() : CheckedRoles({role}).status();
}

class AccessService final : public mgmt::Access::Service {
 public:
  AccessService(Gate& gate, AccessStore& access, Store& store, UserStore& users)
      : gate_(gate), access_(access), store_(store), users_(users) {}

  grpc::Status ListAccess(ServerContext* context, const mgmt::ListAccessRequest* in,
                          mgmt::ListAccessResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      const AccessKey wanted = KeyOf(*in);
      if (!wanted.container.empty()) OCA_RETURN_IF_ERROR(CheckContainer(wanted.container));
      if (!wanted.user.empty()) OCA_RETURN_IF_ERROR(users_.Load(wanted.user).status());
      OCA_RETURN_IF_ERROR(CheckRole(wanted.role));
      OCA_ASSIGN_OR_RETURN(std::vector<AccessRow> rows, access_.List(wanted));
      for (const AccessRow& row : rows) *out->add_entries() = AccessMessage(row);
      return absl::OkStatus();
    });
  }
  grpc::Status AddAccess(ServerContext* context, const mgmt::AddAccessRequest* in,
                         mgmt::AccessEntry* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      const AccessKey key = KeyOf(*in);
      OCA_RETURN_IF_ERROR(CheckKey(key));
      OCA_RETURN_IF_ERROR(CheckMode(in->mode()));
      OCA_ASSIGN_OR_RETURN(AccessRow made, access_.Insert(key, in->mode()));
      *out = AccessMessage(made);
      return absl::OkStatus();
    });
  }
  grpc::Status UpdateAccess(ServerContext* context, const mgmt::UpdateAccessRequest* in,
                            mgmt::AccessEntry* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) -> absl::Status {
      const AccessKey key = KeyOf(*in);
      OCA_RETURN_IF_ERROR(CheckKey(key));
      OCA_RETURN_IF_ERROR(CheckMode(in->mode()));
      OCA_ASSIGN_OR_RETURN(std::vector<AccessRow> before, access_.List(key));
      if (!before.empty()) visit.before = AuditJson(AccessMessage(before.front()));
      OCA_ASSIGN_OR_RETURN(AccessRow changed, access_.Update(key, in->mode(), in->revision()));
      *out = AccessMessage(changed);
      return absl::OkStatus();
    });
  }
  grpc::Status DeleteAccess(ServerContext* context, const mgmt::DeleteAccessRequest* in,
                            mgmt::DeleteAccessResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) -> absl::Status {
      const AccessKey key = KeyOf(*in);
      OCA_RETURN_IF_ERROR(CheckKey(key));
      OCA_ASSIGN_OR_RETURN(AccessRow gone, access_.Delete(key));
      visit.before = AuditJson(AccessMessage(gone));
      return absl::OkStatus();
    });
  }

 private:
  absl::Status CheckContainer(const std::string& name) {
    OCA_ASSIGN_OR_RETURN(Desired desired, store_.Load());
    if (FindByName(desired.containers, name) != nullptr) return absl::OkStatus();
    return UnknownName(Kind::kContainer, name, NamesOf(desired.containers));
  }
  // It names a container, and a user or a role.
  absl::Status CheckKey(const AccessKey& key) {
    if (key.user.empty() == (key.role == mgmt::ROLE_UNSPECIFIED)) {
      return absl::InvalidArgumentError("whom is it for? Name a user or a role, not both");
    }
    OCA_RETURN_IF_ERROR(CheckRole(key.role));
    OCA_RETURN_IF_ERROR(CheckContainer(key.container));
    return key.user.empty() ? absl::OkStatus() : users_.Load(key.user).status();
  }

  Gate& gate_;
  AccessStore& access_;
  Store& store_;
  UserStore& users_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewAccessService(Gate& gate, AccessStore& access, Store& store,
                                                UserStore& users) {
  return std::make_unique<AccessService>(gate, access, store, users);
}

}  // namespace oca::config
