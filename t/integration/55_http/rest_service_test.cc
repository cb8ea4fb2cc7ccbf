// The API over HTTPS: who may call, what is answered, and what goes wrong.
#include <regex>

#include "lib/api/options.pb.h"
#include "lib/api/services.h"
#include "lib/http/server.h"
#include "t/integration/55_http/rest_service.h"

namespace oca::httpd {
namespace {

using support::StatusIs;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST_F(RestService, WhatNeedsNoLogin) {
  http::Response response = Ask("GET", "/healthz");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(JsonOf(response)["status"], "ok");
  response = Ask("GET", "/openapi.json");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(JsonOf(response)["openapi"], "3.0.3");
  EXPECT_TRUE(JsonOf(response)["paths"].contains("/v1/containers/{name}"));
  response = Ask("GET", "/");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("It serves."));
  EXPECT_EQ(response.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(Ask("HEAD", "/").body, "");
}

TEST_F(RestService, WhoIsNotSignedInGets401) {
  for (const char* path : {"/v1/system", "/v1/containers", "/metrics"}) {
    const http::Response response = Ask("GET", path);
    EXPECT_EQ(response.status, 401) << path;
    EXPECT_EQ(HeaderOf(response, "www-authenticate"), "Bearer");
    EXPECT_EQ(JsonOf(response)["code"], "UNAUTHENTICATED");
    EXPECT_EQ(AskAs("made-up", "GET", path).status, 401) << path;
  }
  EXPECT_EQ(Ask("GET", "/v1/system", "", {{"authorization", "Basic YTpi"}}).status, 401);
}

TEST_F(RestService, ALoginByTokenAndByCookie) {
  AddUser("eve", mgmt::ROLE_MONITOR);
  const http::Response login = LogIn("eve");
  ASSERT_EQ(login.status, 200) << login.body;
  const std::string token = JsonOf(login)["token"];
  EXPECT_EQ(JsonOf(login)["user"]["roles"][0], "ROLE_MONITOR");
  const std::string cookie = HeaderOf(login, "set-cookie");
  EXPECT_EQ(cookie, "oca_session=" + token + "; Path=/; Secure; HttpOnly; SameSite=Strict");
  EXPECT_EQ(AskAs(token, "GET", "/v1/system").status, 200);
  const Headers browser = {{"cookie", "oca_session=" + token}};
  http::Response response = Ask("GET", "/v1/logins", "", browser);
  ASSERT_EQ(response.status, 200);
  EXPECT_EQ(JsonOf(response)["logins"][0]["origin"], "https 127.0.0.1");
  Headers foreign = browser;
  foreign["origin"] = "https://evil.example";
  EXPECT_EQ(Ask("POST", "/v1/logout", "", foreign).status, 403);
  response = Ask("POST", "/v1/logout", "", browser);
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(HeaderOf(response, "set-cookie"), HasSubstr("Max-Age=0"));
  EXPECT_EQ(AskAs(token, "GET", "/v1/system").status, 401);
}

TEST_F(RestService, WrongPasswordsAreBraked) {
  AddUser("eve", mgmt::ROLE_MONITOR);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(LogIn("eve", "wrong password").status, 401);
  // The wait after the third begins with a second; the one after the fourth is longer.
  http::Response response = LogIn("eve", "wrong password");
  for (int i = 0; i < 5 && response.status == 401; ++i) response = LogIn("eve", "wrong password");
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(JsonOf(response)["code"], "RESOURCE_EXHAUSTED");
}

// Whatever the names: what is asked costs more than what it takes to ask.
TEST_F(RestService, TooManyLoginsOfOneAddressAreBraked) {
  http::Response response;
  for (int i = 0; i < 1000 && response.status != 429; ++i) {
    response = Ask("POST", "/v1/login", "{");
    ASSERT_TRUE(response.status == 400 || response.status == 429) << response.status;
  }
  EXPECT_EQ(response.status, 429);
  EXPECT_GE(std::stoi("0" + HeaderOf(response, "retry-after")), 1);
}

TEST_F(RestService, ContainersAreMadeShownAndDeleted) {
  const std::string token = TokenOf("root", mgmt::ROLE_ADMINISTRATOR);
  http::Response response = AskAs(token, "POST", "/v1/containers", R"({"name": "c"})");
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(JsonOf(response)["state"], "STATE_READY");
  response = AskAs(token, "POST", "/v1/containers", R"({"name": "c"})");
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(JsonOf(response)["code"], "ALREADY_EXISTS");
  response = AskAs(token, "GET", "/v1/containers?name=c");
  EXPECT_EQ(JsonOf(response)["containers"][0]["name"], "c");
  EXPECT_EQ(AskAs(token, "GET", "/v1/containers?name=none").status, 404);
  EXPECT_EQ(AskAs(token, "DELETE", "/v1/containers/c?delete_files=true").status, 200);
  EXPECT_EQ(AskAs(token, "DELETE", "/v1/containers/c").status, 404);
  EXPECT_EQ(AskAs(token, "DELETE", "/v1/containers/..%2Fetc").status, 404);
  // What was done, and from where.
  response = AskAs(token, "GET", "/v1/audit?target=c&user=root");
  EXPECT_EQ(JsonOf(response)["entries"].size(), 4u) << response.body;
  EXPECT_EQ(JsonOf(response)["entries"][0]["origin"], "https 127.0.0.1");
}

TEST_F(RestService, AnswersSayUnderWhichIdTheLogsTellOfThem) {
  const auto id_of = [this](Headers headers) {
    return HeaderOf(Ask("GET", "/healthz", "", std::move(headers)), "x-request-id");
  };
  EXPECT_EQ(id_of({{"x-request-id", "from-the-caller.1"}}), "from-the-caller.1");
  const std::regex made("[0-9a-f]{16}");
  EXPECT_TRUE(std::regex_match(id_of({}), made));
  for (const std::string& hostile : {std::string("a b"), std::string("a;b=\"c\""),
                                     std::string(65, 'x'), std::string("\xc3\xbc")}) {
    EXPECT_TRUE(std::regex_match(id_of({{"x-request-id", hostile}}), made)) << hostile;
  }
  EXPECT_EQ(HeaderOf(Ask("GET", "/v1/system", "", {{"x-request-id", "refused"}}), "x-request-id"),
            "refused");
}

TEST_F(RestService, AnOldRevisionGets412) {
  const std::string token = TokenOf("root", mgmt::ROLE_ADMINISTRATOR);
  ASSERT_EQ(AskAs(token, "POST", "/v1/storage_groups", R"({"name": "g"})").status, 200);
  ASSERT_EQ(AskAs(token, "PATCH", "/v1/storage_groups/g", R"({"quota_bytes": "2097152"})").status,
            200);
  const http::Response response =
      AskAs(token, "PATCH", "/v1/storage_groups/g", R"({"quota_bytes": "0", "revision": "1"})");
  EXPECT_EQ(response.status, 412) << response.body;
  EXPECT_EQ(JsonOf(response)["code"], "ABORTED");
}

TEST_F(RestService, BadRequestsSayWhatIsWrong) {
  const std::string token = TokenOf("root", mgmt::ROLE_ADMINISTRATOR);
  struct Case {
    const char* verb;
    const char* target;
    const char* body;
    int status;
    const char* says;
  };
  const Case kCases[] = {
      {"POST", "/v1/containers", "{", 400, "the body is no AddContainerRequest"},
      {"POST", "/v1/containers", R"({"nmae": "c"})", 400, "nmae"},
      {"POST", "/v1/containers", R"({"name": ""})", 400, "cannot name a container"},
      {"POST", "/v1/containers?name=c", "", 400, "in the body"},
      {"GET", "/v1/containers?x=1", "", 400, "has no parameter 'x'"},
      {"GET", "/v1/containers?name=%zz", "", 400, "hexadecimal"},
      {"GET", "/v1/containers", "{}", 400, "takes no body"},
      {"PUT", "/v1/containers", "{}", 405, "GET, POST"},
      {"GET", "/v1/nothing", "", 404, "/openapi.json"},
      {"GET", "/v1/../etc/passwd", "", 404, ""},
      {"GET", "/etc/passwd", "", 404, ""},
      {"GET", "/../../etc/passwd", "", 404, ""},
      {"GET", "/%2e%2e/%2e%2e/etc/passwd", "", 404, ""},
      {"POST", "/healthz", "{}", 405, "GET"},
      {"POST", "/v1/maintenance/scan:start", R"({"level": "SCAN_LEVEL_X"})", 400, "SCAN_LEVEL_X"},
  };
  for (const Case& c : kCases) {
    const http::Response response = AskAs(token, c.verb, c.target, c.body);
    EXPECT_EQ(response.status, c.status) << c.verb << " " << c.target << ": " << response.body;
    EXPECT_EQ(response.content_type, "application/problem+json");
    EXPECT_THAT(response.body, HasSubstr(c.says));
  }
  const http::Response wrong_verb = AskAs(token, "PUT", "/v1/containers", "{}");
  EXPECT_EQ(HeaderOf(wrong_verb, "allow"), "GET, POST");
  const http::Response form =
      Ask("POST", "/v1/containers", "name=c",
          {{"authorization", "Bearer " + token}, {"content-type", "text/plain"}});
  EXPECT_EQ(form.status, 415);
  EXPECT_EQ(AskAs(token, "POST", "/v1/containers", "{" + std::string(1 << 20, ' ') + "}").status,
            413);
}

// Each method is reached where it says, and the gate stands before each.
TEST_F(RestService, WithoutRolesEveryMethodIsForbidden) {
  const std::string token = TokenOf("nobody", mgmt::ROLE_CIFS);
  int forbidden = 0;
  for (const auto* service : api::UserServices()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const MethodRule& rule = service->method(i)->options().GetExtension(oca::rule);
      if (rule.http_path().empty() || rule.permission() == PERMISSION_NONE ||
          rule.permission() == PERMISSION_SIGNED_IN) {
        continue;
      }
      const std::string path =
          std::regex_replace(rule.http_path(), std::regex("\\{[a-z_]+\\}"), "x");
      const http::Response response = AskAs(token, rule.http_verb(), path);
      EXPECT_EQ(response.status, 403) << rule.http_verb() << " " << path << ": " << response.body;
      ++forbidden;
    }
  }
  EXPECT_GT(forbidden, 40);
}

TEST_F(RestService, MonitorsSeeAndChangeNothing) {
  const std::string token = TokenOf("eve", mgmt::ROLE_MONITOR);
  EXPECT_EQ(AskAs(token, "GET", "/v1/stats/system").status, 200);
  const http::Response response = AskAs(token, "POST", "/v1/containers", R"({"name": "c"})");
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(JsonOf(response)["code"], "PERMISSION_DENIED");
}

TEST_F(RestService, MetricsForWhoMaySee) {
  const std::string token = TokenOf("eve", mgmt::ROLE_MONITOR);
  ASSERT_OK(AddContainer("c").status());
  const http::Response response = AskAs(token, "GET", "/metrics");
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(response.body,
              AllOf(HasSubstr("oca_ready 1\n"), HasSubstr("oca_container_files{container=\"c\"}"),
                    HasSubstr("oca_cleaner_running 0\n")));
  AddUser("nobody", mgmt::ROLE_CIFS);
  EXPECT_EQ(AskAs(JsonOf(LogIn("nobody"))["token"], "GET", "/metrics").status, 403);
  StopFilesystem();
  const http::Response without = AskAs(token, "GET", "/metrics");
  EXPECT_EQ(without.status, 200);
  EXPECT_THAT(without.body, AllOf(HasSubstr("oca_ready 0\n"), Not(HasSubstr("cleaner"))));
  StartFilesystem();
}

TEST_F(RestService, ASilentServiceIs503) {
  const std::string token = TokenOf("eve", mgmt::ROLE_MONITOR);
  StopService();
  EXPECT_EQ(Ask("GET", "/healthz").status, 503);
  const http::Response response = AskAs(token, "GET", "/v1/system");
  EXPECT_EQ(response.status, 503) << response.body;
  EXPECT_EQ(HeaderOf(response, "retry-after"), "5");
  EXPECT_THAT(Ask("GET", "/").body, HasSubstr("cannot be administered"));
  StartService();
  const absl::Time deadline = absl::Now() + absl::Seconds(60);
  while (Ask("GET", "/healthz").status != 200) ASSERT_LT(absl::Now(), deadline);
  // A restart ends logins.
  EXPECT_EQ(AskAs(token, "GET", "/v1/system").status, 401);
}

// Who got into ocahttp is nobody yet.
TEST_F(RestService, ItsSocketBelievesNoNames) {
  ASSERT_OK_AND_ASSIGN(auto channel, rpc::UnixChannel(api::HttpSocket(home_.path())));
  auto stub = mgmt::Management::NewStub(channel);
  AddUser("root", mgmt::ROLE_ADMINISTRATOR);
  for (const char* user : {"", "root"}) {
    grpc::ClientContext context;
    rpc::SetTimeout(&context, absl::Seconds(60));
    if (*user != 0) context.AddMetadata("oca-user", user);
    mgmt::System system;
    EXPECT_THAT(rpc::FromGrpc(stub->GetSystem(&context, {}, &system)),
                StatusIs(absl::StatusCode::kUnauthenticated));
  }
}

TEST_F(RestService, ATakenPortIsWaitedFor) {
  StopHttp();
  auto blocker = http::Server::Start(
      {"127.0.0.1", 0, {home_.Path("http/server.crt"), home_.Path("http/server.key")}},
      [](const http::Request&) { return http::Response(); });
  ASSERT_OK(blocker);
  std::ofstream(home_.Path("oca.toml"))
      << fmt::format("[database]\ndsn = \"{}\"\n[http]\nport = {}\n", dsn_, (*blocker)->port());
  LaunchHttp();
  const absl::Time deadline = absl::Now() + absl::Seconds(60);
  while (!Url().has_value()) {
    ASSERT_LT(absl::Now(), deadline);
    ASSERT_FALSE(http_->WaitForEnd(absl::Milliseconds(10)));
  }
  EXPECT_EQ(Url(), "");
  port_ = (*blocker)->port();
  (*blocker)->Stop(absl::ZeroDuration());
  while (Url().value_or("").empty()) {
    ASSERT_LT(absl::Now(), deadline);
    ASSERT_FALSE(http_->WaitForEnd(absl::Milliseconds(10)));
  }
  EXPECT_EQ(Ask("GET", "/healthz").status, 200);
}

}  // namespace
}  // namespace oca::httpd
