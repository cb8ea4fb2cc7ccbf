// A change whose request holds a password.
#ifndef OCA_CLI_PASSWORD_CALL_H_
#define OCA_CLI_PASSWORD_CALL_H_

#include "absl/status/status.h"
#include "cli/session.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"
#include "lib/crypto/secret.h"

namespace oca::cli {

// As Session::Call; the request's password is wiped from memory afterwards, whatever became of it.
template <typename Stub, typename Request, typename Response>
absl::Status CallAndWipe(Session& session,
                         grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                      Response*),
                         Request* request, Response* response) {
  absl::Status status = session.Call(method, *request, response, Patience::kChange);
  crypto::Wipe(request->mutable_password()->data(), request->password().size());
  return status;
}

}  // namespace oca::cli

#endif  // OCA_CLI_PASSWORD_CALL_H_
