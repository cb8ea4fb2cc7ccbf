// READ ATTRIBUTE and WRITE ATTRIBUTE.
#include "t/unit/gateways/vtl/scsi/host.h"

namespace oca::scsi {
namespace {

std::string Attribute(int id, int format, const std::string& value) {
  std::string out;
  PutBe(&out, id, 2);
  PutBe(&out, format, 1);
  PutBe(&out, value.size(), 2);
  return out + value;
}

class DriveAttributes : public DriveTest {
 protected:
  void SetUp() override { LoadTape(); }
  Answer ReadFrom(int action, int first) {
    return host_.Send(
        {0x8c, action, 0, 0, 0, 0, 0, 0, first >> 8, first & 0xff, 0, 0, 0xff, 0, 0, 0});
  }
  Answer WriteList(const std::string& attributes) {
    std::string list;
    PutBe(&list, attributes.size(), 4);
    return WriteRaw(list + attributes);
  }
  Answer WriteRaw(const std::string& list) {
    std::string cdb = Raw({0x8d, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    PutBe(&cdb, list.size(), 4);
    return host_.Send(cdb + std::string(2, '\0'), list);
  }
  // The value of attribute `id`, which must exist.
  std::string Value(int id) {
    Answer answer = ReadFrom(0, id);
    EXPECT_GOOD(answer);
    EXPECT_EQ(answer.Number(4, 2), static_cast<uint64_t>(id));
    return answer.data.substr(9, answer.Number(7, 2));
  }
};

TEST_F(DriveAttributes, TellsOfTheMedium) {
  EXPECT_EQ(GetBe(Value(0x0000)), 64u);
  EXPECT_EQ(GetBe(Value(0x0001)), 64u);
  EXPECT_EQ(GetBe(Value(0x0003)), 1u);  // loads
  EXPECT_EQ(Value(0x0401), "A00001L6" + std::string(24, ' '));
  EXPECT_EQ(Value(0x0405), "\x5a");
  EXPECT_EQ(Value(0x0806), "A00001L6" + std::string(24, ' '));
  EXPECT_EQ(Value(0x020a).substr(0, 18), "IBM     LIB0010001");
  Answer answer = ReadFrom(0, 0);
  EXPECT_EQ(answer.Number(0, 4), answer.data.size() - 4);
  EXPECT_EQ(answer.data.substr(4, 5), Raw({0, 0, 0x80, 0, 8}));
}

TEST_F(DriveAttributes, ListsWhatIsThereAndWhatCanBe) {
  Answer list = ReadFrom(1, 0x0400);
  EXPECT_EQ(list.Number(0, 4), list.data.size() - 4);
  EXPECT_EQ(list.Number(4, 2), 0x0400u);
  EXPECT_EQ(ReadFrom(2, 0).data, Raw({0, 2, 0, 1}));
  EXPECT_EQ(ReadFrom(3, 0).data, Raw({0, 2, 0, 1}));
  EXPECT_GT(ReadFrom(5, 0).data.size(), ReadFrom(1, 0).data.size());
  EXPECT_SENSE(ReadFrom(4, 0), 5, 0x2400);
  Answer missing = ReadFrom(0, 0x0803);
  EXPECT_SENSE(missing, 5, 0x2400);
  EXPECT_EQ(missing.cdb_byte(), 8);
}

TEST_F(DriveAttributes, WhatHostsWriteStaysWithTheTape) {
  std::string label = "weekly" + std::string(154, '\0');
  EXPECT_GOOD(WriteList(Attribute(0x0800, 1, "OCA     ") + Attribute(0x0803, 2, label) +
                        Attribute(0x1400, 0, "anything")));
  EXPECT_TRUE(drive_.Eject().ok());
  drive_.Insert("/tape");
  EXPECT_SENSE(host_.Send({0x00, 0, 0, 0, 0, 0}), 6, 0x2800);
  EXPECT_EQ(Value(0x0800), "OCA     ");
  EXPECT_EQ(Value(0x0803), label);
  EXPECT_EQ(Value(0x1400), "anything");
  EXPECT_GOOD(WriteList(Attribute(0x0803, 2, "")));
  EXPECT_SENSE(ReadFrom(0, 0x0803), 5, 0x2400);
}

TEST_F(DriveAttributes, OneFaultAndNothingIsWritten) {
  const std::string good = Attribute(0x0800, 1, "OCA     ");
  Answer answer = WriteList(good + Attribute(0x0401, 1, std::string(32, 'x')));
  EXPECT_SENSE(answer, 5, 0x2600);  // the medium's own
  EXPECT_EQ(answer.list_byte(), 4 + 13);
  EXPECT_SENSE(WriteList(good + Attribute(0x0801, 0, std::string(32, 'x'))), 5, 0x2600);
  EXPECT_SENSE(WriteList(good + Attribute(0x0801, 1, "short")), 5, 0x2600);
  EXPECT_SENSE(WriteList(Attribute(0x0801, 1, std::string(32, 'x')) + good), 5, 0x2600);
  EXPECT_SENSE(WriteList(good + Attribute(0x1400, 0, std::string(1024, 'x'))), 5, 0x2600);
  EXPECT_SENSE(WriteList(good + "abc"), 5, 0x1a00);
  EXPECT_SENSE(WriteList(good + Attribute(0x1400, 0, "cut").substr(0, 7)), 5, 0x1a00);
  EXPECT_SENSE(WriteRaw("abc"), 5, 0x1a00);
  EXPECT_SENSE(WriteRaw(Raw({0, 0, 0, 1}) + good), 5, 0x2600);
  EXPECT_SENSE(ReadFrom(0, 0x0800), 5, 0x2400);
}

TEST_F(DriveAttributes, TheMemoryHasAnEnd) {
  std::string list;
  for (int i = 0; i < 20; ++i) list += Attribute(0x1400 + i, 0, std::string(1000, 'x'));
  EXPECT_SENSE(WriteList(list), 5, 0x5506);
  EXPECT_SENSE(ReadFrom(0, 0x1400), 5, 0x2400);
}

TEST_F(DriveAttributes, ProtectedTapesKeepTheirAttributes) {
  drive_.SetReadOnly(true);
  EXPECT_SENSE(WriteList(Attribute(0x0800, 1, "OCA     ")), 7, 0x2700);
  EXPECT_TRUE(drive_.Eject().ok());
  EXPECT_SENSE(ReadFrom(0, 0), 2, 0x3a00);
  EXPECT_SENSE(WriteList(""), 2, 0x3a00);
}

}  // namespace
}  // namespace oca::scsi
