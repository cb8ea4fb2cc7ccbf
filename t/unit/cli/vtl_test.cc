#include "t/unit/cli/cli_test.h"

namespace oca::cli {
namespace {

TEST_F(Cli, ATapeLibraryIsMadeWithItsContainer) {
  ASSERT_EQ(Oca("container --add --name lib1 --type VTL --tape_size 10GB --no_of_drives 2"), 0);
  EXPECT_EQ(LastCall(),
            "AddContainer: name: \"lib1\" type: CONTAINER_TYPE_VTL library { drives: 2 "
            "tape_size_bytes: 10000000000 }");
  ASSERT_EQ(Oca("container --add --name lib1 --type vtl --no_of_tapes 0 --is_oem yes "
                "--oem_vendor QUEST"),
            0);
  EXPECT_EQ(LastCall(),
            "AddContainer: name: \"lib1\" type: CONTAINER_TYPE_VTL library { tapes: 0 oem_vendor: "
            "\"QUEST\" }");
  for (const char* words :
       {"--no_of_drives 2", "--type local --tape_size 10GB", "--type VTL --tape_size 10GiB",
        "--type VTL --is_oem yes", "--type VTL --is_oem no --oem_vendor QUEST",
        "--type VTL --is_oem maybe", "--type NFS"}) {
    EXPECT_EQ(Oca(std::string("container --add --name lib1 ") + words), kUsage) << words;
  }
  ASSERT_EQ(Oca("vtl --update --name lib1 --no_of_drives 4"), 0);
  EXPECT_EQ(LastTapeCall(), "UpdateTapeLibrary: name: \"lib1\" drives: 4");
}

TEST_F(Cli, ATapeLibraryIsShown) {
  ASSERT_EQ(Oca("vtl --show --name lib1"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("State      : serving\n"));
  EXPECT_THAT(out_.str(), HasSubstr("ABCDEF000  10 GB"));
  EXPECT_THAT(out_.str(), HasSubstr("shelf"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("1000")));
  ASSERT_EQ(Oca("vtl --show --name lib1 --verbose"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("1000"));
  ASSERT_EQ(Oca("vtl --show --name lib1 --json"), 0);
  EXPECT_EQ(Json()["live"]["elements"][0]["type"], "drive");
  ASSERT_EQ(Oca("iscsi --sessions"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("iqn.2026-11.com.example:host"));
  ASSERT_EQ(Oca("iscsi --show"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("LUN 2: tape ULT3580-TD4"));
}

TEST_F(Cli, CartridgesAreAddedMovedAndDeleted) {
  ASSERT_EQ(Oca("vtl --update_carts --name lib1 --add --no_of_tapes 3"), 0);
  EXPECT_EQ(LastTapeCall(), "AddTapes: name: \"lib1\" count: 3");
  EXPECT_EQ(out_.str(), "ABCDEF007\n");
  ASSERT_EQ(Oca("vtl --add_carts --name lib1 --tape_size 400GB --worm"), 0);
  EXPECT_EQ(LastTapeCall(),
            "AddTapes: name: \"lib1\" count: 1 capacity_bytes: 400000000000 worm: true");
  EXPECT_EQ(Oca("vtl --update_carts --name lib1"), kUsage);
  EXPECT_EQ(Oca("vtl --delete_cart --name lib1 --barcode ABCDEF007"), kUsage);
  ASSERT_EQ(Oca("vtl --delete_cart --name lib1 --barcode ABCDEF007 --yes"), 0);
  EXPECT_EQ(LastTapeCall(), "DeleteTape: name: \"lib1\" barcode: \"ABCDEF007\"");
  ASSERT_EQ(Oca("vtl --export_cart --name lib1 --barcode ABCDEF000"), 0);
  EXPECT_EQ(LastTapeCall(), "ExportTape: name: \"lib1\" barcode: \"ABCDEF000\"");
  ASSERT_EQ(Oca("vtl --import_cart --name lib1 --barcode ABCDEF000 --address 11"), 0);
  EXPECT_EQ(LastTapeCall(), "ImportTape: name: \"lib1\" barcode: \"ABCDEF000\" address: 11");
  ASSERT_EQ(Oca("vtl --set_ro --name lib1 --id 500"), 0);
  EXPECT_EQ(LastTapeCall(), "SetTapeDriveMode: name: \"lib1\" address: 500 read_only: true");
  ASSERT_EQ(Oca("vtl --set_rw --name lib1"), 0);
  EXPECT_EQ(LastTapeCall(), "SetTapeDriveMode: name: \"lib1\"");
  ASSERT_EQ(Oca("vtl --update --name lib1 --portal auto"), 0);
  EXPECT_EQ(LastTapeCall(), "UpdateTapeLibrary: name: \"lib1\" portal: \"\"");
}

TEST_F(Cli, ConnectionsSayWhoMayLogIn) {
  ASSERT_EQ(Oca("connection --show"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("/mnt/a1"));
  EXPECT_THAT(out_.str(), HasSubstr("yes, with a problem"));
  ASSERT_EQ(Oca("connection --add --name lib1 --type ISCSI --initiators iqn.a:b,iqn.a:c"), 0);
  EXPECT_EQ(LastTapeCall(),
            "AddConnection: name: \"lib1\" type: CONNECTION_TYPE_ISCSI initiators: \"iqn.a:b\" "
            "initiators: \"iqn.a:c\" chap_user: \"iscsi_user\"");
  in_.str("target-secret\n");
  ASSERT_EQ(Oca("connection --add --name lib1 --type iscsi --initiators 10.0.0.0/8 --chap_user eve "
                "--target_user tape"),
            0);
  EXPECT_THAT(LastTapeCall(), HasSubstr("chap_user: \"eve\" target_user: \"tape\" "
                                        "target_password: \"target-secret\""));
  EXPECT_EQ(Oca("connection --add --name lib1 --type NFS --initiators iqn.a:b"), kUsage);
  ASSERT_EQ(Oca("connection --disable --name lib1"), 0);
  EXPECT_EQ(LastTapeCall(), "UpdateConnection: name: \"lib1\" enabled: false");
  ASSERT_EQ(Oca("connection --update --name lib1 --target_user none --revision 3"), 0);
  EXPECT_EQ(LastTapeCall(), "UpdateConnection: name: \"lib1\" target_user: \"\" revision: 3");
  ASSERT_EQ(Oca("connection --delete --name lib1 --yes"), 0);
  EXPECT_EQ(LastTapeCall(), "DeleteConnection: name: \"lib1\"");
}

TEST_F(Cli, ChapPasswordsAreThoseThatHostsTake) {
  in_.str("twelve-bytes\n");
  ASSERT_EQ(Oca("iscsi --setpassword"), 0);
  EXPECT_THAT(UserCalls().back(), HasSubstr("SetUserPassword: name: \"iscsi_user\""));
  in_.str("short\n");
  EXPECT_EQ(Oca("iscsi --setpassword --user eve"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("12 to 16"));
  ASSERT_EQ(Oca("iscsi --setpassword --user eve --generate_password"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("made-up"));
}

}  // namespace
}  // namespace oca::cli
