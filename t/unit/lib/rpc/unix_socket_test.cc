#include "lib/rpc/unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <thread>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/api/fs.grpc.pb.h"
#include "lib/base/status.h"
#include "lib/rpc/status.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::rpc {
namespace {

using absl::StatusCode;
using support::StatusIs;

class OneMethod final : public fs::v1::Fs::Service {
 public:
  grpc::Status DeleteContainer(grpc::ServerContext*, const fs::v1::DeleteContainerRequest* in,
                               fs::v1::DeleteContainerResponse*) override {
    return ToGrpc(PosixError(ENOTEMPTY, std::to_string(in->id())));
  }
};

// Answers when it is told to.
class SlowMethod final : public fs::v1::Fs::Service {
 public:
  absl::Notification running, go_on;
  grpc::Status DeleteContainer(grpc::ServerContext*, const fs::v1::DeleteContainerRequest*,
                               fs::v1::DeleteContainerResponse*) override {
    running.Notify();
    go_on.WaitForNotification();
    return ToGrpc(PosixError(ENOTEMPTY, "slow"));
  }
};

absl::Status Call(const std::string& path, absl::Duration timeout = absl::Seconds(10)) {
  auto channel = UnixChannel(path);
  if (!channel.ok()) return channel.status();
  grpc::ClientContext context;
  SetTimeout(&context, timeout);
  fs::v1::DeleteContainerRequest request;
  request.set_id(7);
  fs::v1::DeleteContainerResponse response;
  return FromGrpc(fs::v1::Fs::NewStub(*channel)->DeleteContainer(&context, request, &response));
}

TEST(UnixSocket, CallReachesTheServerAndItsErrnoComesBack) {
  support::TempDir dir;
  OneMethod service;
  ASSERT_OK_AND_ASSIGN(auto server, UnixServer::Start(dir.Path("s"), {&service}));
  absl::Status status = Call(dir.Path("s"));
  EXPECT_ERRNO(status, ENOTEMPTY);
  EXPECT_THAT(std::string(MessageOf(status)), testing::HasSubstr("7: "));
}

TEST(UnixSocket, SocketIsClosedToOthersAndRemovedByStop) {
  support::TempDir dir;
  OneMethod service;
  ASSERT_OK_AND_ASSIGN(auto server, UnixServer::Start(dir.Path("s"), {&service}));
  struct stat st;
  ASSERT_EQ(::stat(dir.Path("s").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0600u);
  EXPECT_TRUE(SocketAnswers(dir.Path("s")));
  server->Stop(absl::Seconds(1));
  server.reset();
  EXPECT_FALSE(SocketAnswers(dir.Path("s")));
  EXPECT_EQ(::stat(dir.Path("s").c_str(), &st), -1);
}

TEST(UnixSocket, StartFailsWhenTheFolderIsOpenToOthers) {
  support::TempDir dir;
  OneMethod service;
  ASSERT_EQ(::chmod(dir.path().c_str(), 0750), 0);
  absl::Status status = UnixServer::Start(dir.Path("s"), {&service}).status();
  EXPECT_THAT(status, StatusIs(StatusCode::kPermissionDenied));
  EXPECT_THAT(std::string(MessageOf(status)), testing::HasSubstr(dir.path()));
}

TEST(UnixSocket, SharedOneIsForItsGroupAndNobodyElse) {
  support::TempDir dir;
  OneMethod service;
  ASSERT_EQ(::chmod(dir.path().c_str(), 0750), 0);
  struct stat st;
  ASSERT_EQ(::stat(dir.path().c_str(), &st), 0);
  {
    ASSERT_OK_AND_ASSIGN(auto server, UnixServer::Start(dir.Path("s"), {&service}, st.st_gid));
    ASSERT_EQ(::stat(dir.Path("s").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777, 0660u);
  }
  EXPECT_THAT(UnixServer::Start(dir.Path("s"), {&service}, st.st_gid + 1),
              StatusIs(StatusCode::kPermissionDenied));
  for (mode_t mode : {0751, 0754, 0770}) {
    ASSERT_EQ(::chmod(dir.path().c_str(), mode), 0);
    EXPECT_THAT(UnixServer::Start(dir.Path("s"), {&service}, st.st_gid),
                StatusIs(StatusCode::kPermissionDenied))
        << mode;
  }
}

TEST(UnixSocket, StartFailsWhenTheFolderIsMissing) {
  support::TempDir dir;
  OneMethod service;
  EXPECT_ERRNO(UnixServer::Start(dir.Path("none/s"), {&service}), ENOENT);
}

TEST(UnixSocket, StartFailsWhenALivingServerIsThere) {
  support::TempDir dir;
  OneMethod service, other;
  ASSERT_OK_AND_ASSIGN(auto server, UnixServer::Start(dir.Path("s"), {&service}));
  EXPECT_THAT(UnixServer::Start(dir.Path("s"), {&other}).status(),
              StatusIs(StatusCode::kAlreadyExists));
  EXPECT_ERRNO(Call(dir.Path("s")), ENOTEMPTY);
}

// A socket at `path` without a server.
int BareSocket(const std::string& path) {
  int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return fd;
}

TEST(UnixSocket, StartReplacesTheSocketOfADeadServer) {
  support::TempDir dir;
  ::close(BareSocket(dir.Path("s")));
  OneMethod service;
  ASSERT_OK_AND_ASSIGN(auto server, UnixServer::Start(dir.Path("s"), {&service}));
  EXPECT_ERRNO(Call(dir.Path("s")), ENOTEMPTY);
}

TEST(UnixSocket, PathBeyondTheKernelsLimitIsRefusedByName) {
  std::string path = "/" + std::string(kMaxSocketPathBytes - 1, 'a');
  EXPECT_OK(CheckSocketPath(path));
  absl::Status status = CheckSocketPath(path + "a");
  EXPECT_THAT(status, StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(MessageOf(status)), testing::HasSubstr("108 bytes"));
  EXPECT_THAT(UnixChannel(path + "a").status(), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(CheckSocketPath("var/run/s"), StatusIs(StatusCode::kInvalidArgument));
}

TEST(UnixSocket, CallFailsSoonWhenNobodyServes) {
  support::TempDir dir;
  absl::Time start = absl::Now();
  EXPECT_THAT(Call(dir.Path("s")), StatusIs(StatusCode::kUnavailable));
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
}

// A server on a busy machine: connected to, but its first frame is late.
TEST(UnixSocket, CallHasItsWholeTimeWhenTheServerIsSlow) {
  support::TempDir dir;
  int fd = BareSocket(dir.Path("s"));
  ASSERT_EQ(::listen(fd, 8), 0);
  EXPECT_THAT(Call(dir.Path("s"), absl::Seconds(1)), StatusIs(StatusCode::kDeadlineExceeded));
  ::close(fd);
}

TEST(UnixSocket, StopEndsConnectionsWithoutACall) {
  support::TempDir dir;
  OneMethod service;
  ASSERT_OK_AND_ASSIGN(auto channel, UnixChannel(dir.Path("s")));
  ASSERT_OK_AND_ASSIGN(auto server, UnixServer::Start(dir.Path("s"), {&service}));
  grpc::ClientContext context;
  SetTimeout(&context, absl::Seconds(60));
  fs::v1::DeleteContainerResponse response;
  EXPECT_ERRNO(FromGrpc(fs::v1::Fs::NewStub(channel)->DeleteContainer(
                   &context, fs::v1::DeleteContainerRequest(), &response)),
               ENOTEMPTY);
  server->Stop(absl::Hours(1));
  EXPECT_FALSE(SocketAnswers(dir.Path("s")));
}

// A call that runs is not cut off.
TEST(UnixSocket, StopWaitsForTheCallThatRuns) {
  support::TempDir dir;
  SlowMethod service;
  ASSERT_OK_AND_ASSIGN(auto server, UnixServer::Start(dir.Path("s"), {&service}));
  absl::Status status = absl::UnknownError("no answer");
  std::thread caller([&] { status = Call(dir.Path("s"), absl::Hours(1)); });
  service.running.WaitForNotification();
  std::thread stopper([&] { server->Stop(absl::Hours(1)); });
  // Nobody listens any more: the stop has begun.
  while (SocketAnswers(dir.Path("s"))) std::this_thread::yield();
  service.go_on.Notify();
  caller.join();
  stopper.join();
  EXPECT_ERRNO(status, ENOTEMPTY);
}

// One channel outlives its server: a daemon that is restarted is found again.
TEST(UnixSocket, ChannelFindsARestartedServer) {
  support::TempDir dir;
  OneMethod service;
  ASSERT_OK_AND_ASSIGN(auto channel, UnixChannel(dir.Path("s")));
  auto stub = fs::v1::Fs::NewStub(channel);
  auto call = [&](bool wait) {
    grpc::ClientContext context;
    SetTimeout(&context, absl::Seconds(30));
    context.set_wait_for_ready(wait);
    fs::v1::DeleteContainerRequest request;
    fs::v1::DeleteContainerResponse response;
    return FromGrpc(stub->DeleteContainer(&context, request, &response));
  };
  ASSERT_OK_AND_ASSIGN(auto first, UnixServer::Start(dir.Path("s"), {&service}));
  EXPECT_ERRNO(call(false), ENOTEMPTY);
  first->Stop(absl::Seconds(1));
  first.reset();
  EXPECT_THAT(call(false), StatusIs(StatusCode::kUnavailable));
  OneMethod again;
  ASSERT_OK_AND_ASSIGN(auto second, UnixServer::Start(dir.Path("s"), {&again}));
  EXPECT_ERRNO(call(true), ENOTEMPTY);
}

}  // namespace
}  // namespace oca::rpc
