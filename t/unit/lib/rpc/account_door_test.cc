#include "lib/rpc/account_door.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/cord.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/base/status.h"
#include "lib/rpc/unix_socket.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::rpc {
namespace {

using absl::StatusCode;
using support::StatusIs;

constexpr absl::Duration kSoon = absl::Seconds(30);

// A connection to the socket at `path`; the caller closes it.
int Connected(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return fd;
}

TEST(AccountDoor, TellsWhoKnocksAndBringsTheAnswer) {
  support::TempDir dir;
  std::vector<Knock> knocks;
  ASSERT_OK_AND_ASSIGN(auto door,
                       AccountDoor::Open(dir.Path("d"), std::nullopt, [&](const Knock& knock) {
                         knocks.push_back(knock);
                         return std::string("a token");
                       }));
  ASSERT_OK_AND_ASSIGN(std::string token, KnockAt(dir.Path("d"), "ssh 192.0.2.7", "123456", kSoon));
  EXPECT_EQ(token, "a token");
  ASSERT_OK(KnockAt(dir.Path("d"), "\x1b[1m\n" + std::string(200, 'x'), "", kSoon).status());
  ASSERT_EQ(knocks.size(), 2u);
  EXPECT_EQ(knocks[0].account, ::geteuid());
  EXPECT_EQ(knocks[0].origin, "ssh 192.0.2.7");
  EXPECT_EQ(knocks[0].one_time_code, "123456");
  EXPECT_EQ(knocks[1].origin, "?[1m?" + std::string(123, 'x'));
  struct stat st;
  ASSERT_EQ(::stat(dir.Path("d").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0600u);
  door.reset();
  EXPECT_THAT(KnockAt(dir.Path("d"), "", "", kSoon), StatusIs(StatusCode::kUnavailable));
}

TEST(AccountDoor, ARefusalArrivesWithItsPayloads) {
  support::TempDir dir;
  ASSERT_OK_AND_ASSIGN(auto door, AccountDoor::Open(dir.Path("d"), std::nullopt, [](const Knock&) {
                         absl::Status status = absl::UnauthenticatedError("who are you?");
                         status.SetPayload("type", absl::Cord("code-needed"));
                         return absl::StatusOr<std::string>(status);
                       }));
  absl::Status refused = KnockAt(dir.Path("d"), "", "", kSoon).status();
  EXPECT_THAT(refused, StatusIs(StatusCode::kUnauthenticated));
  EXPECT_EQ(MessageOf(refused), "who are you?");
  EXPECT_EQ(refused.GetPayload("type"), absl::Cord("code-needed"));
}

TEST(AccountDoor, WhoSaysNothingOrNonsenseHoldsNobodyUpForLong) {
  support::TempDir dir;
  int answers = 0;
  ASSERT_OK_AND_ASSIGN(auto door, AccountDoor::Open(dir.Path("d"), std::nullopt, [&](const Knock&) {
                         ++answers;
                         return std::string("a token");
                       }));
  const int silent = Connected(dir.Path("d"));
  EXPECT_TRUE(SocketAnswers(dir.Path("d")));
  for (const std::string& nonsense : {std::string("\xff\xff\xff"), std::string(100'000, 'x')}) {
    const int fd = Connected(dir.Path("d"));
    // The door may close before it has read all.
    [[maybe_unused]] const ssize_t sent =
        ::send(fd, nonsense.data(), nonsense.size(), MSG_NOSIGNAL);
    ::close(fd);
  }
  EXPECT_OK(KnockAt(dir.Path("d"), "", "", kSoon).status());
  EXPECT_EQ(answers, 1);
  ::close(silent);
}

TEST(AccountDoor, IsNotOpenedInAFolderThatIsOpenToOthers) {
  support::TempDir dir;
  ASSERT_EQ(::chmod(dir.path().c_str(), 0755), 0);
  EXPECT_THAT(
      AccountDoor::Open(dir.Path("d"), std::nullopt, [](const Knock&) { return std::string(); }),
      StatusIs(StatusCode::kPermissionDenied));
}

}  // namespace
}  // namespace oca::rpc
