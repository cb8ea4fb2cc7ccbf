// MODE SENSE and SELECT, LOG SENSE and SELECT.
#include "t/unit/gateways/vtl/scsi/host.h"

namespace oca::scsi {
namespace {

constexpr int kChangeable = 0x40;
constexpr int kDefault = 0x80;
constexpr int kSaved = 0xc0;

class Mode : public DriveTest {
 protected:
  Answer Sense6(int page, int subpage = 0, bool descriptors = true) {
    return host_.Send({0x1a, descriptors ? 0 : 8, page, subpage, 0xff, 0});
  }
  Answer Sense10(int page, int subpage = 0) {
    return host_.Send({0x5a, 0, page, subpage, 0, 0, 0, 0x10, 0, 0});
  }
  Answer Select6(const std::string& list) {
    return host_.Send(Raw({0x15, 0x10, 0, 0, static_cast<int>(list.size()), 0}), list);
  }
  Answer Select10(const std::string& list) {
    return host_.Send(Raw({0x55, 0x10, 0, 0, 0, 0, 0, 0, static_cast<int>(list.size()), 0}), list);
  }
  // The contents of a page, without headers.
  std::string Page(int page) { return Sense6(page, 0, false).data.substr(6); }
};

TEST_F(Mode, HeadersTellOfMediumAndBlockLength) {
  LoadTape();
  EXPECT_GOOD(SetBlockLength(host_, 512));
  EXPECT_EQ(Sense6(0).data, Raw({11, 0x68, 0x10, 8, 0x5a, 0, 0, 0, 0, 0, 2, 0}));
  EXPECT_EQ(Sense10(0).data, Raw({0, 14, 0x68, 0x10, 0, 0, 0, 8, 0x5a, 0, 0, 0, 0, 0, 2, 0}));
  EXPECT_EQ(Sense6(kDefault).data.substr(4), Raw({0x5a, 0, 0, 0, 0, 0, 0, 0}));
  Answer all = Sense6(0x3f, 0xff);
  EXPECT_EQ(all.Number(0, 1), all.data.size() - 1);
  Answer all10 = Sense10(0x3f, 0xff);
  EXPECT_EQ(all10.Number(0, 2), all10.data.size() - 2);
  EXPECT_EQ(all10.data.substr(16), all.data.substr(12));
}

TEST_F(Mode, PagesComeOneByOneOrAll) {
  std::string together;
  for (int page : {0x01, 0x02, 0x0a, 0x0f, 0x10, 0x11, 0x1c, 0x1d}) {
    std::string one = Sense6(page, 0, false).data.substr(4);
    EXPECT_EQ(one[0], page);
    EXPECT_EQ(static_cast<size_t>(one[1]), one.size() - 2) << page;
    together += one;
  }
  EXPECT_EQ(Sense6(0x3f, 0, false).data.substr(4), together);
  EXPECT_EQ(Sense6(0x0a, 1, false).data.substr(4, 4), Raw({0x4a, 1, 0, 28}));
  EXPECT_SENSE(Sense6(0x08), 5, 0x2400);
  EXPECT_SENSE(Sense6(0x0a, 2), 5, 0x2400);
  EXPECT_SENSE(Sense6(0x3f, 1), 5, 0x2400);
  EXPECT_SENSE(Sense6(kSaved | 0x0a), 5, 0x3900);
}

TEST_F(Mode, CompressionIsSwitchedAndNothingElseOfItsPage) {
  std::string page = Sense6(0x0f, 0, false).data.substr(4);
  std::string header = Raw({0, 0, 0x10, 0});
  std::string off = page;
  off[2] = 0x40;
  EXPECT_GOOD(Select6(header + off));
  EXPECT_EQ(Page(0x0f)[0], 0x40);
  EXPECT_EQ(Sense6(kDefault | 0x0f, 0, false).data.substr(4), page);
  EXPECT_EQ(Sense6(kChangeable | 0x0f, 0, false).data[6], '\x80');
  std::string wrong = page;
  wrong[7] = 9;
  Answer answer = Select10(Raw({0, 0, 0, 0x10, 0, 0, 0, 0}) + wrong);
  EXPECT_SENSE(answer, 5, 0x2600);
  EXPECT_EQ(answer.list_byte(), 8 + 7);
  EXPECT_EQ(Page(0x0f)[0], 0x40);
}

TEST_F(Mode, OneWrongPageAndNoneIsSet) {
  std::string off = Sense6(0x0f, 0, false).data.substr(4);
  off[2] = 0x40;
  EXPECT_SENSE(Select6(Raw({0, 0, 0x10, 0}) + off + Raw({0x08, 2, 0, 0})), 5, 0x2600);
  EXPECT_SENSE(Select6(Raw({0, 0, 0x10, 0}) + off + Raw({0x1c, 8, 0, 0, 0, 0, 0, 0, 0, 0})), 5,
               0x2600);
  EXPECT_SENSE(Select6(Raw({0, 0, 0x10, 0}) + off + Raw({0x1c})), 5, 0x1a00);
  EXPECT_SENSE(Select6(Raw({0, 0, 0x10, 0}) + off + Raw({0x1c, 10, 8})), 5, 0x1a00);
  EXPECT_EQ(Page(0x0f)[0], '\xc0');
}

TEST_F(Mode, BlockDescriptorsAreChecked) {
  LoadTape();
  EXPECT_SENSE(SetBlockLength(host_, (8 << 20) + 1), 5, 0x2600);
  EXPECT_GOOD(SetBlockLength(host_, 8 << 20));
  auto descriptor = [&](int density, int blocks) {
    return Select6(Raw({0, 0, 0x10, 8, density, 0, 0, blocks, 0, 0, 0, 0}));
  };
  for (int density : {0x00, 0x7f, 0x5a}) EXPECT_GOOD(descriptor(density, 0)) << density;
  EXPECT_SENSE(descriptor(0x46, 0), 5, 0x2600);
  EXPECT_SENSE(descriptor(0x5a, 1), 5, 0x2600);
  EXPECT_SENSE(Select6(Raw({0, 0, 0x10, 7, 0, 0, 0, 0, 0, 0, 0, 0})), 5, 0x2600);
  EXPECT_SENSE(Select6(Raw({0, 0, 0x10, 8, 0, 0, 0, 0})), 5, 0x1a00);
  EXPECT_SENSE(Select6(Raw({0, 0, 0x20, 0})), 5, 0x2600);
  EXPECT_SENSE(Select6(Raw({0, 0, 0})), 5, 0x1a00);
  EXPECT_SENSE(Select10(Raw({0, 0, 0, 0x10, 1, 0, 0, 0})), 5, 0x2600);
  EXPECT_GOOD(Select6(""));
  EXPECT_SENSE(host_.Send({0x15, 0x11, 0, 0, 4, 0}, Raw({0, 0, 0x10, 0})), 5, 0x2400);
  EXPECT_SENSE(host_.Send({0x15, 0x10, 0, 0, 12, 0}, Raw({0, 0, 0x10, 0})), 5, 0x1a00);
}

TEST_F(Mode, OthersHearOfChangesAlone) {
  EXPECT_SENSE(other_.Send({0x00, 0, 0, 0, 0, 0}), 2, 0x3a00);
  EXPECT_GOOD(SetBlockLength(host_, 0));  // as it was
  EXPECT_SENSE(other_.Send({0x00, 0, 0, 0, 0, 0}), 2, 0x3a00);
  EXPECT_GOOD(SetBlockLength(host_, 512));
  EXPECT_SENSE(other_.Send({0x00, 0, 0, 0, 0, 0}), 6, 0x2a01);
  EXPECT_SENSE(host_.Send({0x00, 0, 0, 0, 0, 0}), 2, 0x3a00);
}

TEST_F(Mode, SenseDataTakeTheFormThatWasAskedFor) {
  std::string page = Sense6(0x0a, 0, false).data.substr(4);
  page[2] = 0x04;
  EXPECT_GOOD(Select6(Raw({0, 0, 0x10, 0}) + page));
  EXPECT_EQ(host_.Send({0x00, 0, 0, 0, 0, 0}).sense, Raw({0x72, 2, 0x3a, 0, 0, 0, 0, 0}));
  EXPECT_EQ(host_.Send({0x03, 1, 0, 0, 252, 0}).data[0], 0x72);
  EXPECT_EQ(host_.Send({0x03, 0, 0, 0, 252, 0}).data[0], 0x70);
}

TEST_F(Mode, SoftwareWriteProtectionHolds) {
  LoadTape();
  std::string page = Sense6(0x10, 0, false).data.substr(4);
  page[10] = static_cast<char>(page[10] | 0x04);
  EXPECT_GOOD(Select6(Raw({0, 0, 0x10, 0}) + page));
  EXPECT_SENSE(WriteBlock(host_, "x"), 7, 0x2702);
  EXPECT_EQ(Sense6(0).data[2], '\x90');
}

TEST_F(Mode, WormTapesSaySo) {
  LoadTape(64 << 20, vtape::MediumKind::kWorm);
  EXPECT_EQ(Sense6(0).data[1], 0x6c);
  EXPECT_EQ(Page(0x1d).substr(0, 4), Raw({1, 0, 1, 2}));
  EXPECT_TRUE(drive_.Eject().ok());
  EXPECT_EQ(Page(0x1d), std::string(30, '\0'));
}

class Log : public DriveTest {
 protected:
  Answer Sense(int page, int first = 0) {
    return host_.Send({0x4d, 0, 0x40 | page, 0, 0, first >> 8, first & 0xff, 0x10, 0, 0});
  }
  // The value of a parameter; empty when the page has none of that code.
  std::string Parameter(int page, uint64_t code) {
    Answer answer = Sense(page);
    EXPECT_EQ(answer.Number(0, 1), static_cast<uint64_t>(page));
    EXPECT_EQ(answer.Number(2, 2), answer.data.size() - 4);
    for (size_t at = 4; at < answer.data.size(); at += 4 + answer.Number(at + 3, 1)) {
      if (answer.Number(at, 2) == code) return answer.data.substr(at + 4, answer.Number(at + 3, 1));
    }
    return "";
  }
};

TEST_F(Log, ListsPagesThatAllExistWithAndWithoutATape) {
  for (bool loaded : {false, true}) {
    if (loaded) LoadTape();
    if (loaded) EXPECT_SENSE(host_.Send({0x00, 0, 0, 0, 0, 0}), 6, 0x2800);
    Answer list = Sense(0);
    EXPECT_EQ(list.data, Raw({0, 0, 0, 9, 0, 0x02, 0x03, 0x0c, 0x11, 0x17, 0x2e, 0x30, 0x31}));
    for (char page : list.data.substr(5)) EXPECT_GOOD(Sense(page));
  }
  EXPECT_SENSE(Sense(0x05), 5, 0x2400);
  EXPECT_SENSE(host_.Send({0x4d, 0, 0x2e, 0, 0, 0, 0, 1, 0, 0}), 5, 0x2400);     // thresholds
  EXPECT_SENSE(host_.Send({0x4d, 0, 0x6e, 1, 0, 0, 0, 1, 0, 0}), 5, 0x2400);     // subpage
  EXPECT_SENSE(host_.Send({0x4d, 0x01, 0x6e, 0, 0, 0, 0, 1, 0, 0}), 5, 0x2400);  // save
}

TEST_F(Log, CountsBytesAndForgetsThemWhenAsked) {
  LoadTape();
  for (int i = 0; i < 3; ++i) WriteBlock(host_, std::string(1'000'000, 'x'));
  Rewind(host_);
  ReadBlock(host_, 1'000'000);
  EXPECT_EQ(GetBe(Parameter(0x02, 5)), 3'000'000u);
  EXPECT_EQ(GetBe(Parameter(0x03, 5)), 1'000'000u);
  EXPECT_EQ(GetBe(Parameter(0x0c, 0)), 3'000'000u);
  EXPECT_EQ(GetBe(Parameter(0x0c, 4)), 3u);
  EXPECT_EQ(GetBe(Parameter(0x17, 0x10)), 3u);
  EXPECT_EQ(GetBe(Parameter(0x17, 0x0e)), 3u);
  EXPECT_EQ(GetBe(Parameter(0x30, 1)), 1u);
  EXPECT_EQ(GetBe(Parameter(0x31, 1)), 61u);
  EXPECT_EQ(GetBe(Parameter(0x31, 3)), 64u);
  EXPECT_EQ(Parameter(0x17, 0x42).substr(0, 8), "A00001L6");
  EXPECT_GOOD(host_.Send({0x4c, 0x02, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(GetBe(Parameter(0x02, 5)), 0u);
  EXPECT_EQ(GetBe(Parameter(0x17, 0x10)), 3u);
  EXPECT_SENSE(host_.Send({0x4c, 0, 0, 0, 0, 0, 0, 0, 4, 0}, "list"), 5, 0x2400);
}

TEST_F(Log, BeginsAtTheParameterThatIsAskedFor) {
  Answer answer = Sense(0x02, 5);
  EXPECT_EQ(answer.Number(4, 2), 5u);
  EXPECT_EQ(answer.data.size(), 4u + 12 + 8);
  answer = Sense(0x02, 7);
  EXPECT_SENSE(answer, 5, 0x2400);
  EXPECT_EQ(answer.cdb_byte(), 5);
}

TEST_F(Log, EveryHostReadsATapeAlertOnce) {
  LoadTape();
  host_.Send({0x1e, 0, 0, 0, 1, 0});
  EXPECT_SENSE(host_.Send({0x1b, 0, 0, 0, 0, 0}), 5, 0x5302);
  EXPECT_EQ(Parameter(0x2e, 10), "\1");
  EXPECT_EQ(Parameter(0x2e, 10), std::string(1, '\0'));
  Answer answer = other_.Send({0x4d, 0, 0x6e, 0, 0, 0, 10, 0, 9, 0});
  EXPECT_EQ(answer.data.substr(4), Raw({0, 10, 3, 1, 1}));
  host_.Send({0x1b, 0, 0, 0, 0, 0});
  EXPECT_EQ(Parameter(0x2e, 10), "\1");
}

TEST_F(Log, DeviceStatusFollowsTheTape) {
  EXPECT_EQ(Parameter(0x11, 0), Raw({0x11, 0x20, 0, 0}));
  LoadTape();
  EXPECT_SENSE(host_.Send({0x00, 0, 0, 0, 0, 0}), 6, 0x2800);
  EXPECT_EQ(Parameter(0x11, 0), Raw({0x31, 0x37, 0, 0}));
  host_.Send({0x1e, 0, 0, 0, 1, 0});
  EXPECT_EQ(Parameter(0x11, 0), Raw({0xb1, 0x17, 0, 0}));
}

}  // namespace
}  // namespace oca::scsi
