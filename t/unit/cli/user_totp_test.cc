#include "t/unit/cli/cli_test.h"

namespace oca::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(Cli, ALoginAsksForTheCodeThatIsNeeded) {
  in_.str("right\n123456\n");
  ASSERT_EQ(Oca("audit --show --login mfa"), 0) << err_.str();
  EXPECT_THAT(UserCalls(),
              ElementsAre("Login: name: \"mfa\" password: \"right\" one_time_code: \"123456\"",
                          "[t1] ListAudit: limit: 100", "[t1] Logout: "));
  in_.str("right\n000000\n");
  EXPECT_EQ(Oca("audit --show --login mfa"), kNotSignedIn);
  EXPECT_THAT(err_.str(), HasSubstr("not it"));
  in_.str("right\n");
  EXPECT_EQ(Oca("audit --show --login mfa"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("no code was given"));
  terminal_ = true;
  in_.str("right\n123456\n");
  ASSERT_EQ(Oca("audit --show --login mfa"), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("Code of the second factor of user 'mfa': "));
  EXPECT_EQ(echoes_, "-+-+");
}

TEST_F(Cli, ASecondFactorIsBegunAndConfirmed) {
  in_.str("right\n");
  ASSERT_EQ(Oca("user --totp --enable --login eve"), 0) << err_.str();
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("Secret: MZXW6YTB\n"), HasSubstr("otpauth://totp/"),
                                HasSubstr("oca user --totp --confirm")));
  in_.str("right\n123456\n");
  ASSERT_EQ(Oca("user totp --confirm --login eve"), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("  aaaa-bbbb\nThey are not shown again"));
  EXPECT_THAT(SecondFactorCalls(), ElementsAre("BeginTotp: password: \"right\"",
                                               "ConfirmTotp: one_time_code: \"123456\""));
  in_.str("right\n");
  ASSERT_EQ(Oca("user --totp --enable --login eve --json"), 0) << err_.str();
  EXPECT_EQ(Json()["secret"], "MZXW6YTB");
  in_.str("right\n123456\n");
  ASSERT_EQ(Oca("user --totp --confirm --login eve --json"), 0) << err_.str();
  EXPECT_EQ(Json()["one_time_codes"][0], "aaaa-bbbb");
}

TEST_F(Cli, OnATerminalBothAreOne) {
  terminal_ = true;
  in_.str("right\n123456\n");
  ASSERT_EQ(Oca("user --totp --enable --login eve"), 0) << err_.str();
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("MZXW6YTB"), HasSubstr("aaaa-bbbb")));
}

TEST_F(Cli, ASecondFactorIsShownDisabledAndReset) {
  ASSERT_EQ(Oca("user --totp"), 0) << err_.str();
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("adam  no"), HasSubstr("eve   yes")));
  ASSERT_EQ(Oca("user --totp --show --name eve --json"), 0) << err_.str();
  EXPECT_EQ(Json()["users"].size(), 1u);
  EXPECT_EQ(Json()["users"][0]["recovery_codes_left"], 9);
  in_.str("right\n");
  ASSERT_EQ(Oca("user --totp --disable --login eve"), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("'eve' signs in with the password alone"));
  in_.str("right\n");
  ASSERT_EQ(Oca("user --totp --recovery_codes --login eve"), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("cccc-dddd"));
  in_.str("");
  EXPECT_EQ(Oca("user --totp --reset --name eve"), kUsage);
  ASSERT_EQ(Oca("user --totp --reset --name eve --revision 3 --yes --json"), 0) << err_.str();
  EXPECT_EQ(Json()["has_totp"], false);
  EXPECT_THAT(SecondFactorCalls(), ElementsAre("DisableTotp: password: \"right\"",
                                               "RenewRecoveryCodes: password: \"right\"",
                                               "ResetTotp: name: \"eve\" revision: 3"));
}

TEST_F(Cli, WhatDoesNotGoTogetherAtASecondFactor) {
  EXPECT_EQ(Oca("user --totp --enable --disable"), kUsage);
  EXPECT_EQ(Oca("user --totp --revision 3"), kUsage);
  EXPECT_EQ(Oca("user --totp --disable --name eve"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("one's own"));
  EXPECT_EQ(Oca("user --totp --reset --yes"), kUsage);
  EXPECT_THAT(SecondFactorCalls(), IsEmpty());
}

}  // namespace
}  // namespace oca::cli
