// What every logical unit does: INQUIRY, REPORT LUNS, supported commands, malformed CDBs.
#include "gateways/vtl/scsi/logical_unit.h"

#include <set>

#include "t/unit/gateways/vtl/scsi/host.h"

namespace oca::scsi {
namespace {

class Unit : public DriveTest {};

TEST_F(Unit, SaysWhatItIs) {
  Answer answer = host_.Send({0x12, 0, 0, 0, 0xff, 0});
  EXPECT_EQ(answer.data.size(), 96u);
  EXPECT_EQ(answer.data.substr(0, 8), Raw({1, 0x80, 6, 2, 91, 0, 0, 2}));
  EXPECT_EQ(answer.data.substr(8, 28), "IBM     ULT3580-TD6     J450");
  EXPECT_EQ(answer.data.substr(58, 8), Raw({0, 0x80, 0x09, 0x60, 0x04, 0x60, 0x04, 0}));
  EXPECT_EQ(host_.Send({0x12, 0, 0, 0, 36, 0}).data.size(), 36u);
  EXPECT_SENSE(host_.Send({0x12, 0, 0x80, 0, 36, 0}), 5, 0x2400);
  EXPECT_SENSE(host_.Send({0x12, 0x02, 0, 0, 36, 0}), 5, 0x2400);
}

TEST_F(Unit, ProductDataComeFromTheSerial) {
  auto page = [&](int code) { return host_.Send({0x12, 1, code, 0, 0xff, 0}); };
  EXPECT_EQ(page(0x00).data, Raw({1, 0, 0, 8, 0x00, 0x80, 0x83, 0x86, 0xb0, 0xb1, 0xb2, 0xb3}));
  EXPECT_EQ(page(0x80).data, Raw({1, 0x80, 0, 10}) + "LIB0010001");
  EXPECT_EQ(page(0xb0).data, Raw({1, 0xb0, 0, 2, 1, 0}));
  EXPECT_EQ(page(0xb1).data.substr(4), "LIB0010001");
  EXPECT_EQ(page(0xb2).data, Raw({1, 0xb2, 0, 8, 0x1c, 0xc0, 0, 0, 0, 0, 0, 0x10}));
  EXPECT_EQ(page(0xb3).data.substr(4), "LIB001");
  Answer identification = page(0x83);
  EXPECT_EQ(identification.Number(2, 2), identification.data.size() - 4);
  EXPECT_EQ(identification.data.substr(4, 4 + 34),
            Raw({2, 1, 0, 34}) + "IBM     ULT3580-TD6     LIB0010001");
  EXPECT_EQ(identification.data.substr(42, 4), Raw({1, 3, 0, 8}));
  EXPECT_EQ(identification.data[46] >> 4 & 0xf, 3);
  EXPECT_EQ(identification.data.substr(54), Raw({0x51, 0x94, 0, 4, 0, 0, 0, 1}));
  EXPECT_SENSE(page(0xc0), 5, 0x2400);
}

TEST_F(Unit, AnOemVendorTakesTheModelsPlace) {
  DriveConfig config = Config();
  config.oem_vendor = "QUEST";
  Drive drive(storage_, config);
  Host host(drive, "iqn.a:x", 1);
  EXPECT_EQ(host.Send({0x12, 0, 0, 0, 0xff, 0}).data.substr(8, 8), "QUEST   ");
}

TEST_F(Unit, NamesTheTargetsUnits) {
  drive_.SetLuns({0, 1, 300});
  Answer answer = host_.Send({0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0});
  EXPECT_EQ(answer.Number(0, 4), 24u);
  EXPECT_EQ(answer.Number(16, 8), uint64_t{1} << 48);
  EXPECT_EQ(answer.Number(24, 8), uint64_t{0x412c} << 48);
  EXPECT_EQ(host_.Send({0xa0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0}).data, std::string(8, '\0'));
  EXPECT_EQ(host_.Send({0xa0, 0, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0}).data.size(), 32u);
  EXPECT_SENSE(host_.Send({0xa0, 0, 3, 0, 0, 0, 0, 0, 1, 0, 0, 0}), 5, 0x2400);
}

TEST_F(Unit, UnknownCommandsAndActionsAreIllegal) {
  EXPECT_SENSE(host_.Send({0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0}), 5, 0x2000);
  EXPECT_SENSE(host_.Send({}), 5, 0x2400);
  Answer cut = host_.Send({0x4d, 0, 0x40, 0, 0, 0});
  EXPECT_SENSE(cut, 5, 0x2400);
  EXPECT_EQ(cut.cdb_byte(), 6);
}

TEST_F(Unit, BitsThatMeanNothingAreRefusedWhereTheyStand) {
  Answer answer = host_.Send({0x00, 0, 0, 0x10, 0, 0});
  EXPECT_SENSE(answer, 5, 0x2400);
  EXPECT_EQ(answer.cdb_byte(), 3);
  answer = host_.Send({0x12, 0, 0, 0, 36, 0x04});  // NACA
  EXPECT_SENSE(answer, 5, 0x2400);
  EXPECT_EQ(answer.cdb_byte(), 5);
  EXPECT_GOOD(host_.Send({0x12, 0, 0, 0, 36, 0xc0}));  // the vendor's own
}

TEST_F(Unit, AnswersAreCutToWhatTheInitiatorTakes) {
  EXPECT_EQ(host_.Send({0x12, 0, 0, 0, 0xff, 0}, {}, 5).data.size(), 5u);
  EXPECT_EQ(host_.Send({0x12, 0, 0, 0, 0, 0}).data.size(), 0u);
}

TEST_F(Unit, ReportsTheCommandsThatItHas) {
  Answer all = host_.Send({0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 0xff, 0, 0, 0});
  ASSERT_EQ(all.Number(0, 4), all.data.size() - 4);
  std::set<std::pair<uint64_t, uint64_t>> listed;
  for (size_t at = 4; at < all.data.size(); at += 8) {
    uint64_t opcode = all.Number(at, 1);
    uint64_t action = all.Number(at + 2, 2);
    EXPECT_TRUE(listed.emplace(opcode, action).second) << opcode << " " << action;
    // What is listed is supported, and its length is that of its group.
    std::string one = Raw({0xa3, 0x0c, 0x83, static_cast<int>(opcode), 0, static_cast<int>(action),
                           0, 0, 0xff, 0, 0, 0});
    Answer answer = host_.Send(one);
    EXPECT_EQ(answer.Number(1, 1), 0x83u) << opcode;
    EXPECT_EQ(answer.Number(2, 2), all.Number(at + 6, 2));
    EXPECT_EQ(answer.Number(4, 1), opcode);
    EXPECT_EQ(answer.data.size(), 4 + answer.Number(2, 2) + 12);
    constexpr int kLengths[] = {6, 10, 10, 0, 16, 12, 0, 0};
    EXPECT_EQ(answer.Number(2, 2), static_cast<uint64_t>(kLengths[opcode >> 5]));
  }
  for (uint64_t opcode :
       {0x00, 0x01, 0x03, 0x05, 0x08, 0x0a, 0x10, 0x11, 0x12, 0x13, 0x15, 0x16, 0x17, 0x19, 0x1a,
        0x1b, 0x1d, 0x1e, 0x2b, 0x44, 0x4c, 0x4d, 0x55, 0x56, 0x57, 0x5a, 0x8d, 0x91, 0x92, 0xa0}) {
    EXPECT_TRUE(listed.contains({opcode, 0})) << opcode;
  }
  Answer none = host_.Send({0xa3, 0x0c, 1, 0x28, 0, 0, 0, 0, 0xff, 0, 0, 0});
  EXPECT_EQ(none.data, Raw({0, 1, 0, 0}));
  EXPECT_SENSE(host_.Send({0xa3, 0x0c, 1, 0x34, 0, 0, 0, 0, 0xff, 0, 0, 0}), 5, 0x2400);
  EXPECT_SENSE(host_.Send({0xa3, 0x0c, 2, 0x08, 0, 0, 0, 0, 0xff, 0, 0, 0}), 5, 0x2400);
  EXPECT_SENSE(host_.Send({0xa3, 0x0c, 4, 0x08, 0, 0, 0, 0, 0xff, 0, 0, 0}), 5, 0x2400);
  EXPECT_EQ(host_.Send({0xa3, 0x0d, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0}).data, Raw({0xda, 0, 0, 0}));
  EXPECT_EQ(host_.Send({0xa3, 0x0d, 0x80, 0, 0, 0, 0, 0, 0, 16, 0, 0}).data.size(), 16u);
  EXPECT_SENSE(host_.Send({0xa3, 0x05, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0}), 5, 0x2400);
}

TEST_F(Unit, TestsItself) {
  EXPECT_GOOD(host_.Send({0x1d, 0x04, 0, 0, 0, 0}));
  EXPECT_SENSE(host_.Send({0x1d, 0, 0, 0, 0, 0}), 5, 0x2400);
  EXPECT_SENSE(host_.Send({0x1d, 0x04, 0, 0, 4, 0}, "list"), 5, 0x2400);
}

TEST_F(Unit, AttentionsAreForgottenForPortsThatNobodyHearsOf) {
  for (size_t i = 0; i < 2 * UnitAttentions::kMaxPorts; ++i) {
    Host(drive_, "iqn.a:" + std::to_string(i), i + 10).Send({0x12, 0, 0, 0, 36, 0});
  }
  LoadTape();
  Host first(drive_, "iqn.a:0", 10);
  EXPECT_GOOD(first.Send({0x00, 0, 0, 0, 0, 0}));
  Host last(drive_, "iqn.a:" + std::to_string(2 * UnitAttentions::kMaxPorts - 1), 9);
  EXPECT_SENSE(last.Send({0x00, 0, 0, 0, 0, 0}), 6, 0x2800);
}

}  // namespace
}  // namespace oca::scsi
