#include "gateways/vtl/ocavtl/run.h"

#include <sstream>
#include <vector>

#include "gateways/vtl/ocavtl/library_commands.h"
#include "gateways/vtl/ocavtl/tape_target.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::vtl {
namespace {

using testing::HasSubstr;

class Ocavtl : public testing::Test {
 protected:
  // Runs it; the exit code. What it says is in out_ and err_.
  int Command(std::vector<std::string> args) {
    std::ostringstream out;
    std::ostringstream err;
    args.insert(args.begin() + 1, {"--library", dir_.Path("lib1")});
    Context context{out, err, [] {}, [] {}, "none"};
    int code = vtl::Run(args, context);
    out_ = out.str();
    err_ = err.str();
    return code;
  }
  int Create() {
    return Command({"create", "--serial", "LIB001", "--barcode_prefix", "AFNGC6", "--no_of_drives",
                    "2", "--slots", "2", "--mail_slots", "1"});
  }

  support::TempDir dir_;
  std::string out_;
  std::string err_;
};

TEST_F(Ocavtl, MakesALibraryAndShowsIt) {
  EXPECT_EQ(Create(), 0) << err_;
  EXPECT_EQ(Create(), 1);
  EXPECT_THAT(err_, HasSubstr("a library is there already"));
  EXPECT_EQ(Command({"add_carts", "--no_of_tapes", "2", "--tape_size", "10GB"}), 0) << err_;
  EXPECT_EQ(out_, "AFNGC6000\nAFNGC6001\n");
  EXPECT_EQ(Command({"show", "--json"}), 0);
  auto json = nlohmann::json::parse(out_);
  EXPECT_EQ(json["serial"], "LIB001");
  EXPECT_EQ(json["elements"].size(), 2u + 2 + 1);
  EXPECT_EQ(json["elements"][0]["serial"], "LIB0010001");
  EXPECT_EQ(json["elements"][0]["product"], "ULT3580-TD4");
  EXPECT_TRUE(json["elements"][0]["barcode"].is_null());
  EXPECT_EQ(json["elements"][2]["barcode"], "AFNGC6000");
  EXPECT_EQ(Command({"show"}), 0);
  EXPECT_THAT(out_, HasSubstr("slot         1001  AFNGC6001\n"));
}

TEST_F(Ocavtl, TapesGoOutAndComeIn) {
  ASSERT_EQ(Create(), 0);
  ASSERT_EQ(Command({"add_carts", "--tape_size", "10GB"}), 0);
  EXPECT_EQ(Command({"export_cart", "--address", "1000"}), 0) << err_;
  EXPECT_EQ(Command({"export_cart", "--address", "1000"}), 1);
  EXPECT_EQ(Command({"show"}), 0);
  EXPECT_THAT(out_, HasSubstr("shelf           -  AFNGC6000\n"));
  EXPECT_EQ(Command({"import_cart", "--barcode", "AFNGC6000", "--address", "10"}), 0) << err_;
  EXPECT_EQ(Command({"show"}), 0);
  EXPECT_THAT(out_, HasSubstr("mail_slot      10  AFNGC6000\n"));
}

TEST_F(Ocavtl, WrongArgumentsSayWhatIsWrong) {
  EXPECT_EQ(Command({"create", "--serial", "TOOLONG1", "--barcode_prefix", "AFNGC6"}), 2);
  EXPECT_THAT(err_, HasSubstr("serial"));
  EXPECT_EQ(Command({"show"}), 1);
  ASSERT_EQ(Create(), 0);
  EXPECT_EQ(Command({"add_carts", "--tape_size", "10"}), 2);
  EXPECT_THAT(err_, HasSubstr("tape size '10': give a number with MB, GB or TB"));
  EXPECT_EQ(Command({"serve", "--target", "iqn.2026-11.local:x"}), 2);
  EXPECT_THAT(err_, HasSubstr("nobody may log in"));
  EXPECT_EQ(Command({"unknown"}), 2);
}

TEST_F(Ocavtl, PasswordsAreThoseThatHostsTake) {
  auto check = [](const char* user, const char* password, const char* mutual_user,
                  const char* mutual_password) {
    return CheckChap({.user = user,
                      .password = crypto::Secret(password),
                      .mutual_user = mutual_user,
                      .mutual_password = crypto::Secret(mutual_password)});
  };
  EXPECT_OK(check("", "", "", ""));
  EXPECT_OK(check("backup", "twelve-bytes", "", ""));
  EXPECT_OK(check("backup", "sixteen-bytes-16", "tape", "another-pass"));
  EXPECT_FALSE(check("backup", "eleven-byte", "", "").ok());
  EXPECT_FALSE(check("backup", "seventeen-bytes-1", "", "").ok());
  EXPECT_FALSE(check("backup", "twelve bytes", "", "").ok());
  EXPECT_FALSE(check("back up", "twelve-bytes", "", "").ok());
  EXPECT_FALSE(check("backup", "twelve-bytes", "backup", "another-pass").ok());
  EXPECT_FALSE(check("backup", "twelve-bytes", "tape", "twelve-bytes").ok());
  EXPECT_FALSE(check("backup", "twelve-bytes", "tape", "short").ok());
  EXPECT_FALSE(check("", "", "tape", "another-pass").ok());
  EXPECT_EQ(Command({"serve", "--target", "iqn.2026-11.local:x", "--chap_user", "backup"}), 2);
  EXPECT_THAT(err_, HasSubstr("--chap_password_file"));
}

}  // namespace
}  // namespace oca::vtl
