// oca storage_group --encryption, --setpassphrase, --unlock, in-process.
#include <string>

#include "t/unit/cli/cli_test.h"

namespace oca::cli {
namespace {

using EncryptionCli = Cli;

TEST_F(EncryptionCli, PassphraseIsTheFirstLineOfStandardInput) {
  in_.str("open sesame\nand more\n");
  ASSERT_EQ(Oca("storage_group --setpassphrase --name g"), 0);
  EXPECT_EQ(LastCall(), "SetPassphrase: name: \"g\" passphrase: \"open sesame\"");
  in_.str("open sesame");
  ASSERT_EQ(Oca("storage_group --unlock --name g --json"), 0);
  EXPECT_EQ(LastCall(), "Unlock: name: \"g\" passphrase: \"open sesame\"");
  in_.str("\n");
  EXPECT_EQ(Oca("storage_group --unlock --name g"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("no passphrase"));
  in_.str("a wrong one\n");
  Fail(absl::PermissionDeniedError("the passphrase is wrong"));
  EXPECT_EQ(Oca("storage_group --unlock --name g"), kFailed);
  EXPECT_THAT(err_.str(), AllOf(HasSubstr("is wrong"), Not(HasSubstr("a wrong one"))));
}

TEST_F(EncryptionCli, PassphraseIsAskedForTwiceOnATerminalAndNotShown) {
  terminal_ = true;
  in_.str("open sesame\nopen sesame\n");
  ASSERT_EQ(Oca("storage_group --setpassphrase --name g"), 0);
  EXPECT_EQ(LastCall(), "SetPassphrase: name: \"g\" passphrase: \"open sesame\"");
  EXPECT_EQ(echoes_, "-+-+");
  EXPECT_THAT(out_.str(), Not(HasSubstr("sesame")));
  in_.str("open sesame\nopen says me\n");
  EXPECT_EQ(Oca("storage_group --setpassphrase --name g"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("different"));
  in_.str("open sesame\n");
  EXPECT_EQ(Oca("storage_group --unlock --name g"), 0);
}

TEST_F(EncryptionCli, EncryptionIsShownTurnedOnAndNeverOff) {
  ASSERT_EQ(Oca("storage_group --encryption --name DefaultGroup"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Encryption        : off\n"));
  EXPECT_EQ(LastCall(), "");
  EXPECT_EQ(Oca("storage_group --encryption --name DefaultGroup --set ON"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("--yes"));
  EXPECT_EQ(Oca("storage_group --encryption --name DefaultGroup --mode static"), kUsage);
  ASSERT_EQ(Oca("storage_group --encryption --name DefaultGroup --set ON --yes"), 0);
  EXPECT_EQ(LastCall(), "Encrypt: name: \"DefaultGroup\" mode: ENCRYPTION_MODE_STATIC");
  ASSERT_EQ(Oca("storage_group --encryption --name DefaultGroup --set ON --mode internal "
                "--interval 90days --yes"),
            0);
  EXPECT_EQ(LastCall(),
            "Encrypt: name: \"DefaultGroup\" mode: ENCRYPTION_MODE_INTERNAL rotation_seconds: "
            "7776000");
  for (const char* bad :
       {"--set ON --mode internal", "--set ON --interval 90days",
        "--set ON --mode internal --interval 6days", "--set maybe", "--set ON --mode rotating"}) {
    EXPECT_EQ(Oca(std::string("storage_group --encryption --yes --name DefaultGroup ") + bad),
              kUsage)
        << bad;
  }
  {
    absl::MutexLock lock(&management_.mu);
    management_.encrypted = true;
  }
  EXPECT_EQ(Oca("storage_group --encryption --name DefaultGroup --set OFF --yes"), kConflict);
  // It asks only before it is turned on.
  ASSERT_EQ(Oca("storage_group --encryption --name DefaultGroup --mode internal --interval 1year"),
            0);
  EXPECT_THAT(LastCall(), HasSubstr("rotation_seconds: 31536000"));
}

}  // namespace
}  // namespace oca::cli
