// The gRPC service oca.management.v1.Users: hands each method on, through the gate.
#ifndef OCA_SERVICES_CONFIG_USERS_SERVICE_H_
#define OCA_SERVICES_CONFIG_USERS_SERVICE_H_

#include <memory>
#include <string>

#include "grpcpp/impl/service_type.h"
#include "services/config/audit.h"
#include "services/config/gate.h"
#include "services/config/logins.h"
#include "services/config/users.h"

namespace oca::config {

// The user as he is now, if he is there, goes into the record of the change.
void NoteUserBefore(Users& users, const std::string& name, Visit& visit);

// Borrows all; they must outlive it. Thread-safe.
std::unique_ptr<grpc::Service> NewUsersService(Gate& gate, Users& users, Logins& logins,
                                               AuditTrail& audit);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_USERS_SERVICE_H_
