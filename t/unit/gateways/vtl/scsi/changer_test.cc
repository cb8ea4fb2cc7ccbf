// The robot: MOVE and EXCHANGE MEDIUM, READ ELEMENT STATUS, what operators do meanwhile.
#include "gateways/vtl/scsi/changer.h"

#include <algorithm>
#include <cerrno>

#include "t/support/random.h"
#include "t/unit/gateways/vtl/scsi/host.h"

namespace oca::scsi {
namespace {

constexpr char kDir[] = "/library";
constexpr std::initializer_list<int> kReady = {0x00, 0, 0, 0, 0, 0};

// Two drives (500, 501), four slots (1000 to 1003) of which two are full, two mail slots (10, 11).
class ChangerTest : public testing::Test {
 protected:
  void SetUp() override {
    vtape::LibrarySpec spec{.serial = "LIB001",
                            .barcode_prefix = "AFNGC6",
                            .oem_vendor = "",
                            .drive_generation = 6,
                            .drives = 2,
                            .slots = 4,
                            .mail_slots = 2};
    ASSERT_TRUE(vtape::Library::Create(storage_, kDir, spec).ok());
    library_ = Opened();
    operator_ = Opened();
    auto made = operator_->AddCartridges({2, 64 << 20, vtape::MediumKind::kData, 6}, fill_);
    ASSERT_TRUE(made.ok()) << made.status().message();
    barcodes_ = *made;
    ASSERT_TRUE(library_->Refresh().ok());
    changer_ = std::make_unique<Changer>(*library_);
    for (size_t i = 0; i < 2; ++i) {
      drives_[i] = std::make_unique<Drive>(storage_, DriveConfigOf(library_->inventory(), i));
      changer_->Attach(static_cast<uint16_t>(500 + i), *drives_[i]);
    }
    host_ = std::make_unique<Host>(*changer_, "iqn.a:one", 1);
    other_ = std::make_unique<Host>(*changer_, "iqn.a:two", 2);
    tape_host_ = std::make_unique<Host>(*drives_[0], "iqn.a:one", 1);
  }
  std::unique_ptr<vtape::Library> Opened() {
    auto library = vtape::Library::Open(storage_, kDir);
    EXPECT_TRUE(library.ok()) << library.status().message();
    return *std::move(library);
  }
  Answer Move(int source, int destination, int robot = 0) {
    std::string cdb = Raw({0xa5, 0});
    for (int address : {robot, source, destination}) PutBe(&cdb, address, 2);
    return host_->Send(cdb + std::string(4, '\0'));
  }
  Answer Exchange(int source, int first, int second) {
    std::string cdb = Raw({0xa6, 0, 0, 1});
    for (int address : {source, first, second}) PutBe(&cdb, address, 2);
    return host_->Send(cdb + std::string(2, '\0'));
  }
  Answer Elements(int type, int first, int count, bool tags = true, bool ids = false,
                  int allocation = 0xffff) {
    return host_->Send({0xb8, (tags ? 0x10 : 0) | type, first >> 8, first & 0xff, count >> 8,
                        count & 0xff, ids ? 1 : 0, 0, allocation >> 8, allocation & 0xff, 0, 0});
  }
  // The barcode that the changer sees at `address`; empty: none.
  std::string At(int type, int address) {
    Answer answer = Elements(type, address, 1);
    EXPECT_EQ(answer.Number(16, 2), static_cast<uint64_t>(address));
    std::string tag = answer.data.substr(28, 32);
    if ((answer.data[18] & 1) == 0) {
      EXPECT_EQ(tag, std::string(32, '\0'));
      return "";
    }
    return tag.substr(0, tag.find(' '));
  }

