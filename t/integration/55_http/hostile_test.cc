// What clients can do to a server that means it ill.
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "absl/time/clock.h"
#include "t/integration/55_http/http_server.h"
#include "t/support/random.h"

namespace oca::http {
namespace {

using support::TlsClient;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

Limits Short() {
  Limits limits;
  limits.handshake = absl::Milliseconds(300);
  limits.idle = absl::Milliseconds(600);
  limits.header = absl::Milliseconds(300);
  limits.body = absl::Milliseconds(300);
  return limits;
}

TEST_F(HttpServer, SlowHeadersAndBodiesGet408) {
  Start(Short());
  EXPECT_THAT(Say("GET / HTTP/1.1\r\nHo"),
              AllOf(StartsWith("HTTP/1.1 408 "), HasSubstr("application/problem+json"),
                    HasSubstr("did not arrive in time")));
  EXPECT_THAT(Say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"),
              StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(requests_, 0);
  ExpectServes();
}

// A byte now and then does not buy more time.
TEST_F(HttpServer, DripsAreNoProgress) {
  Start(Short());
  TlsClient client(server_->port());
  const absl::Time deadline = absl::Now() + absl::Seconds(60);
  client.Send("GET / HTTP/1.1\r\nX: ");
  while (client.Send("a")) {
    absl::Notification().WaitForNotificationWithTimeout(absl::Milliseconds(20));  // the pace
    if (absl::Now() > deadline) FAIL() << "the server still listens";
  }
  EXPECT_EQ(requests_, 0);
}

TEST_F(HttpServer, WhoSaysNothingIsLetGo) {
  Start(Short());
  EXPECT_EQ(Say(""), "");
  // Without even a handshake.
  const int fd = support::ConnectTo(server_->port());
  char byte = 0;
  EXPECT_EQ(::recv(fd, &byte, 1, 0), 0);
  ::close(fd);
}

TEST_F(HttpServer, ManySlowClientsDoNotKeepOthersOut) {
  Limits limits;
  limits.connections_of_one_address = 60;
  Start(limits);
  std::vector<std::unique_ptr<TlsClient>> slow;
  for (int i = 0; i < 40; ++i) {
    slow.push_back(std::make_unique<TlsClient>(server_->port()));
    slow.back()->Send("GET / HTTP/1.1\r\nX-");
  }
  ExpectServes();
}

TEST_F(HttpServer, HugeHeadersGet431) {
  Start();
  EXPECT_THAT(Say("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(Say("GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
  std::string many = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 3000; ++i) many += fmt::format("A{}: b\r\n", i);
  EXPECT_THAT(Say(many + "\r\n"), StartsWith("HTTP/1.1 431 "));
  EXPECT_EQ(requests_, 0);
  ExpectServes();
}

TEST_F(HttpServer, HugeBodiesGet413) {
  Start();
  EXPECT_THAT(Say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551615\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_EQ(requests_, 0);
  // As much as is allowed gets through.
  EXPECT_THAT(
      Say("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1048576\r\n\r\n" +
          std::string(1 << 20, 'x')),
      HasSubstr("POST / 1048576"));
}

TEST_F(HttpServer, ChunksWithoutEndGet413) {
  Start();
  TlsClient client(server_->port());
  client.Send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "4000\r\n" + std::string(0x4000, 'x') + "\r\n";
  for (int i = 0; i < 200 && client.Send(chunk); ++i) {
  }
  EXPECT_THAT(client.ReadAll(), StartsWith("HTTP/1.1 413 "));
  EXPECT_EQ(requests_, 0);
  // One byte a chunk, with a long extension each.
  std::string bomb = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  bomb += "1;x=" + std::string(60'000, 'y') + "\r\na\r\n0\r\n\r\n";
  EXPECT_THAT(Say(bomb), StartsWith("HTTP/1.1 4"));
  EXPECT_THAT(Say("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "ffffffffffffffff\r\n"),
              StartsWith("HTTP/1.1 4"));
  EXPECT_EQ(requests_, 0);
  ExpectServes();
}

// What a proxy before us might read in another way.
TEST_F(HttpServer, WhatIsNoRequestGets400) {
  Start();
  for (const char* bytes :
       {"\r\n\r\nnonsense\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n bad: fold\x01\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: "
        "chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    EXPECT_THAT(Say(bytes), StartsWith("HTTP/1.1 400 ")) << bytes;
  }
  EXPECT_EQ(requests_, 0);
  ExpectServes();
}

TEST_F(HttpServer, NoiseInPlaceOfTlsAndInsideIt) {
  Start(Short());
  support::Random random(7);
  for (int i = 0; i < 20; ++i) {
    const std::string noise = random.Bytes(1 + i * 50);
    const int fd = support::ConnectTo(server_->port());
    ::send(fd, noise.data(), noise.size(), MSG_NOSIGNAL);
    char bytes[4096];
    while (::recv(fd, bytes, sizeof bytes, 0) > 0) {
    }
    ::close(fd);
    TlsClient client(server_->port());
    client.Send(noise);
    client.ReadAll();
    EXPECT_TRUE(client.ended());
  }
  const int plain = support::ConnectTo(server_->port());
  const std::string_view request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  ::send(plain, request.data(), request.size(), MSG_NOSIGNAL);
  char byte = 0;
  while (::recv(plain, &byte, 1, 0) > 0) {
  }
  ::close(plain);
  EXPECT_EQ(requests_, 0);
  ExpectServes();
}

TEST_F(HttpServer, WhoDoesNotReadIsLetGo) {
  Limits limits = Short();
  limits.write = absl::Milliseconds(300);
  Start(limits);
  TlsClient client(server_->port());
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  const absl::Time deadline = absl::Now() + absl::Seconds(120);
  while (client.Send(many)) ASSERT_LT(absl::Now(), deadline);
  ExpectServes();
}

}  // namespace
}  // namespace oca::http
