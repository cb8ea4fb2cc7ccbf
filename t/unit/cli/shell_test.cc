#include "cli/shell.h"

#include "cli/words.h"
#include "lib/api/problem.h"
#include "lib/rpc/account_door.h"
#include "t/unit/cli/cli_test.h"

namespace oca::cli {
namespace {

using testing::ElementsAre;

TEST(SplitWords, AsAShellDoesWithoutExpanding) {
  ASSERT_OK_AND_ASSIGN(auto words, SplitWords("  container   --show\t--name 'a b'\"c d\"e\\ f "));
  EXPECT_THAT(words, ElementsAre("container", "--show", "--name", "a bc de f"));
  ASSERT_OK_AND_ASSIGN(words, SplitWords("'' \"\" x"));
  EXPECT_THAT(words, ElementsAre("", "", "x"));
  ASSERT_OK_AND_ASSIGN(words, SplitWords(R"("a\"b\\c\d" '$HOME `id` \' * ~)"));
  EXPECT_THAT(words, ElementsAre("a\"b\\c\\d", "$HOME `id` \\", "*", "~"));
  ASSERT_OK_AND_ASSIGN(words, SplitWords(""));
  EXPECT_THAT(words, ElementsAre());
}

TEST(SplitWords, RefusesWhatAShellWouldDoSomethingWith) {
  for (const char* line : {"a; b", "a | b", "a && b", "a & b", "a > f", "a < f", "$(id)", "`id`",
                           "$HOME", "a\nb", "(a)", "'a", "\"a", "a\\", "a\rb"}) {
    EXPECT_FALSE(SplitWords(line).ok()) << line;
  }
  EXPECT_FALSE(SplitWords(std::string_view("a\0b", 3)).ok());
}

class Shell : public Cli {
 protected:
  int Enter(const std::vector<std::string>& args, const std::string& command,
            const std::string& input = "") {
    out_.str("");
    err_.str("");
    in_.clear();
    in_.str(input);
    Context context{in_, out_, err_, terminal_, terminal_, "/nowhere", [](absl::Duration) {}};
    return RunShell(args, {.command = command, .address = "192.0.2.7", .account = "eve"}, context);
  }
  void SetUp() override {
    Cli::SetUp();
    ASSERT_EQ(::mkdir(home_.Path("ssh").c_str(), 0700), 0);
    ASSERT_OK_AND_ASSIGN(
        visitors_, rpc::UnixServer::Start(api::SshSocket(home_.path()), {&management_, &users_}));
  }
  std::vector<std::string> ForEve() { return {"--home", home_.path(), "--user", "eve"}; }

  std::unique_ptr<rpc::UnixServer> visitors_;
};

TEST_F(Shell, RunsOneCommandForItsUser) {
  ASSERT_EQ(Enter(ForEve(), "audit --show"), 0);
  EXPECT_THAT(UserCalls(), ElementsAre("{eve from ssh 192.0.2.7} ListAudit: limit: 100"));
  ASSERT_EQ(Enter(ForEve(), "oca container --show --names_only"), 0);
  EXPECT_EQ(out_.str(), "a1\nb2\n");
  EXPECT_EQ(Enter(ForEve(), "container --show --name nothere | sh"), kUsage);
  EXPECT_EQ(Enter(ForEve(), "sh -c id"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("there is no group 'sh'"));
}

TEST_F(Shell, OtherHomesAndLoginsAreNotOffered) {
  EXPECT_EQ(Enter(ForEve(), "container --show --home " + home_.path()), kUsage);
  EXPECT_EQ(Enter(ForEve(), "--home " + home_.path() + " container --show"), kUsage);
  EXPECT_EQ(Enter(ForEve(), "container --show --login adam", "right\n"), kUsage);
  EXPECT_THAT(UserCalls(), ElementsAre());
}

TEST_F(Shell, SessionGoesOnAfterAnErrorAndEndsWithExit) {
  EXPECT_EQ(Enter(ForEve(), "", "nonsense\ncontainer --show --names_only\nexit\nuser --show\n"), 0);
  EXPECT_EQ(out_.str(), "a1\nb2\n");
  EXPECT_THAT(err_.str(), HasSubstr("nonsense"));
  terminal_ = true;
  EXPECT_EQ(Enter(ForEve(), "", "!sh\n"), kUsage);
  EXPECT_THAT(out_.str(), HasSubstr("eve@oca> "));
}

TEST_F(Shell, AsALoginShellItTakesOnlyItsOwnCommand) {
  const std::string own = "'/usr/bin/oca-shell' --home '" + home_.path() + "' --user eve";
  EXPECT_EQ(Enter({"-c", own}, "container --show --names_only"), 0);
  EXPECT_EQ(out_.str(), "a1\nb2\n");
  const std::vector<std::vector<std::string>> kOthers = {
      {},
      {"-c", "sh"},
      {"-c", "/usr/bin/oca-shell"},
      {"-c", own + " --user adam"},
      {"-c", own + "; sh"},
      {"-c", "/usr/lib/openssh/sftp-server"},
      {"-c", "x-oca-shell --home / --user eve"},
      {"--home", ""},
      {"--home"},
      {"--home", home_.path(), "--user"},
      {"--user", "eve", "--home", home_.path()},
      {"--home", home_.path(), "--user", ""},
      {"-i"},
      {"-l"},
  };
  for (const auto& args : kOthers) {
    EXPECT_EQ(Enter(args, "container --show"), kUsage) << testing::PrintToString(args);
    EXPECT_EQ(out_.str(), "");
  }
}

// For accounts: the door gives "t1" to who shows 123456, or whatever when no code is needed.
class AccountShell : public Shell {
 protected:
  void SetUp() override {
    Shell::SetUp();
    ASSERT_EQ(::mkdir(home_.Path("accounts").c_str(), 0700), 0);
    ASSERT_OK_AND_ASSIGN(entrance_, rpc::UnixServer::Start(api::AccountsSocket(home_.path()),
                                                           {&management_, &users_}));
    ASSERT_OK_AND_ASSIGN(
        door_, rpc::AccountDoor::Open(api::AccountsDoor(home_.path()), std::nullopt,
                                      [this](const rpc::Knock& knock) { return Answer(knock); }));
  }
  absl::StatusOr<std::string> Answer(const rpc::Knock& knock) {
    EXPECT_EQ(knock.origin, "ssh 192.0.2.7");
    if (is_closed_) return absl::UnauthenticatedError("Oca has no user 'eve'");
    if (!needs_code_ || knock.one_time_code == "123456") return std::string("t1");
    return api::OfType(absl::UnauthenticatedError("a code, the right one"), api::kCodeNeeded);
  }
  std::vector<std::string> ByAccount() { return {"--home", home_.path()}; }

  bool is_closed_ = false;
  bool needs_code_ = false;
  std::unique_ptr<rpc::UnixServer> entrance_;
  std::unique_ptr<rpc::AccountDoor> door_;
};

TEST_F(AccountShell, ItsUserSignsInByTheDoorAndIsSignedOutAtTheEnd) {
  ASSERT_EQ(Enter(ByAccount(), "audit --show"), 0);
  EXPECT_THAT(UserCalls(), ElementsAre("[t1] ListAudit: limit: 100", "[t1] Logout: "));
  terminal_ = true;
  ASSERT_EQ(Enter({"-c", "/usr/bin/oca-shell --home " + home_.path()}, "", "audit --show\nexit\n"),
            0);
  EXPECT_THAT(out_.str(), HasSubstr("eve@oca> "));
  EXPECT_THAT(UserCalls(), ElementsAre("[t1] ListAudit: limit: 100", "[t1] Logout: ",
                                       "[t1] ListAudit: limit: 100", "[t1] Logout: "));
  EXPECT_EQ(Enter(ByAccount(), "container --show --login adam", "right\n"), kUsage);
}

TEST_F(AccountShell, NothingIsRunForWhomTheDoorRefuses) {
  is_closed_ = true;
  EXPECT_EQ(Enter(ByAccount(), "audit --show"), kNotSignedIn);
  EXPECT_THAT(err_.str(), HasSubstr("Oca has no user 'eve'"));
  door_.reset();
  EXPECT_EQ(Enter(ByAccount(), "audit --show"), kUnreachable);
  EXPECT_THAT(UserCalls(), ElementsAre());
}

TEST_F(AccountShell, TheCodeOfASecondFactorComesFirst) {
  needs_code_ = true;
  EXPECT_EQ(Enter(ByAccount(), "audit --show"), kUsage);
  EXPECT_EQ(Enter(ByAccount(), "audit --show", "654321\n"), kNotSignedIn);
  EXPECT_THAT(UserCalls(), ElementsAre());
  ASSERT_EQ(Enter(ByAccount(), "", "123456\naudit --show\n"), 0);
  EXPECT_THAT(UserCalls(), ElementsAre("[t1] ListAudit: limit: 100", "[t1] Logout: "));
  terminal_ = true;
  ASSERT_EQ(Enter(ByAccount(), "audit --show", "123456\n"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Code of the second factor of user 'eve': "));
}

TEST_F(Cli, KeysAreAddedFromStandardInputAndDeleted) {
  in_.str("ssh-ed25519 AAAA eve@laptop\n");
  ASSERT_EQ(Oca("user --addkey --name eve"), 0);
  ASSERT_EQ(Oca("user --deletekey --name eve --fingerprint SHA256:x"), 0);
  EXPECT_THAT(UserCalls(),
              ElementsAre("AddUserKey: name: \"eve\" public_key: \"ssh-ed25519 AAAA eve@laptop\"",
                          "DeleteUserKey: name: \"eve\" fingerprint: \"SHA256:x\""));
  in_.str("");
  EXPECT_EQ(Oca("user --addkey --name eve"), kUsage);
  ASSERT_EQ(Oca("user --show --name eve"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("SSH Key         : SHA256:abc ssh-ed25519 laptop\n"));
}

}  // namespace
}  // namespace oca::cli
