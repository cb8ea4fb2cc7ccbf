// The service as it stands on its sockets, each for callers of another kind.
#ifndef OCA_SERVICES_CONFIG_FRONT_H_
#define OCA_SERVICES_CONFIG_FRONT_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/impl/service_type.h"
#include "lib/conf/conf.h"
#include "lib/event/client.h"
#include "lib/rpc/account_door.h"
#include "lib/rpc/unix_socket.h"
#include "services/config/access_store.h"
#include "services/config/account_logins.h"
#include "services/config/alerts_service.h"
#include "services/config/audit.h"
#include "services/config/audit_limits.h"
#include "services/config/changes.h"
#include "services/config/diagnostics.h"
#include "services/config/filesystem_client.h"
#include "services/config/gate.h"
#include "services/config/logins.h"
#include "services/config/ndmp_gateway.h"
#include "services/config/replication_links.h"
#include "services/config/second_factor.h"
#include "services/config/statistics_service.h"
#include "services/config/store.h"
#include "services/config/tape_libraries.h"
#include "services/config/tokens.h"
#include "services/config/user_store.h"
#include "services/config/users.h"
#include "services/config/views.h"

namespace oca::config {

// How long calls that run when the service stops are waited for.
inline constexpr absl::Duration kFrontStopGrace = absl::Seconds(5);

// For what accounts of `group` (empty: ours) may reach: they may enter, and files belong to it, by
// the number that is returned. kFailedPrecondition when there is no such group.
absl::StatusOr<gid_t> MakeSharedFolder(const std::string& path, const std::string& group);

// What all sockets lead to.
struct Behind {
  UserStore& user_store;
  Logins& logins;
  Tokens& tokens;
  Store& store;
  AccessStore& access;
  AuditTrail& audit;
  AuditLimits& audit_limits;
  Users& users;
  SecondFactor& second_factor;
  Changes& changes;
  TapeLibraries& libraries;
  NdmpGateway& ndmp;
  ReplicationLinks& replication;
  Views& views;
  FilesystemClient& filesystem;
  Diagnostics& diagnostics;
  HealthClient& health;
  MonitorClient& monitor;
  event::Sink& events;
};

// The services on one socket, behind a gate of its own. Open once, then Close once.
class Front {
 public:
  // Borrows what is behind; it must outlive this.
  Front(const Behind& behind, Gate::Believes believes);
  // Errors as rpc::UnixServer::Start.
  absl::Status Open(const std::string& socket, std::optional<gid_t> shared_with);
  void Close();

  Gate& gate() { return gate_; }

 private:
  Gate gate_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<rpc::UnixServer> server_;
};

// Where accounts of the machine come in that are users by their own names: the door at which they
// get a token, and the services, where nothing else counts. Open once, then Close once.
class AccountEntrance {
 public:
  explicit AccountEntrance(const Behind& behind)
      : front_(behind, Gate::Believes::kTokens), logins_(front_.gate(), behind.users) {}
  // kInvalidArgument when its group is that of the accounts which speak for users; else errors as
  // MakeSharedFolder and rpc::UnixServer::Start.
  absl::Status Open(const std::string& home, const conf::Ssh& config);
  void Close();

 private:
  Front front_;
  AccountLogins logins_;
  std::unique_ptr<rpc::AccountDoor> door_;
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_FRONT_H_
