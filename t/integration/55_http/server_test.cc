// lib/http's server: requests, connections, certificates, its end.
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "lib/io/file_system.h"
#include "t/integration/55_http/http_server.h"

namespace oca::http {
namespace {

using support::StatusIs;
using support::TlsClient;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

TEST_F(HttpServer, AnswersOverTls) {
  Start();
  ASSERT_OK_AND_ASSIGN(
      Response response,
      Fetch("127.0.0.1", server_->port(),
            {"POST", "/a?b", {{"x-sent", "yes"}}, std::string(1000, 'x')}, absl::Seconds(30)));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "POST /a?b 1000 127.0.0.1");
  EXPECT_EQ(response.content_type, "text/plain");
  EXPECT_THAT(response.headers, AllOf(Contains(Pair("x-sent", "yes")),
                                      Contains(Pair("x-content-type-options", "nosniff")),
                                      Contains(Pair("cache-control", "no-store"))));
}

TEST_F(HttpServer, HeadHasNoBody) {
  Start();
  const std::string both = Say(
      "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(both, AllOf(HasSubstr("Content-Length: 19\r\n"), Not(HasSubstr("HEAD /a")),
                          HasSubstr("GET /b 0 127.0.0.1")));
}

TEST_F(HttpServer, ConnectionsAreKeptAndPipelinedRequestsAnsweredInOrder) {
  Start();
  std::string many;
  for (int i = 0; i < 20; ++i) {
    many += fmt::format("GET /{} HTTP/1.1\r\nHost: x\r\n{}\r\n", i,
                        i == 19 ? "Connection: close\r\n" : "");
  }
  const std::string all = Say(many);
  size_t at = 0;
  for (int i = 0; i < 20; ++i) {
    at = all.find(fmt::format("GET /{} 0", i), at);
    ASSERT_NE(at, std::string::npos) << i;
  }
  EXPECT_EQ(requests_, 20);
}

TEST_F(HttpServer, ClientsThatWaitForContinueGetIt) {
  Start();
  TlsClient client(server_->port());
  client.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 100 "));
  client.Send("ab");
  EXPECT_THAT(client.ReadUntil("127.0.0.1"), HasSubstr("POST / 2"));
}

TEST_F(HttpServer, ManyAtOnce) {
  Start();
  std::vector<std::thread> clients;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      for (int j = 0; j < 10; ++j) {
        auto response = Get();
        if (response.ok() && response->status == 200) ++good;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(good, 80);
}

TEST_F(HttpServer, OneAddressCannotTakeAllConnections) {
  Limits limits;
  limits.connections_of_one_address = 2;
  Start(limits);
  auto first = std::make_unique<TlsClient>(server_->port());
  TlsClient second(server_->port());
  ASSERT_TRUE(first->connected() && second.connected());
  EXPECT_FALSE(TlsClient(server_->port()).connected());
  first.reset();
  // Its place is free once the server has seen the end.
  const absl::Time deadline = absl::Now() + absl::Seconds(60);
  while (!Get().ok()) ASSERT_LT(absl::Now(), deadline);
}

TEST_F(HttpServer, OldVersionsOfTlsAreRefused) {
  Start();
  EXPECT_FALSE(TlsClient(server_->port(), TLS1_1_VERSION).connected());
  EXPECT_TRUE(TlsClient(server_->port(), TLS1_2_VERSION).connected());
  EXPECT_TRUE(TlsClient(server_->port(), TLS1_3_VERSION).connected());
}

TEST_F(HttpServer, ANewCertificateIsSeenWithoutARestart) {
  Start();
  ASSERT_OK_AND_ASSIGN(std::string first, FingerprintOf(files_.certificate));
  TlsClient old(server_->port());
  EXPECT_EQ(old.Fingerprint(), first);
  const CertificateFiles other{folder_.Path("other.crt"), folder_.Path("other.key")};
  ASSERT_OK(EnsureCertificate(other, "other"));
  ASSERT_OK_AND_ASSIGN(std::string second, FingerprintOf(other.certificate));
  // Half of it: no pair, so the old one stays.
  ASSERT_OK(io::PosixFileSystem().Rename(other.certificate, files_.certificate));
  ExpectServes();
  ASSERT_OK(io::PosixFileSystem().Rename(other.key, files_.key));
  const absl::Time deadline = absl::Now() + absl::Seconds(60);
  while (TlsClient(server_->port()).Fingerprint() != second) {
    ASSERT_LT(absl::Now(), deadline);
  }
  // Who is connected goes on.
  old.Send("GET /old HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(old.ReadUntil("127.0.0.1"), HasSubstr("GET /old"));
}

TEST_F(HttpServer, DoesNotStartWithoutWhatItNeeds) {
  Start();
  const auto handler = [](const Request&) { return Response(); };
  EXPECT_THAT(Server::Start({"127.0.0.1", server_->port(), files_}, handler),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(Server::Start({"nowhere", 0, files_}, handler),
              StatusIs(absl::StatusCode::kInvalidArgument));
  ASSERT_EQ(::chmod(files_.key.c_str(), 0644), 0);
  EXPECT_THAT(Server::Start({"127.0.0.1", 0, files_}, handler),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  ASSERT_EQ(::chmod(files_.key.c_str(), 0600), 0);
  std::ofstream(files_.certificate) << "nonsense";
  EXPECT_THAT(Server::Start({"127.0.0.1", 0, files_}, handler),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(HttpServer, StopWaitsForAnswersAndForNobodyElse) {
  Start();
  TlsClient idle(server_->port());
  TlsClient half(server_->port());
  half.Send("GET / HT");
  TlsClient working(server_->port());
  working.Send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
  waiting_.WaitForNotification();
  std::thread stopper([&] { server_->Stop(absl::Seconds(60)); });
  idle.ReadAll();
  EXPECT_TRUE(idle.ended());
  half.ReadAll();
  EXPECT_TRUE(half.ended());
  go_on_.Notify();
  EXPECT_THAT(working.ReadAll(), AllOf(HasSubstr("GET /wait"), HasSubstr("Connection: close")));
  stopper.join();
}

TEST_F(HttpServer, StopDoesNotWaitForever) {
  Start();
  TlsClient working(server_->port());
  working.Send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
  waiting_.WaitForNotification();
  std::thread stopper([&] { server_->Stop(absl::Milliseconds(10)); });
  // The connection ends while the handler still works.
  EXPECT_EQ(working.ReadAll(), "");
  EXPECT_TRUE(working.ended());
  go_on_.Notify();
  stopper.join();
}

}  // namespace
}  // namespace oca::http