  support::Random random_{1};
  std::function<void(std::span<char>)> fill_ = [this](std::span<char> out) {
    std::string bytes = random_.Bytes(out.size());
    std::copy(bytes.begin(), bytes.end(), out.begin());
  };
  io::FaultFileSystem fs_;
  support::VtapeStorage storage_{fs_};
  std::unique_ptr<vtape::Library> library_;
  std::unique_ptr<vtape::Library> operator_;  // as another process has it
  std::vector<std::string> barcodes_;
  std::unique_ptr<Drive> drives_[2];
  std::unique_ptr<Changer> changer_;
  std::unique_ptr<Host> host_;
  std::unique_ptr<Host> other_;
  std::unique_ptr<Host> tape_host_;
};

TEST_F(ChangerTest, SaysWhatItIs) {
  Answer inquiry = host_->Send({0x12, 0, 0, 0, 0xff, 0});
  EXPECT_EQ(inquiry.data.substr(0, 2), Raw({8, 0x80}));
  EXPECT_EQ(inquiry.data.substr(8, 28), "STK     L700            0400");
  EXPECT_EQ(inquiry.Number(64, 2), 0x0480u);
  EXPECT_EQ(host_->Send({0x12, 1, 0x80, 0, 0xff, 0}).data.substr(4), "LIB001");
  EXPECT_GOOD(host_->Send(kReady));
  EXPECT_SENSE(host_->Send({0x08, 0, 0, 0, 1, 0}), 5, 0x2000);
  EXPECT_EQ(host_->Send({0x4d, 0, 0x40, 0, 0, 0, 0, 0, 0xff, 0}).data, Raw({0, 0, 0, 2, 0, 0x2e}));
}

// mtx sends the LUN in each CDB, as SCSI-2 had it.
TEST_F(ChangerTest, LunInACdbMeansNothing) {
  EXPECT_GOOD(host_->Send({0x00, 0x20, 0, 0, 0, 0}));
  EXPECT_EQ(host_->Send({0xb8, 0x32, 3, 0xe8, 0, 4, 0, 0, 0xff, 0xff, 0, 0}).data,
            Elements(2, 1000, 4).data);
  EXPECT_GOOD(host_->Send({0xa5, 0x20, 0, 0, 0x03, 0xe8, 0x01, 0xf4, 0, 0, 0, 0}));
  EXPECT_SENSE(host_->Send({0xa5, 0x01, 0, 0, 0x03, 0xe8, 0x01, 0xf4, 0, 0, 0, 0}), 5, 0x2400);
}

TEST_F(ChangerTest, ModePagesTellAddressesAndAbilities) {
  Answer answer = host_->Send({0x1a, 0x08, 0x1d, 0, 0xff, 0});
  EXPECT_EQ(answer.data, Raw({23, 0, 0, 0,  0x1d, 18, 0,    1,    0, 1, 0x03, 0xe8,
                              0,  4, 0, 10, 0,    2,  0x01, 0xf4, 0, 2, 0,    0}));
  answer = host_->Send({0x1a, 0, 0x1f, 0, 0xff, 0});
  EXPECT_EQ(answer.data, Raw({23, 0, 0, 0, 0x1f, 18,   0x0e, 0,    0, 0x0e, 0x0e, 0x0e,
                              0,  0, 0, 0, 0,    0x0e, 0x0e, 0x0e, 0, 0,    0,    0}));
  EXPECT_GOOD(host_->Send({0x5a, 0, 0x3f, 0, 0, 0, 0, 1, 0, 0}));
  std::string page = Raw(
      {0, 0, 0, 0, 0x1d, 18, 0, 1, 0, 1, 0x03, 0xe8, 0, 5, 0, 10, 0, 2, 0x01, 0xf4, 0, 2, 0, 0});
  EXPECT_SENSE(host_->Send(Raw({0x15, 0x10, 0, 0, 24, 0}), page), 5, 0x2600);
  EXPECT_SENSE(
      host_->Send(Raw({0x15, 0x10, 0, 0, 12, 0}), Raw({0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0})), 5,
      0x2600);
}

TEST_F(ChangerTest, StatusOfOneType) {
  Answer answer = Elements(2, 0, 0xffff);
  EXPECT_EQ(answer.data.substr(0, 8), Raw({0x03, 0xe8, 0, 4, 0, 0, 0, 8 + 4 * 52}));
  EXPECT_EQ(answer.data.substr(8, 8), Raw({2, 0x80, 0, 52, 0, 0, 0, 4 * 52}));
  EXPECT_EQ(answer.data.size(), 8u + 8 + 4 * 52);
  EXPECT_EQ(answer.data.substr(16, 12), Raw({0x03, 0xe8, 0x09, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(answer.data.substr(28, 36), barcodes_[0] + std::string(23, ' ') + Raw({0, 0, 0, 0}));
  EXPECT_EQ(answer.data.substr(16 + 2 * 52, 3), Raw({0x03, 0xea, 0x08}));
  answer = Elements(2, 1001, 2, false);
  EXPECT_EQ(answer.data.substr(0, 8), Raw({0x03, 0xe9, 0, 2, 0, 0, 0, 8 + 2 * 16}));
  EXPECT_EQ(answer.data.substr(8, 4), Raw({2, 0, 0, 16}));
  answer = Elements(2, 1004, 1);
  EXPECT_EQ(answer.data, std::string(8, '\0'));
  EXPECT_SENSE(Elements(5, 0, 1), 5, 0x2400);
}

TEST_F(ChangerTest, StatusOfAllTypesIsCountedAcrossPages) {
  Answer all = Elements(0, 0, 0xffff, true, true);
  EXPECT_EQ(all.Number(0, 2), 1u);
  EXPECT_EQ(all.Number(2, 2), 1u + 2 + 2 + 4);
  EXPECT_EQ(all.Number(5, 3), all.data.size() - 8);
  std::string types;
  for (size_t at = 8; at < all.data.size(); at += 8 + all.Number(at + 5, 3)) {
    types += all.data[at];
    EXPECT_EQ(all.Number(at + 5, 3) % all.Number(at + 2, 2), 0u);
  }
  EXPECT_EQ(types, Raw({1, 3, 4, 2}));
  Answer part = Elements(0, 11, 3, false);
  EXPECT_EQ(part.Number(0, 2), 11u);
  EXPECT_EQ(part.Number(2, 2), 3u);
  EXPECT_EQ(part.data.substr(16, 2), Raw({0, 11}));
  EXPECT_EQ(part.data.size(), 8u + (8 + 16) + (8 + 2 * 16));
  // A short allocation cuts the bytes, not the counts.
  Answer cut = Elements(0, 0, 0xffff, true, true, 20);
  EXPECT_EQ(cut.data, all.data.substr(0, 20));
}

TEST_F(ChangerTest, DrivesAreNamedAsTheyNameThemselves) {
  Answer answer = Elements(4, 500, 2, true, true);
  EXPECT_EQ(answer.data.substr(8, 4), Raw({4, 0x80, 0, 12 + 36 + 4 + 34}));
  std::string id = answer.data.substr(16 + 12 + 36, 4 + 34);
  Answer page = tape_host_->Send({0x12, 1, 0x83, 0, 0xff, 0});
  EXPECT_EQ(id, page.data.substr(4, 4 + 34));
  EXPECT_EQ(id.substr(28), "LIB0010001");
}

TEST_F(ChangerTest, MovesLoadAndUnload) {
  EXPECT_SENSE(tape_host_->Send(kReady), 2, 0x3a00);
  EXPECT_GOOD(Move(1000, 500));
  EXPECT_EQ(At(4, 500), barcodes_[0]);
  EXPECT_EQ(At(2, 1000), "");
  EXPECT_EQ(Elements(4, 500, 1).data.substr(18, 10), Raw({0x09, 0, 0, 0, 0, 0, 0, 0x80, 3, 0xe8}));
  EXPECT_SENSE(tape_host_->Send(kReady), 6, 0x2800);
  EXPECT_GOOD(WriteBlock(*tape_host_, "on tape"));
  // From drive to drive, without unloading it first.
  EXPECT_GOOD(Move(500, 501, 1));
  EXPECT_SENSE(tape_host_->Send(kReady), 2, 0x3a00);
  Host second(*drives_[1], "iqn.a:one", 1);
  EXPECT_EQ(ReadBlock(second, 7).data, "on tape");
  EXPECT_GOOD(Move(501, 1003));
  EXPECT_EQ(At(2, 1003), barcodes_[0]);
  // What a robot did is seen by whoever opens the library next.
  EXPECT_EQ(vtape::FindBarcode(Opened()->inventory(), barcodes_[0]), 1003);
}

TEST_F(ChangerTest, MovesThatCannotBeChangeNothing) {
  EXPECT_GOOD(Move(1000, 500));
  tape_host_->Send(kReady);
  EXPECT_GOOD(WriteBlock(*tape_host_, "x"));
  EXPECT_SENSE(Move(1000, 1002), 5, 0x3b0e);
  EXPECT_SENSE(Move(500, 1001), 5, 0x3b0d);
  for (auto [source, destination] : {std::pair{1, 1002}, {500, 1}, {500, 1004}, {999, 1002}}) {
    EXPECT_SENSE(Move(source, destination), 5, 0x2101);
  }
  EXPECT_SENSE(Move(500, 1002, 2), 5, 0x2101);
  EXPECT_SENSE(host_->Send({0xa5, 0, 0, 0, 1, 0xf4, 3, 0xea, 0, 0, 1, 0}), 5, 0x2400);  // invert
  EXPECT_GOOD(Move(500, 500));
  // The tape was not even unloaded.
  EXPECT_EQ(Position(*tape_host_), 1u);
}

TEST_F(ChangerTest, AHostThatKeepsItsTapeKeepsIt) {
  EXPECT_GOOD(Move(1000, 500));
  tape_host_->Send(kReady);
  EXPECT_GOOD(tape_host_->Send({0x1e, 0, 0, 0, 1, 0}));
  EXPECT_GOOD(WriteBlock(*tape_host_, "x"));
  EXPECT_SENSE(Move(500, 1002), 5, 0x5302);
  EXPECT_SENSE(Exchange(1001, 500, 1001), 5, 0x5302);
  EXPECT_EQ(Position(*tape_host_), 1u);
  EXPECT_EQ(Elements(4, 500, 1).data[18], 0x01);  // no access
  EXPECT_GOOD(tape_host_->Send({0x1e, 0, 0, 0, 0, 0}));
  EXPECT_GOOD(Move(500, 1002));
}

TEST_F(ChangerTest, AFailedExchangePutsEveryTapeBack) {
  EXPECT_GOOD(Move(1000, 500));
  EXPECT_GOOD(Move(1001, 501));
  Host second(*drives_[1], "iqn.a:one", 1);
  EXPECT_GOOD(second.Send({0x1e, 0, 0, 0, 1, 0}));
  EXPECT_SENSE(Exchange(500, 501, 1002), 5, 0x5302);
  EXPECT_EQ(At(4, 500), barcodes_[0]);
  EXPECT_GOOD(tape_host_->Send(kReady));
  EXPECT_GOOD(second.Send(kReady));
}

TEST_F(ChangerTest, ExchangesSwapOrPassOn) {
  EXPECT_GOOD(Move(1000, 500));
  EXPECT_GOOD(Exchange(1001, 500, 1001));
  EXPECT_EQ(At(4, 500), barcodes_[1]);
  EXPECT_EQ(At(2, 1001), barcodes_[0]);
  EXPECT_GOOD(Exchange(1001, 500, 1003));
  EXPECT_EQ(At(4, 500), barcodes_[0]);
  EXPECT_EQ(At(2, 1003), barcodes_[1]);
  EXPECT_SENSE(Exchange(1001, 500, 1002), 5, 0x3b0e);
  EXPECT_SENSE(Exchange(1003, 501, 1002), 5, 0x3b0e);
  EXPECT_SENSE(Exchange(1003, 500, 77), 5, 0x2101);
}

TEST_F(ChangerTest, MailSlotsTellWhoFilledThem) {
  EXPECT_EQ(Elements(3, 10, 1).data[18], 0x38);
  EXPECT_GOOD(Move(1000, 10));
  EXPECT_EQ(Elements(3, 10, 1).data[18], 0x39);
  EXPECT_GOOD(other_->Send(kReady));
  ASSERT_TRUE(operator_->Export(10).ok());
  EXPECT_SENSE(host_->Send(kReady), 6, 0x2801);
  EXPECT_SENSE(other_->Send(kReady), 6, 0x2801);
  EXPECT_GOOD(host_->Send(kReady));
  EXPECT_EQ(Elements(3, 10, 1).data[18], 0x38);
  ASSERT_TRUE(operator_->Import(barcodes_[0], 11).ok());
  EXPECT_SENSE(host_->Send(kReady), 6, 0x2801);
  EXPECT_EQ(Elements(3, 11, 1).data[18], 0x3b);
  EXPECT_GOOD(Move(11, 1000));
  EXPECT_EQ(At(2, 1000), barcodes_[0]);
}

TEST_F(ChangerTest, HostsHearOfNewSlotsCartridgesAndModes) {
  EXPECT_GOOD(host_->Send(kReady));
  ASSERT_TRUE(operator_->AddSlots(2).ok());
  EXPECT_SENSE(host_->Send(kReady), 6, 0x2800);
  EXPECT_SENSE(host_->Send(kReady), 6, 0x2a01);
  EXPECT_EQ(Elements(2, 0, 0xffff).Number(2, 2), 6u);
  EXPECT_EQ(host_->Send({0x1a, 0x08, 0x1d, 0, 0xff, 0}).Number(12, 2), 6u);
  ASSERT_TRUE(operator_->SetDriveReadOnly(500, true).ok());
  EXPECT_GOOD(Move(1000, 500));
  EXPECT_SENSE(WriteBlock(*tape_host_, "x"), 7, 0x2700);
}

TEST_F(ChangerTest, CommandsThatOnlyLookAround) {
  EXPECT_GOOD(host_->Send({0x07, 0, 0, 0, 0, 0}));
  for (int opcode : {0x37, 0xe7}) {
    EXPECT_GOOD(host_->Send({opcode, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
    EXPECT_GOOD(host_->Send({opcode, 1, 3, 0xe8, 0, 0, 0, 2, 0, 0}));
    EXPECT_SENSE(host_->Send({opcode, 1, 0, 2, 0, 0, 0, 2, 0, 0}), 5, 0x2101);
  }
  EXPECT_GOOD(host_->Send({0x2b, 0, 0, 1, 3, 0xe8, 0, 0, 0, 0}));
  EXPECT_SENSE(host_->Send({0x2b, 0, 0, 1, 0, 2, 0, 0, 0, 0}), 5, 0x2101);
  EXPECT_GOOD(host_->Send({0x1b, 0, 0, 10, 0, 0}));
  EXPECT_GOOD(host_->Send({0x1b, 0, 0, 10, 1, 0}));
  EXPECT_SENSE(host_->Send({0x1b, 0, 3, 0xe8, 0, 0}), 5, 0x2101);
  EXPECT_SENSE(host_->Send({0x1b, 0, 0, 10, 2, 0}), 5, 0x2400);
  EXPECT_GOOD(host_->Send({0x1e, 0, 0, 0, 1, 0}));
  EXPECT_SENSE(host_->Send({0x1b, 0, 0, 10, 0, 0}), 5, 0x5302);
}

TEST_F(ChangerTest, OneHostReservesTheRobot) {
  EXPECT_GOOD(host_->Send({0x16, 0, 0, 0, 0, 0}));
  EXPECT_EQ(other_->Send({0xa5, 0, 0, 0, 3, 0xe8, 1, 0xf4, 0, 0, 0, 0}).status,
            Status::kReservationConflict);
  EXPECT_GOOD(Move(1000, 500));
}

TEST_F(ChangerTest, AnInventoryThatCannotBeReadIsAHardwareError) {
  EXPECT_TRUE(storage_.RemoveFile(std::string(kDir) + "/inventory").ok());
  EXPECT_SENSE(host_->Send(kReady), 4, 0x4400);
  EXPECT_GOOD(host_->Send({0x12, 0, 0, 0, 36, 0}));
}

TEST_F(ChangerTest, AMoveThatCannotBeRecordedLeavesTheTapeWhereItWas) {
  EXPECT_GOOD(Move(1000, 500));
  tape_host_->Send(kReady);
  WriteBlock(*tape_host_, "safe");
  fs_.FailMatching(io::Op::kWrite, "inventory", EIO);
  EXPECT_SENSE(Move(500, 1000), 4, 0x4400);
  fs_.ClearFaults();
  EXPECT_EQ(At(4, 500), barcodes_[0]);
  EXPECT_SENSE(tape_host_->Send(kReady), 6, 0x2800);
  EXPECT_EQ(ReadBlock(*tape_host_, 4).data, "safe");
}

TEST_F(ChangerTest, ANewProcessFindsTapesInTheirDrives) {
  EXPECT_GOOD(Move(1000, 500));
  changer_.reset();
  drives_[0].reset();
  auto library = Opened();
  Changer changer(*library);
  Drive drive(storage_, DriveConfigOf(library->inventory(), 0));
  changer.Attach(500, drive);
  Host host(drive, "iqn.a:one", 1);
  EXPECT_GOOD(host.Send(kReady));
}

}  // namespace
}  // namespace oca::scsi
