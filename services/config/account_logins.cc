#include "services/config/account_logins.h"

#include <sys/types.h>

#include <optional>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/log/request.h"
#include "lib/rpc/request_id.h"

namespace oca::config {

absl::StatusOr<std::string> AccountLogins::Enter(const rpc::Knock& knock) {
  const log::RequestScope scope(rpc::NewRequestId());
  const std::optional<std::string> name = NameOfAccount(knock.account);
  if (!name.has_value()) {
    return absl::PermissionDeniedError(
        fmt::format("the account with the number {} has no name on this machine", knock.account));
  }
  management::v1::LoginRequest request;
  request.set_name(*name);
  request.set_one_time_code(knock.one_time_code);
  management::v1::LoginResponse response;
  OCA_RETURN_IF_ERROR(
      gate_.PassAuthenticated(knock.origin, request, &response, [&](Visit& visit) -> absl::Status {
        OCA_ASSIGN_OR_RETURN(response, users_.LoginByAccount(request, visit.caller.from));
        return absl::OkStatus();
      }));
  return response.token();
}

}  // namespace oca::config
