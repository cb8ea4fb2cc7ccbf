// SPACE, LOCATE, READ POSITION.
#include "t/unit/gateways/vtl/scsi/host.h"

namespace oca::scsi {
namespace {

// Objects: 0 1 2 blocks, 3 filemark, 4 5 blocks, 6 7 filemarks, 8 block; 9 is the end of data.
class DrivePosition : public DriveTest {
 protected:
  void SetUp() override {
    LoadTape();
    for (char kind : std::string("bbbmbbmmb")) {
      EXPECT_GOOD(kind == 'b' ? WriteBlock(host_, "block") : WriteMarks(host_, 1));
    }
  }
  Answer Locate(uint32_t object) {
    std::string cdb = Raw({0x2b, 0, 0});
    PutBe(&cdb, object, 4);
    return host_.Send(cdb + std::string(3, '\0'));
  }
  Answer Locate16(int type, uint64_t number) {
    std::string cdb = Raw({0x92, type << 3, 0, 0});
    PutBe(&cdb, number, 8);
    return host_.Send(cdb + std::string(4, '\0'));
  }
  Answer Space(int code, int32_t count) {
    std::string cdb = Raw({0x11, code});
    PutBe(&cdb, static_cast<uint32_t>(count), 3);
    return host_.Send(cdb + '\0');
  }
  Answer Space16(int code, int64_t count) {
    std::string cdb = Raw({0x91, code, 0, 0});
    PutBe(&cdb, static_cast<uint64_t>(count), 8);
    return host_.Send(cdb + std::string(4, '\0'));
  }
};

TEST_F(DrivePosition, SpacesOverBlocksAndFilemarks) {
  struct Case {
    uint32_t from;
    int code;
    int32_t count;
    uint64_t to;
    int key;  // -1: GOOD
    int asc;
    int residue;
  };
  for (const Case& c : std::initializer_list<Case>{
           {0, 0, 2, 2, -1, 0, 0},
           {0, 0, 3, 3, -1, 0, 0},
           {0, 0, 5, 4, 0, 0x0001, 2},  // past the filemark
           {8, 0, 5, 9, 8, 0x0005, 4},  // end of data
           {6, 0, -2, 4, -1, 0, 0},
           {6, 0, -3, 3, 0, 0x0001, 1},  // before the filemark
           {2, 0, -5, 0, 0, 0x0004, 3},  // beginning
           {0, 1, 1, 4, -1, 0, 0},
           {0, 1, 3, 8, -1, 0, 0},
           {0, 1, 4, 9, 8, 0x0005, 1},
           {9, 1, -1, 7, -1, 0, 0},
           {9, 1, -3, 3, -1, 0, 0},
           {9, 1, -4, 0, 0, 0x0004, 1},
           {5, 0, 0, 5, -1, 0, 0},
           {5, 1, 0, 5, -1, 0, 0},
           {5, 3, 77, 9, -1, 0, 0},  // to the end of data
       }) {
    for (bool sixteen : {false, true}) {
      SCOPED_TRACE(testing::Message() << "from " << c.from << " code " << c.code << " count "
                                      << c.count << (sixteen ? " (16)" : " (6)"));
      EXPECT_GOOD(Locate(c.from));
      Answer answer = sixteen ? Space16(c.code, c.count) : Space(c.code, c.count);
      if (c.key < 0) {
        EXPECT_GOOD(answer);
      } else {
        EXPECT_SENSE(answer, c.key, c.asc);
        EXPECT_EQ(answer.information(), c.residue);
        EXPECT_EQ(answer.filemark(), c.asc == 0x0001);
        EXPECT_EQ(answer.end_of_medium(), c.asc == 0x0004);
      }
      EXPECT_EQ(Position(host_), c.to);
    }
  }
}

TEST_F(DrivePosition, SpaceTakesExtremesAndRefusesOtherCodes) {
  Locate(4);
  EXPECT_SENSE(Space16(0, INT64_MIN), 0, 0x0001);
  EXPECT_EQ(Position(host_), 3u);
  EXPECT_SENSE(Space16(1, INT64_MIN), 0, 0x0004);
  EXPECT_SENSE(Space16(1, INT64_MAX), 8, 0x0005);
  for (int code : {2, 4, 5, 15}) EXPECT_SENSE(Space(code, 1), 5, 0x2400);
  EXPECT_EQ(Position(host_), 9u);
}

TEST_F(DrivePosition, LocatesObjectsFilesAndTheEnd) {
  for (uint32_t object : {0, 3, 8, 9}) {
    EXPECT_GOOD(Locate(object));
    EXPECT_EQ(Position(host_), object);
  }
  EXPECT_SENSE(Locate(10), 8, 0x0005);
  EXPECT_EQ(Position(host_), 9u);
  EXPECT_GOOD(Locate16(0, 4));
  EXPECT_EQ(Position(host_), 4u);
  EXPECT_SENSE(Locate16(0, uint64_t{1} << 60), 8, 0x0005);
  for (auto [file, object] : {std::pair{0, 0}, {1, 4}, {2, 7}, {3, 8}}) {
    EXPECT_GOOD(Locate16(1, file));
    EXPECT_EQ(Position(host_), static_cast<uint64_t>(object));
  }
  EXPECT_SENSE(Locate16(1, 4), 8, 0x0005);
  Rewind(host_);
  EXPECT_GOOD(Locate16(3, 0));
  EXPECT_EQ(Position(host_), 9u);
  EXPECT_SENSE(Locate16(2, 0), 5, 0x2400);
}

TEST_F(DrivePosition, ThereIsOnePartition) {
  EXPECT_GOOD(host_.Send({0x2b, 0x02, 0, 0, 0, 0, 2, 0, 0, 0}));
  Answer answer = host_.Send({0x2b, 0x02, 0, 0, 0, 0, 2, 0, 1, 0});
  EXPECT_SENSE(answer, 5, 0x2400);
  EXPECT_EQ(answer.cdb_byte(), 8);
  EXPECT_SENSE(host_.Send({0x92, 0x02, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), 5, 0x2400);
  // Device-specific addresses are the same as others.
  EXPECT_GOOD(host_.Send({0x2b, 0x04, 0, 0, 0, 0, 5, 0, 0, 0}));
  EXPECT_EQ(Position(host_), 5u);
}

TEST_F(DrivePosition, IsToldInAllForms) {
  Locate(8);
  for (int form : {0, 1}) {
    Answer answer = host_.Send({0x34, form, 0, 0, 0, 0, 0, 0, 0, 0});
    EXPECT_EQ(answer.data, Raw({0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0}));
  }
  Answer answer = host_.Send({0x34, 6, 0, 0, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(answer.data.size(), 32u);
  EXPECT_EQ(answer.data[0], 0);
  EXPECT_EQ(answer.Number(8, 8), 8u);
  EXPECT_EQ(answer.Number(16, 8), 3u);  // file number
  answer = host_.Send({0x34, 8, 0, 0, 0, 0, 0, 0, 32, 0});
  EXPECT_EQ(answer.data.size(), 32u);
  EXPECT_EQ(answer.Number(2, 2), 28u);
  EXPECT_EQ(answer.Number(8, 8), 8u);
  EXPECT_EQ(answer.Number(16, 8), 8u);
  EXPECT_EQ(host_.Send({0x34, 8, 0, 0, 0, 0, 0, 0, 12, 0}).data.size(), 12u);
  Rewind(host_);
  EXPECT_EQ(host_.Send({0x34, 0, 0, 0, 0, 0, 0, 0, 0, 0}).data[0], '\x80');
  EXPECT_SENSE(host_.Send({0x34, 7, 0, 0, 0, 0, 0, 0, 0, 0}), 5, 0x2400);
}

TEST_F(DrivePosition, NoCommandMovesAnEmptyDrive) {
  EXPECT_TRUE(drive_.Eject().ok());
  for (const std::string& cdb :
       {Raw({0x01, 0, 0, 0, 0, 0}), Raw({0x11, 0, 0, 0, 1, 0}),
        Raw({0x2b, 0, 0, 0, 0, 0, 0, 0, 0, 0}), Raw({0x34, 0, 0, 0, 0, 0, 0, 0, 0, 0}),
        Raw({0x91, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0}),
        Raw({0x92, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0})}) {
    EXPECT_SENSE(host_.Send(cdb), 2, 0x3a00);
  }
}

}  // namespace
}  // namespace oca::scsi
