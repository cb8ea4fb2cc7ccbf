#include "lib/api/services.h"

#include "lib/api/access.pb.h"
#include "lib/api/alerts.pb.h"
#include "lib/api/audit_limits.pb.h"
#include "lib/api/diagnostics.pb.h"
#include "lib/api/gateways.pb.h"
#include "lib/api/management.pb.h"
#include "lib/api/ndmp.pb.h"
#include "lib/api/recycle_bin.pb.h"
#include "lib/api/replication.pb.h"
#include "lib/api/second_factor.pb.h"
#include "lib/api/statistics.pb.h"
#include "lib/api/storage.pb.h"
#include "lib/api/tape_libraries.pb.h"
#include "lib/api/tokens.pb.h"
#include "lib/api/users.pb.h"

namespace oca::api {

namespace mgmt = management::v1;

std::vector<const google::protobuf::ServiceDescriptor*> UserServices() {
  std::vector<const google::protobuf::ServiceDescriptor*> services;
  for (const auto* file : {
           mgmt::System::descriptor()->file(),
           mgmt::User::descriptor()->file(),
           mgmt::AccessEntry::descriptor()->file(),
           mgmt::AuditLimitsStatus::descriptor()->file(),
           mgmt::Token::descriptor()->file(),
           mgmt::TotpSecret::descriptor()->file(),
           mgmt::TapeLibrary::descriptor()->file(),
           mgmt::NdmpStatus::descriptor()->file(),
           mgmt::ReplicationLink::descriptor()->file(),
           mgmt::DiagnosticBundle::descriptor()->file(),
           mgmt::CheckNdmpUserRequest::descriptor()->file(),
           mgmt::RecycledFile::descriptor()->file(),
           mgmt::AddStoragePathRequest::descriptor()->file(),
           mgmt::Alert::descriptor()->file(),
           mgmt::MachineStats::descriptor()->file(),
       }) {
    for (int i = 0; i < file->service_count(); ++i) services.push_back(file->service(i));
  }
  return services;
}

}  // namespace oca::api
