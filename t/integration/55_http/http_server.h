// A server of lib/http with a certificate of its own.
#ifndef OCA_T_INTEGRATION_55_HTTP_HTTP_SERVER_H_
#define OCA_T_INTEGRATION_55_HTTP_HTTP_SERVER_H_

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "absl/synchronization/notification.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/http/client.h"
#include "lib/http/server.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"
#include "t/support/tls_client.h"

namespace oca::http {

class HttpServer : public testing::Test {
 protected:
  // Answers with verb, target and size of the body; "/wait" waits for `go_on_`.
  void Start(Limits limits = {}) {
    ASSERT_OK(EnsureCertificate(files_, "test"));
    ASSERT_OK_AND_ASSIGN(server_, Server::Start({"127.0.0.1", 0, files_, limits},
                                                [this](const Request& r) { return Answer(r); }));
  }
  Response Answer(const Request& request) {
    ++requests_;
    if (request.target == "/wait") {
      waiting_.Notify();
      go_on_.WaitForNotification();
    }
    Response response;
    response.content_type = "text/plain";
    response.body =
        fmt::format("{} {} {} {}", request.verb, request.target, request.body.size(), request.peer);
    response.headers = {{"X-Sent", std::string(request.Header("x-sent"))}};
    return response;
  }
  absl::StatusOr<Response> Get(const std::string& target = "/") {
    return Fetch("127.0.0.1", server_->port(), {"GET", target}, absl::Seconds(30));
  }
  // All that the server says to these bytes until it ends the connection.
  std::string Say(std::string_view bytes) {
    support::TlsClient client(server_->port());
    EXPECT_TRUE(client.Send(bytes));
    std::string all = client.ReadAll();
    EXPECT_TRUE(client.ended()) << "it waits for more after: " << all;
    return all;
  }
  // It still answers others.
  void ExpectServes() {
    auto response = Get("/alive");
    ASSERT_OK(response);
    EXPECT_EQ(response->body, "GET /alive 0 127.0.0.1");
  }

  support::TempDir folder_;
  CertificateFiles files_{folder_.Path("server.crt"), folder_.Path("server.key")};
  std::atomic<int> requests_ = 0;
  absl::Notification waiting_, go_on_;
  std::unique_ptr<Server> server_;
};

}  // namespace oca::http

#endif  // OCA_T_INTEGRATION_55_HTTP_HTTP_SERVER_H_
