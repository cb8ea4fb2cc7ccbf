// The module in an unmodified tgtd: raw CDBs over iSCSI, several initiators, restarts, kill -9.
#include <memory>
#include <string>

#include "t/integration/60_vtl/iscsi_host.h"
#include "t/integration/60_vtl/tape_server.h"
#include "t/integration/60_vtl/units.h"

namespace oca::scsi {
namespace {

std::string MoveCdb(int source, int destination) {
  std::string cdb = Raw({0xa5, 0, 0, 0});
  for (int address : {source, destination}) PutBe(&cdb, address, 2);
  return cdb + std::string(4, '\0');
}

class TgtModule : public testing::Test {
 protected:
  // Logs in; the units' first word, that the session is new, is taken.
  std::unique_ptr<IscsiHost> NewHost(const std::string& name) {
    auto host = std::make_unique<IscsiHost>(server_.LoginAs("iqn.2026-11.local.test:" + name));
    EXPECT_EQ(host->error(), "");
    for (int lun : {kChanger, kTape, kTape + 1}) {
      EXPECT_SENSE(host->Send(lun, kReady), 6, 0x2900);
      EXPECT_GOOD(host->Send(lun, Raw({0x12, 0, 0, 0, 36, 0}), {}, 36));
    }
    return host;
  }
  void SetUp() override { host_ = NewHost("one"); }
  // A tape in the first drive, which all have heard of.
  void LoadTape() {
    EXPECT_GOOD(host_->Send(kChanger, MoveCdb(1000, 500)));
    EXPECT_SENSE(host_->Send(kTape, kReady), 6, 0x2800);
    EXPECT_GOOD(host_->Send(kTape, kReady));
  }

