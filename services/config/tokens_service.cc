#include "services/config/tokens_service.h"

#include <utility>

#include "lib/api/tokens.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using grpc::ServerContext;

class TokensService final : public mgmt::Tokens::Service {
 public:
  TokensService(Gate& gate, Tokens& tokens) : gate_(gate), tokens_(tokens) {}

  grpc::Status AddToken(ServerContext* context, const mgmt::AddTokenRequest* in,
                        mgmt::TokenWithSecret* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(*out, tokens_.Add(*in));
      return absl::OkStatus();
    });
  }
  grpc::Status ListTokens(ServerContext* context, const mgmt::ListTokensRequest* in,
                          mgmt::ListTokensResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(*out, tokens_.List(*in));
      return absl::OkStatus();
    });
  }
  grpc::Status RevokeToken(ServerContext* context, const mgmt::RevokeTokenRequest* in,
                           mgmt::RevokeTokenResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(mgmt::Token gone, tokens_.Revoke(in->name()));
      visit.before = AuditJson(gone);
      return absl::OkStatus();
    });
  }

 private:
  Gate& gate_;
  Tokens& tokens_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewTokensService(Gate& gate, Tokens& tokens) {
  return std::make_unique<TokensService>(gate, tokens);
}

}  // namespace oca::config
