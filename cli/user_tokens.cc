// oca user --addtoken, --deletetoken, --show --tokens
#include <memory>
#include <string>
#include <vector>

#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/tokens.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::Tokens;

namespace mgmt = management::v1;

struct TokenFlags {
  std::string user;
  std::string token;
  std::string role = "monitor";
  uint32_t valid_days = 90;
};

std::string TokenText(const mgmt::Token& token) {
  return Record()
      .Add("Token", token.name())
      .Add("User", token.user())
      .Add("Role", EnumWord(token.role()))
      .Add("Created", TimeText(token.created()))
      .Add("Expires", TimeText(token.expires()))
      .Add("Last Used", TimeText(token.last_used()))
      .Text();
}

absl::Status AddToken(Session& session, TokenFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.user, "--name", "Name of the user"));
  OCA_RETURN_IF_ERROR(session.Require(&flags.token, "--token", "Name of the token"));
  mgmt::AddTokenRequest request;
  request.set_name(flags.token);
  request.set_user(flags.user);
  request.set_role(flags.role == "administrator" ? mgmt::ROLE_ADMINISTRATOR : mgmt::ROLE_MONITOR);
  request.set_valid_days(flags.valid_days);
  mgmt::TokenWithSecret made;
  OCA_RETURN_IF_ERROR(session.Call(&Tokens::Stub::AddToken, request, &made, Patience::kChange));
  if (session.json()) {
    Json json = ToJson(made.token());
    json["secret"] = made.secret();
    session.PrintJson(json);
  } else {
    session.Print(fmt::format("Token added.\n{}\nSecret: {}\nIt is not shown again.\n",
                              TokenText(made.token()), made.secret()));
  }
  return absl::OkStatus();
}

absl::Status DeleteToken(Session& session, TokenFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.token, "--token", "Name of the token"));
  mgmt::RevokeTokenRequest request;
  request.set_name(flags.token);
  mgmt::RevokeTokenResponse response;
  OCA_RETURN_IF_ERROR(
      session.Call(&Tokens::Stub::RevokeToken, request, &response, Patience::kChange));
  if (session.json()) {
    session.PrintJson({{"name", flags.token}, {"deleted", true}});
  } else {
    session.Print(
        fmt::format("Token '{}' deleted: nobody comes in by it any more.\n", flags.token));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ShowTokens(Session& session, const std::string& user) {
  mgmt::ListTokensRequest request;
  request.set_user(user);
  mgmt::ListTokensResponse list;
  OCA_RETURN_IF_ERROR(session.Call(&Tokens::Stub::ListTokens, request, &list));
  if (session.json()) {
    session.PrintJson(ToJson(list));
    return absl::OkStatus();
  }
  Table table({"Token", "User", "Role", "Created", "Expires", "Last Used"});
  for (const mgmt::Token& token : list.tokens()) {
    table.Add({token.name(), token.user(), EnumWord(token.role()), TimeText(token.created()),
               TimeText(token.expires()), TimeText(token.last_used())});
  }
  session.Print(table.empty() ? "There is no such token.\n" : table.Text());
  return absl::OkStatus();
}

void AddUserTokens(CLI::App* group, Session& session) {
  auto flags = std::make_shared<TokenFlags>();
  CLI::App* add = group->add_subcommand(
      "addtoken", "Make a token by which programs call the REST API for a user; it is shown once");
  add->add_option("--name", flags->user, "The user");
  add->add_option("--token", flags->token, "Name of the token");
  add->add_option("--role", flags->role, "What it lets at most: administrator or monitor")
      ->check(CLI::IsMember({"administrator", "monitor"}))
      ->capture_default_str();
  add->add_option("--valid_days", flags->valid_days, "1 to 3650")
      ->check(CLI::Range(1, 3650))
      ->capture_default_str();
  session.Bind(add, [&session, flags] { return AddToken(session, *flags); });
  add->footer("Example:\n  oca user --addtoken --name eve --token prometheus --role monitor");

  CLI::App* remove = group->add_subcommand("deletetoken", "Revoke a token");
  remove->add_option("--token", flags->token, "Name of the token");
  session.Bind(remove, [&session, flags] { return DeleteToken(session, *flags); });
  remove->footer("Example:\n  oca user --deletetoken --token prometheus");
}

}  // namespace oca::cli
