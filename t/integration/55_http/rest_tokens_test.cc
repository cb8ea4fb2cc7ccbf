// API tokens: what they let, how long, and what is kept of them.
#include "t/integration/55_http/rest_service.h"

namespace oca::httpd {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class RestTokens : public RestService {
 protected:
  void SetUp() override {
    RestService::SetUp();
    if (HasFatalFailure()) return;
    root_ = TokenOf("root", mgmt::ROLE_ADMINISTRATOR);
  }
  http::Response Add(const std::string& name, const std::string& user, const std::string& role,
                     int days = 0) {
    return AskAs(
        root_, "POST", "/v1/tokens",
        nlohmann::json({{"name", name}, {"user", user}, {"role", role}, {"valid_days", days}})
            .dump());
  }
  std::string SecretOf(const http::Response& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    return JsonOf(response).value("secret", "");
  }
  int Look(const std::string& token) { return AskAs(token, "GET", "/v1/system").status; }
  int Change(const std::string& token) {
    return AskAs(token, "PATCH", "/v1/storage_groups/DefaultGroup", "{}").status;
  }

  std::string root_;
};

TEST_F(RestTokens, LetNoMoreThanTheirRoleAndTheirUser) {
  AddUser("eve", mgmt::ROLE_MONITOR);
  AddUser("smb", mgmt::ROLE_CIFS);
  const std::string all = SecretOf(Add("all", "root", "ROLE_ADMINISTRATOR"));
  const std::string look = SecretOf(Add("look", "root", "ROLE_MONITOR"));
  const std::string eve = SecretOf(Add("eves", "eve", "ROLE_ADMINISTRATOR"));
  const std::string smb = SecretOf(Add("smbs", "smb", "ROLE_ADMINISTRATOR"));
  EXPECT_THAT(all, AllOf(StartsWith("oca_"), testing::SizeIs(47)));
  EXPECT_EQ(Look(all), 200);
  EXPECT_EQ(Change(all), 200);
  EXPECT_EQ(Look(look), 200);
  EXPECT_EQ(Change(look), 403);
  EXPECT_EQ(Look(eve), 200);
  EXPECT_EQ(Change(eve), 403);
  EXPECT_EQ(Look(smb), 403);
  // They are no logins.
  EXPECT_EQ(AskAs(all, "POST", "/v1/logout").status, 409);
  // The record says which token it was.
  const http::Response audit = AskAs(root_, "GET", "/v1/audit?target=DefaultGroup&limit=10");
  EXPECT_THAT(audit.body, HasSubstr("https 127.0.0.1 token all"));
}

TEST_F(RestTokens, AreListedAndRevoked) {
  const std::string secret = SecretOf(Add("prometheus", "root", "ROLE_MONITOR", 7));
  EXPECT_EQ(Add("prometheus", "root", "ROLE_MONITOR").status, 409);
  EXPECT_EQ(Look(secret), 200);
  http::Response list = AskAs(root_, "GET", "/v1/tokens");
  const nlohmann::json token = JsonOf(list)["tokens"][0];
  EXPECT_EQ(token["name"], "prometheus");
  EXPECT_EQ(token["user"], "root");
  EXPECT_EQ(token["role"], "ROLE_MONITOR");
  EXPECT_TRUE(token.contains("last_used"));
  EXPECT_THAT(list.body, Not(HasSubstr(secret)));
  EXPECT_EQ(JsonOf(AskAs(root_, "GET", "/v1/tokens?user=nobody"))["tokens"].size(), 0u);
  EXPECT_EQ(AskAs(root_, "DELETE", "/v1/tokens/prometheus").status, 200);
  EXPECT_EQ(Look(secret), 401);
  EXPECT_EQ(AskAs(root_, "DELETE", "/v1/tokens/prometheus").status, 404);
}

TEST_F(RestTokens, EndWithTheirTimeTheirUserOrTheUsersLeave) {
  AddUser("eve", mgmt::ROLE_MONITOR);
  const std::string over = SecretOf(Add("over", "root", "ROLE_MONITOR"));
  EXPECT_EQ(Look(over), 200);
  Sql("UPDATE oca_config.api_token SET expires = now() - interval '1 second' WHERE name = 'over'");
  EXPECT_EQ(Look(over), 401);
  const std::string eve = SecretOf(Add("eves", "eve", "ROLE_MONITOR"));
  EXPECT_EQ(AskAs(root_, "PATCH", "/v1/users/eve", R"({"enabled": false})").status, 200);
  EXPECT_EQ(Look(eve), 401);
  EXPECT_EQ(AskAs(root_, "PATCH", "/v1/users/eve", R"({"enabled": true})").status, 200);
  EXPECT_EQ(Look(eve), 200);
  EXPECT_EQ(AskAs(root_, "DELETE", "/v1/users/eve").status, 200);
  EXPECT_EQ(Look(eve), 401);
  EXPECT_EQ(Sql("SELECT count(*) FROM oca_config.api_token WHERE name = 'eves'"), "0");
}

TEST_F(RestTokens, AreKnownByTheirHashAlone) {
  const std::string secret = SecretOf(Add("t", "root", "ROLE_MONITOR"));
  EXPECT_EQ(Sql("SELECT hash = encode(sha256('" + secret + "'), 'hex') FROM oca_config.api_token"),
            "t");
  EXPECT_EQ(
      Sql("SELECT count(*) FROM oca_config.api_token a WHERE a::text LIKE '%" + secret + "%'"),
      "0");
  EXPECT_EQ(Sql("SELECT count(*) FROM oca_config.audit a WHERE a::text LIKE '%" + secret + "%'"),
            "0");
  // A restart changes nothing: they are no logins.
  StopService();
  StartService();
  const absl::Time deadline = absl::Now() + absl::Seconds(60);
  while (Ask("GET", "/healthz").status != 200) ASSERT_LT(absl::Now(), deadline);
  EXPECT_EQ(Look(secret), 200);
}

TEST_F(RestTokens, BadOnesAreNotMade) {
  EXPECT_EQ(Add("t", "none", "ROLE_MONITOR").status, 404);
  EXPECT_EQ(Add("t", "root", "ROLE_CIFS").status, 400);
  EXPECT_EQ(Add("t", "root", "ROLE_UNSPECIFIED").status, 400);
  EXPECT_EQ(Add("t", "root", "ROLE_MONITOR", 3651).status, 400);
  EXPECT_EQ(Add("a/b", "root", "ROLE_MONITOR").status, 400);
  EXPECT_EQ(Add("", "root", "ROLE_MONITOR").status, 400);
  AddUser("eve", mgmt::ROLE_MONITOR);
  const std::string eve = JsonOf(LogIn("eve"))["token"];
  EXPECT_EQ(
      AskAs(eve, "POST", "/v1/tokens", R"({"name": "t", "user": "eve", "role": "ROLE_MONITOR"})")
          .status,
      403);
  EXPECT_EQ(JsonOf(AskAs(eve, "GET", "/v1/tokens"))["tokens"].size(), 0u);
}

}  // namespace
}  // namespace oca::httpd
