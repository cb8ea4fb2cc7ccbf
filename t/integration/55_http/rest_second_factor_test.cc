// A second factor over REST: enrolment, the login that needs a code, tokens that do not.
#include "t/integration/55_http/rest_service.h"
#include "t/support/totp.h"

namespace oca::httpd {
namespace {

using support::TotpCode;
using testing::HasSubstr;
using testing::Not;

class RestSecondFactor : public RestService {
 protected:
  static std::string PasswordJson() { return nlohmann::json({{"password", kPassword}}).dump(); }
  http::Response LogInBy(const std::string& code, const std::string& password = kPassword) {
    return Ask(
        "POST", "/v1/login",
        nlohmann::json({{"name", "root"}, {"password", password}, {"one_time_code", code}}).dump());
  }
  http::Response Confirm(const std::string& token, const std::string& code) {
    return AskAs(token, "POST", "/v1/login:confirm_totp",
                 nlohmann::json({{"one_time_code", code}}).dump());
  }
};

TEST_F(RestSecondFactor, IsBegunConfirmedAndThenAskedFor) {
  const std::string token = TokenOf("root", mgmt::ROLE_ADMINISTRATOR);
  EXPECT_EQ(AskAs(token, "POST", "/v1/login:begin_totp", R"({"password": "another"})").status, 403);
  const http::Response begun = AskAs(token, "POST", "/v1/login:begin_totp", PasswordJson());
  ASSERT_EQ(begun.status, 200) << begun.body;
  const std::string secret = JsonOf(begun)["secret"];
  EXPECT_THAT(std::string(JsonOf(begun)["secret_uri"]), HasSubstr("secret=" + secret));
  EXPECT_EQ(LogIn("root").status, 200);
  EXPECT_EQ(Confirm(token, support::WrongTotpCode(secret)).status, 403);
  const http::Response confirmed = Confirm(token, TotpCode(secret));
  ASSERT_EQ(confirmed.status, 200) << confirmed.body;
  ASSERT_EQ(JsonOf(confirmed)["one_time_codes"].size(), 10u);

  http::Response refused = LogIn("root");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(JsonOf(refused)["type"], "urn:oca:problem:code-needed");
  EXPECT_EQ(HeaderOf(refused, "content-type"), "application/problem+json");
  refused = LogInBy(support::WrongTotpCode(secret));
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(JsonOf(refused)["type"], "urn:oca:problem:code-wrong");
  // Whoever does not know the password learns nothing.
  refused = LogIn("root", "wrong password");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(JsonOf(refused)["type"], "about:blank");

  // As when time has passed since the code that confirmed.
  Sql("UPDATE oca_config.user_totp SET last_step = 1");
  const http::Response in = LogInBy(TotpCode(secret));
  ASSERT_EQ(in.status, 200) << in.body;
  EXPECT_EQ(JsonOf(in)["user"]["has_totp"], true);
  EXPECT_EQ(AskAs(JsonOf(in)["token"], "GET", "/v1/system").status, 200);
  EXPECT_EQ(LogInBy(JsonOf(confirmed)["one_time_codes"][0]).status, 200);
  EXPECT_EQ(LogInBy(JsonOf(confirmed)["one_time_codes"][0]).status, 401);
  EXPECT_EQ(AskAs(token, "GET", "/v1/system").status, 200);

  const std::string audit = AskAs(token, "GET", "/v1/audit?limit=1000").body;
  EXPECT_THAT(audit, HasSubstr("ConfirmTotp"));
  EXPECT_THAT(audit, Not(HasSubstr(secret)));
  EXPECT_THAT(audit, Not(HasSubstr(std::string(JsonOf(confirmed)["one_time_codes"][1]))));
}

TEST_F(RestSecondFactor, TokensOfProgramsGoOnAndHaveNoSayInIt) {
  const std::string token = TokenOf("root", mgmt::ROLE_ADMINISTRATOR);
  const http::Response made =
      AskAs(token, "POST", "/v1/tokens",
            R"({"name": "t", "user": "root", "role": "ROLE_ADMINISTRATOR"})");
  ASSERT_EQ(made.status, 200) << made.body;
  const std::string program = JsonOf(made)["secret"];
  const http::Response begun = AskAs(token, "POST", "/v1/login:begin_totp", PasswordJson());
  ASSERT_EQ(begun.status, 200) << begun.body;
  ASSERT_EQ(Confirm(token, TotpCode(JsonOf(begun)["secret"])).status, 200);
  EXPECT_EQ(AskAs(program, "GET", "/v1/system").status, 200);
  EXPECT_EQ(AskAs(program, "POST", "/v1/login:disable_totp", PasswordJson()).status, 409);
  // One's own is not reset, but disabled.
  EXPECT_EQ(AskAs(token, "POST", "/v1/users/root:reset_totp", "{}").status, 409);
  EXPECT_EQ(AskAs(token, "POST", "/v1/login:disable_totp", PasswordJson()).status, 200);
  EXPECT_EQ(LogIn("root").status, 200);
}

}  // namespace
}  // namespace oca::httpd
