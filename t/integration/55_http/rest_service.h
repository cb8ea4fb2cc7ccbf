// The program ocahttp before ocaconfigsvc, a real PostgreSQL and ocafsd's service.
#ifndef OCA_T_INTEGRATION_55_HTTP_REST_SERVICE_H_
#define OCA_T_INTEGRATION_55_HTTP_REST_SERVICE_H_

#include <signal.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "fmt/format.h"
#include "lib/api/home.h"
#include "lib/daemon/program_folder.h"
#include "lib/http/client.h"
#include "lib/io/file_system.h"
#include "nlohmann/json.hpp"
#include "t/integration/50_rpc_services/config_service.h"
#include "t/support/process.h"

namespace oca::httpd {

namespace mgmt = management::v1;

class RestService : public config::ConfigService {
 protected:
  static constexpr char kPassword[] = "correct horse battery";
  using Headers = std::map<std::string, std::string>;

  void SetUp() override {
    ConfigService::SetUp();
    if (HasFatalFailure()) return;
    std::ofstream(home_.Path("oca.toml"), std::ios::app) << "[http]\nport = 0\n";
    StartHttp();
  }
  void TearDown() override {
    StopHttp();
    ConfigService::TearDown();
  }

  void LaunchHttp() {
    http_ = std::make_unique<support::Process>(
        std::vector<std::string>{daemon::ProgramFolder() + "/ocahttp", "--home", home_.path()},
        home_.Path("ocahttp.out"));
  }
  // What ocahttp tells about its URL; not there = nothing yet.
  std::optional<std::string> Url() {
    auto url = io::ReadFile(io::PosixFileSystem(), api::HttpUrlFile(home_.path()));
    return url.ok() ? std::optional(*std::move(url)) : std::nullopt;
  }
  void StartHttp() {
    LaunchHttp();
    const absl::Time deadline = absl::Now() + absl::Seconds(60);
    while (Url().value_or("").empty()) {
      ASSERT_LT(absl::Now(), deadline) << support::ReadText(home_.Path("ocahttp.out"));
      ASSERT_FALSE(http_->WaitForEnd(absl::Milliseconds(10)))
          << support::ReadText(home_.Path("ocahttp.out"));
    }
    uint32_t port = 0;
    const std::string url = *Url();
    ASSERT_TRUE(absl::SimpleAtoi(url.substr(url.rfind(':') + 1), &port)) << url;
    port_ = static_cast<uint16_t>(port);
  }
  void StopHttp() {
    if (http_ == nullptr) return;
    http_->Signal(SIGTERM);
    ASSERT_TRUE(http_->WaitForEnd(absl::Seconds(60)));
    EXPECT_EQ(http_->exit_code(), 0) << support::ReadText(home_.Path("ocahttp.out"));
    EXPECT_FALSE(Url().has_value());
    http_.reset();
  }

  // The answer; `body` not empty is sent as JSON.
  http::Response Ask(const std::string& verb, const std::string& target,
                     const std::string& body = "", Headers headers = {}) {
    if (!body.empty()) headers.emplace("content-type", "application/json");
    auto response = http::Fetch("127.0.0.1", port_, {verb, target, std::move(headers), body},
                                absl::Seconds(60));
    EXPECT_OK(response) << verb << " " << target;
    return response.ok() ? *std::move(response) : http::Response{0};
  }
  http::Response AskAs(const std::string& token, const std::string& verb, const std::string& target,
                       const std::string& body = "") {
    return Ask(verb, target, body, {{"authorization", "Bearer " + token}});
  }
  static nlohmann::json JsonOf(const http::Response& response) {
    return nlohmann::json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  }
  static std::string HeaderOf(const http::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return "";
  }

  void AddUser(const std::string& name, mgmt::Role role) {
    mgmt::AddUserRequest request;
    request.set_name(name);
    request.add_roles(role);
    request.set_password(kPassword);
    mgmt::UserWithPassword made;
    grpc::ClientContext context;
    rpc::SetTimeout(&context, absl::Seconds(60));
    ASSERT_OK(rpc::FromGrpc(users_->AddUser(&context, request, &made)));
  }
  http::Response LogIn(const std::string& name, const std::string& password = kPassword) {
    return Ask("POST", "/v1/login",
               nlohmann::json({{"name", name}, {"password", password}}).dump());
  }
  // A user of this role, signed in: the token.
  std::string TokenOf(const std::string& name, mgmt::Role role) {
    AddUser(name, role);
    const http::Response response = LogIn(name);
    EXPECT_EQ(response.status, 200) << response.body;
    return JsonOf(response).value("token", "");
  }

  std::unique_ptr<support::Process> http_;
  uint16_t port_ = 0;
};

}  // namespace oca::httpd

#endif  // OCA_T_INTEGRATION_55_HTTP_REST_SERVICE_H_