  TapeServer server_;
  std::unique_ptr<IscsiHost> host_;
};

TEST_F(TgtModule, UnitsSayWhatTheyAre) {
  const std::string inquiry = Raw({0x12, 0, 0, 0, 96, 0});
  EXPECT_EQ(host_->Send(kChanger, inquiry, {}, 96).data.substr(8, 16), "STK     L700    ");
  Answer drive = host_->Send(kTape, inquiry, {}, 96);
  EXPECT_EQ(drive.data[0], 1);
  EXPECT_EQ(drive.data.substr(8, 19), "IBM     ULT3580-TD6");
  EXPECT_EQ(host_->Send(kTape + 1, Raw({0x12, 1, 0x80, 0, 96, 0}), {}, 96).data.substr(4),
            "LIB0010002");
  Answer luns = host_->Send(kTape, Raw({0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}), {}, 256);
  EXPECT_EQ(luns.Number(0, 4), 4u * 8);
  EXPECT_EQ(luns.Number(8 + 3 * 8, 8), uint64_t{3} << 48);
  EXPECT_EQ(server_.Admin({"--op", "show", "--mode", "target"}), 0);
  EXPECT_NE(server_.log().find("Type: changer"), std::string::npos);
  EXPECT_NE(server_.log().find("Type: tape"), std::string::npos);
}

TEST_F(TgtModule, EveryCommandIsAnsweredByEveryUnit) {
  // Nothing that is sent, whatever it says, ends the session or takes more than it is given.
  LoadTape();
  for (int lun : {kChanger, kTape, kTape + 1}) {
    for (int opcode = 0; opcode < 256; ++opcode) {
      // CDBs of variable length say themselves how long they are.
      if (opcode == 0x7f || opcode == 0x7e) continue;
      for (int filler : {0x00, 0x01, 0xff}) {
        std::string cdb(16, static_cast<char>(filler));
        cdb[0] = static_cast<char>(opcode);
        Answer answer = host_->Send(lun, cdb, {}, 512);
        ASSERT_NE(static_cast<int>(answer.status), 0xff) << lun << " " << opcode;
        if (answer.status != Status::kGood) {
          EXPECT_EQ(answer.data.find('\xee'), std::string::npos) << lun << " " << opcode;
        }
        cdb[15] = 0;
        answer = host_->Send(lun, cdb, std::string(512, static_cast<char>(filler)));
        ASSERT_NE(static_cast<int>(answer.status), 0xff) << lun << " " << opcode;
      }
    }
  }
}

TEST_F(TgtModule, BlocksOfAllSizesComeBack) {
  LoadTape();
  for (size_t size : {1, 511, 65536, 1 << 20, 4 << 20}) {
    EXPECT_GOOD(WriteBlock(*host_, kTape, std::string(size, static_cast<char>(size % 251))));
  }
  EXPECT_GOOD(WriteMarks(*host_, kTape, 1));
  EXPECT_GOOD(host_->Send(kTape, Raw({0x01, 0, 0, 0, 0, 0})));
  for (size_t size : {1, 511, 65536, 1 << 20, 4 << 20}) {
    Answer answer = ReadBlock(*host_, kTape, size);
    EXPECT_GOOD(answer);
    EXPECT_EQ(answer.data, std::string(size, static_cast<char>(size % 251)));
  }
  Answer mark = ReadBlock(*host_, kTape, 4096);
  EXPECT_SENSE(mark, 0, 0x0001);
  EXPECT_TRUE(mark.filemark());
  EXPECT_EQ(mark.information(), 4096);
  EXPECT_TRUE(mark.data.empty());
  EXPECT_SENSE(ReadBlock(*host_, kTape, 4096), 8, 0x0005);
}

TEST_F(TgtModule, LongBuffersGetTheWholeShortBlock) {
  LoadTape();
  std::string block(65536, 'b');
  EXPECT_GOOD(WriteBlock(*host_, kTape, block));
  EXPECT_GOOD(host_->Send(kTape, Raw({0x01, 0, 0, 0, 0, 0})));
  Answer longer = ReadBlock(*host_, kTape, 70000);
  EXPECT_SENSE(longer, 0, 0);
  EXPECT_TRUE(longer.incorrect_length());
  EXPECT_EQ(longer.information(), 70000 - 65536);
  EXPECT_EQ(longer.data, block);
  EXPECT_GOOD(host_->Send(kTape, Raw({0x01, 0, 0, 0, 0, 0})));
  Answer shorter = ReadBlock(*host_, kTape, 1000);
  EXPECT_EQ(shorter.information(), 1000 - 65536);
  EXPECT_EQ(shorter.data, block.substr(0, 1000));
  EXPECT_GOOD(host_->Send(kTape, Raw({0x01, 0, 0, 0, 0, 0})));
  EXPECT_EQ(host_->Send(kTape, Raw({0x08, 0x02, 1, 0x11, 0x70, 0}), {}, 70000).data, block);
}

TEST_F(TgtModule, PositionsAreToldAndFound) {
  LoadTape();
  for (int i = 0; i < 5; ++i) WriteBlock(*host_, kTape, "block");
  WriteMarks(*host_, kTape, 1);
  EXPECT_EQ(Position(*host_, kTape), 6u);
  EXPECT_GOOD(host_->Send(kTape, Raw({0x2b, 0, 0, 0, 0, 0, 2, 0, 0, 0})));
  EXPECT_EQ(Position(*host_, kTape), 2u);
  EXPECT_GOOD(host_->Send(kTape, Raw({0x92, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0})));
  EXPECT_EQ(Position(*host_, kTape), 6u);
  EXPECT_GOOD(host_->Send(kTape, Raw({0x11, 0x01, 0xff, 0xff, 0xff, 0})));
  EXPECT_EQ(Position(*host_, kTape), 5u);
}

TEST_F(TgtModule, ElementsHaveTagsAndNames) {
  Answer all =
      host_->Send(kChanger, Raw({0xb8, 0x10, 0, 0, 0xff, 0xff, 1, 0, 0x10, 0, 0, 0}), {}, 4096);
  EXPECT_GOOD(all);
  EXPECT_EQ(all.Number(2, 2), 9u);
  EXPECT_EQ(all.Number(5, 3), all.data.size() - 8);
  EXPECT_NE(all.data.find("AFNGC6000 "), std::string::npos);
  EXPECT_NE(all.data.find("ULT3580-TD6     LIB0010002"), std::string::npos);
}

TEST_F(TgtModule, AReservationKeepsOthersOutUntilItsSessionEnds) {
  auto other = NewHost("two");
  LoadTape();
  EXPECT_SENSE(other->Send(kTape, kReady), 6, 0x2800);
  EXPECT_GOOD(host_->Send(kTape, Raw({0x16, 0, 0, 0, 0, 0})));
  EXPECT_EQ(WriteBlock(*other, kTape, "x").status, Status::kReservationConflict);
  EXPECT_GOOD(WriteBlock(*host_, kTape, "x"));
  host_.reset();
  EXPECT_GOOD(WriteBlock(*other, kTape, "x"));
}

TEST_F(TgtModule, AResetOfTheUnitEndsReservationAndPrevention) {
  auto other = NewHost("two");
  LoadTape();
  EXPECT_GOOD(host_->Send(kTape, Raw({0x16, 0, 0, 0, 0, 0})));
  EXPECT_GOOD(host_->Send(kTape, Raw({0x1e, 0, 0, 0, 1, 0})));
  ASSERT_TRUE(other->ResetUnit(kTape));
  EXPECT_SENSE(other->Send(kTape, kReady), 6, 0x2900);
  EXPECT_SENSE(other->Send(kTape, kReady), 6, 0x2800);
  EXPECT_GOOD(WriteBlock(*other, kTape, "x"));
  EXPECT_GOOD(host_->Send(kChanger, MoveCdb(500, 1000)));
}

TEST_F(TgtModule, WhoGoesAwayLetsTheTapeGo) {
  auto other = NewHost("two");
  LoadTape();
  EXPECT_GOOD(host_->Send(kTape, Raw({0x1e, 0, 0, 0, 1, 0})));
  EXPECT_SENSE(other->Send(kChanger, MoveCdb(500, 1000)), 5, 0x5302);
  host_.reset();
  EXPECT_GOOD(other->Send(kChanger, MoveCdb(500, 1000)));
}

TEST_F(TgtModule, PersistentReservationsOutliveSessions) {
  auto other = NewHost("two");
  LoadTape();
  EXPECT_SENSE(other->Send(kTape, kReady), 6, 0x2800);
  auto out = [&](IscsiHost& host, int action, int type, uint64_t key, uint64_t action_key) {
    std::string list;
    PutBe(&list, key, 8);
    PutBe(&list, action_key, 8);
    return host.Send(kTape, Raw({0x5f, action, type, 0, 0, 0, 0, 0, 24, 0}),
                     list + std::string(8, '\0'));
  };
  EXPECT_GOOD(out(*host_, 0, 0, 0, 1));
  EXPECT_GOOD(out(*host_, 1, 3, 1, 0));
  Answer status = other->Send(kTape, Raw({0x5e, 3, 0, 0, 0, 0, 0, 1, 0, 0}), {}, 256);
  EXPECT_NE(status.data.find("iqn.2026-11.local.test:one,i,0x"), std::string::npos);
  host_.reset();
  EXPECT_EQ(WriteBlock(*other, kTape, "x").status, Status::kReservationConflict);
  // The same port again.
  host_ = NewHost("one");
  EXPECT_GOOD(WriteBlock(*host_, kTape, "x"));
  EXPECT_GOOD(out(*other, 0, 0, 0, 2));
  EXPECT_GOOD(out(*other, 4, 3, 2, 1));
  EXPECT_GOOD(WriteBlock(*other, kTape, "x"));
  EXPECT_SENSE(host_->Send(kTape, kReady), 6, 0x2a05);
}

TEST_F(TgtModule, ARestartFindsEveryTapeWhereItWas) {
  LoadTape();
  EXPECT_GOOD(WriteBlock(*host_, kTape, "kept"));
  EXPECT_GOOD(host_->Send(kChanger, MoveCdb(1001, 10)));
  host_.reset();
  server_.Stop();
  EXPECT_EQ(vtape::FindBarcode(server_.Operator()->inventory(), "AFNGC6001"), 10);
  server_.Start();
  host_ = NewHost("one");
  EXPECT_EQ(ReadBlock(*host_, kTape, 4).data, "kept");
}

TEST_F(TgtModule, WhatWasMadeDurableSurvivesAKill) {
  LoadTape();
  const std::string block(65536, 'd');
  for (int i = 0; i < 20; ++i) ASSERT_EQ(WriteBlock(*host_, kTape, block).status, Status::kGood);
  EXPECT_GOOD(WriteMarks(*host_, kTape, 1));
  for (int i = 0; i < 7; ++i) ASSERT_EQ(WriteBlock(*host_, kTape, block).status, Status::kGood);
  server_.Kill();
  EXPECT_EQ(static_cast<int>(WriteBlock(*host_, kTape, block).status), 0xff);
  server_.Start();
  host_ = NewHost("one");
  for (int i = 0; i < 20; ++i) ASSERT_EQ(ReadBlock(*host_, kTape, 65536).data, block) << i;
  EXPECT_TRUE(ReadBlock(*host_, kTape, 65536).filemark());
  // What came later is there as whole blocks, the first so many; the tape takes more.
  EXPECT_GOOD(host_->Send(kTape, Raw({0x11, 0x03, 0, 0, 0, 0})));
  EXPECT_LE(Position(*host_, kTape), 28u);
  EXPECT_GE(Position(*host_, kTape), 21u);
  EXPECT_GOOD(WriteBlock(*host_, kTape, block));
  EXPECT_GOOD(WriteMarks(*host_, kTape, 1));
}

TEST_F(TgtModule, UnitsThatCannotBeAreRefusedWithAReason) {
  auto add = [&](const std::string& dir, const std::string& type, const std::string& role) {
    return server_.Admin({"--op", "new", "--mode", "logicalunit", "--tid", "1", "--lun", "9", "-b",
                          dir, "--device-type", type, "--bstype", "oca", "--bsopts", role});
  };
  struct Case {
    std::string dir, type, role, reason;
  };
  for (const Case& c :
       {Case{server_.library_dir(), "disk", "drive=7", "the library has no drive 7"},
        Case{server_.library_dir(), "disk", "drive=0", "is served already, as LUN 2"},
        Case{server_.library_dir(), "disk", "robot", "give --bsopts changer or"},
        Case{server_.library_dir(), "osd", "changer", "make tape units with --device-type disk"},
        Case{"/nowhere", "disk", "changer", "/nowhere"}}) {
    EXPECT_NE(add(c.dir, c.type, c.role), 0);
    EXPECT_NE(server_.log().find(c.reason), std::string::npos) << c.reason << "\n" << server_.log();
  }
  EXPECT_GOOD(host_->Send(kTape, Raw({0x12, 0, 0, 0, 36, 0}), {}, 36));
}

TEST(TgtModuleAlone, RefusesAProgramThatIsNoTgtd) {
  support::TempDir dir;
  EXPECT_EQ(support::RunCommand({"env", std::string("LD_PRELOAD=") + OCA_TGT_MODULE, "true"},
                                dir.Path("log")),
            0);
  EXPECT_NE(support::ReadText(dir.Path("log"))
                .find("oca: no tape libraries here: this program has no register_backingstore"),
            std::string::npos);
}

}  // namespace
}  // namespace oca::scsi
