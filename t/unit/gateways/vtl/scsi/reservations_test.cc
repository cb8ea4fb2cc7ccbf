#include "gateways/vtl/scsi/reservations.h"

#include "t/unit/gateways/vtl/scsi/host.h"

namespace oca::scsi {
namespace {

constexpr int kWriteExclusive = 1;
constexpr int kExclusive = 3;
constexpr int kWriteExclusiveRegistrants = 5;
constexpr int kExclusiveRegistrants = 6;
constexpr int kExclusiveAll = 8;

class Reserve : public DriveTest {
 protected:
  void SetUp() override { LoadTape(); }

  static constexpr std::initializer_list<int> kReserve = {0x16, 0, 0, 0, 0, 0};
  static constexpr std::initializer_list<int> kRelease = {0x17, 0, 0, 0, 0, 0};
  static constexpr std::initializer_list<int> kReady = {0x00, 0, 0, 0, 0, 0};

  Answer Out(Host& host, int action, int type, uint64_t key, uint64_t action_key, int flags = 0) {
    std::string list;
    PutBe(&list, key, 8);
    PutBe(&list, action_key, 8);
    PutBe(&list, 0, 4);
    PutBe(&list, flags, 1);
    PutBe(&list, 0, 3);
    return host.Send(Raw({0x5f, action, type, 0, 0, 0, 0, 0, 24, 0}), list);
  }
  Answer Register(Host& host, uint64_t key) { return Out(host, 6, 0, 0, key); }
  Answer In(Host& host, int action) {
    return host.Send(Raw({0x5e, action, 0, 0, 0, 0, 0, 0x10, 0, 0}));
  }
  bool MayWrite(Host& host) { return WriteBlock(host, "x").status == Status::kGood; }
  Status StatusOf(Host& host, std::initializer_list<int> cdb) { return host.Send(cdb).status; }

  Host third_{drive_, "iqn.a:three,i,0x3", 3};
};

TEST_F(Reserve, OneSessionHoldsTheDrive) {
  EXPECT_GOOD(other_.Send(kReady));
  EXPECT_GOOD(host_.Send(kReserve));
  EXPECT_GOOD(host_.Send(kReserve));
  EXPECT_TRUE(MayWrite(host_));
  EXPECT_EQ(WriteBlock(other_, "x").status, Status::kReservationConflict);
  EXPECT_EQ(StatusOf(other_, kReady), Status::kReservationConflict);
  EXPECT_EQ(StatusOf(other_, kReserve), Status::kReservationConflict);
  EXPECT_EQ(In(other_, 0).status, Status::kReservationConflict);
  EXPECT_EQ(In(host_, 0).status, Status::kReservationConflict);
  EXPECT_EQ(StatusOf(other_, {0x1e, 0, 0, 0, 1, 0}), Status::kReservationConflict);
  for (auto cdb : {Raw({0x12, 0, 0, 0, 36, 0}), Raw({0x03, 0, 0, 0, 18, 0}),
                   Raw({0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}), Raw({0x17, 0, 0, 0, 0, 0}),
                   Raw({0x4d, 0, 0x6e, 0, 0, 0, 0, 1, 0, 0}), Raw({0x1e, 0, 0, 0, 0, 0}),
                   Raw({0x05, 0, 0, 0, 0, 0})}) {
    EXPECT_GOOD(other_.Send(cdb));
  }
  EXPECT_EQ(WriteBlock(other_, "x").status, Status::kReservationConflict);
  EXPECT_GOOD(host_.Send({0x57, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_TRUE(MayWrite(other_));
}

TEST_F(Reserve, EndsWithTheSessionAndWithAReset) {
  EXPECT_GOOD(host_.Send(kReserve));
  EXPECT_EQ(drive_.reserved_by(), 1u);
  drive_.SessionEnded(other_.initiator());
  EXPECT_EQ(drive_.reserved_by(), 1u);
  drive_.SessionEnded(host_.initiator());
  EXPECT_EQ(drive_.reserved_by(), std::nullopt);
  EXPECT_TRUE(MayWrite(other_));
  EXPECT_GOOD(host_.Send({0x56, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  drive_.Reset();
  EXPECT_TRUE(MayWrite(other_));
}

TEST_F(Reserve, ThirdPartiesAreNotReservedFor) {
  EXPECT_SENSE(host_.Send({0x16, 0x10, 0, 0, 0, 0}), 5, 0x2400);
  EXPECT_SENSE(host_.Send({0x56, 0x12, 0, 5, 0, 0, 0, 0, 0, 0}), 5, 0x2400);
}

TEST_F(Reserve, KeysAreRegisteredChangedAndTakenBack) {
  EXPECT_EQ(Out(host_, 0, 0, 7, 1).status, Status::kReservationConflict);
  EXPECT_GOOD(Out(host_, 0, 0, 0, 0xa));
  EXPECT_EQ(Out(host_, 0, 0, 0, 0xb).status, Status::kReservationConflict);
  EXPECT_GOOD(Out(host_, 0, 0, 0xa, 0xb));
  EXPECT_GOOD(Register(other_, 0xc));
  Answer keys = In(host_, 0);
  EXPECT_EQ(keys.Number(0, 4), 3u);
  EXPECT_EQ(keys.Number(4, 4), 16u);
  EXPECT_EQ(keys.Number(8, 8), 0xbu);
  EXPECT_EQ(keys.Number(16, 8), 0xcu);
  EXPECT_GOOD(Out(host_, 0, 0, 0xb, 0));
  EXPECT_GOOD(Out(third_, 0, 0, 0, 0));
  EXPECT_EQ(In(host_, 0).Number(4, 4), 8u);
}

TEST_F(Reserve, ParameterListsAreChecked) {
  for (int flags : {0x01, 0x04, 0x08}) {
    Answer answer = Out(host_, 0, 0, 0, 1, flags);
    EXPECT_SENSE(answer, 5, 0x2600);
    EXPECT_EQ(answer.list_byte(), 20);
  }
  EXPECT_SENSE(host_.Send({0x5f, 0, 0, 0, 0, 0, 0, 0, 23, 0}, std::string(24, '\0')), 5, 0x1a00);
  EXPECT_SENSE(host_.Send({0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0}, std::string(23, '\0')), 5, 0x1a00);
  EXPECT_SENSE(host_.Send({0x5f, 7, 0, 0, 0, 0, 0, 0, 24, 0}, std::string(24, '\0')), 5, 0x2400);
  Register(host_, 1);
  for (int type : {0x00, 0x02, 0x04, 0x09, 0x0f, 0x11}) {
    EXPECT_SENSE(Out(host_, 1, type, 1, 0), 5, 0x2400);
  }
}

TEST_F(Reserve, WriteExclusiveKeepsWritersAndReadersOfTapesOut) {
  EXPECT_EQ(Out(host_, 1, kWriteExclusive, 1, 0).status, Status::kReservationConflict);
  Register(host_, 1);
  EXPECT_EQ(Out(host_, 1, kWriteExclusive, 2, 0).status, Status::kReservationConflict);
  EXPECT_GOOD(Out(host_, 1, kWriteExclusive, 1, 0));
  EXPECT_GOOD(Out(host_, 1, kWriteExclusive, 1, 0));
  EXPECT_EQ(Out(host_, 1, kExclusive, 1, 0).status, Status::kReservationConflict);
  EXPECT_TRUE(MayWrite(host_));
  EXPECT_FALSE(MayWrite(other_));
  EXPECT_EQ(ReadBlock(other_, 1).status, Status::kReservationConflict);
  EXPECT_GOOD(other_.Send(kReady));
  EXPECT_GOOD(other_.Send({0x8c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}));
  EXPECT_EQ(StatusOf(other_, {0x1a, 0, 0x3f, 0, 255, 0}), Status::kReservationConflict);
  // Registration alone does not share it.
  Register(other_, 2);
  EXPECT_FALSE(MayWrite(other_));
  EXPECT_EQ(Out(other_, 1, kWriteExclusive, 2, 0).status, Status::kReservationConflict);
  Answer held = In(other_, 1);
  EXPECT_EQ(held.Number(4, 4), 16u);
  EXPECT_EQ(held.Number(8, 8), 1u);
  EXPECT_EQ(held.Number(21, 1), static_cast<uint64_t>(kWriteExclusive));
}

TEST_F(Reserve, ExclusiveAccessKeepsAttributeReadersOut) {
  Register(host_, 1);
  EXPECT_GOOD(Out(host_, 1, kExclusive, 1, 0));
  EXPECT_EQ(StatusOf(other_, {0x8c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}),
            Status::kReservationConflict);
  EXPECT_GOOD(other_.Send({0x12, 0, 0, 0, 36, 0}));
}

TEST_F(Reserve, RegistrantsShareAndHearOfTheEnd) {
  Register(host_, 1);
  Register(other_, 2);
  EXPECT_GOOD(Out(host_, 1, kWriteExclusiveRegistrants, 1, 0));
  EXPECT_TRUE(MayWrite(other_));
  EXPECT_FALSE(MayWrite(third_));
  // Only the holder releases it; others are told that all is well.
  EXPECT_GOOD(Out(other_, 2, kWriteExclusiveRegistrants, 2, 0));
  EXPECT_FALSE(MayWrite(third_));
  EXPECT_SENSE(Out(host_, 2, kExclusive, 1, 0), 5, 0x2604);
  EXPECT_GOOD(Out(host_, 2, kWriteExclusiveRegistrants, 1, 0));
  EXPECT_SENSE(other_.Send(kReady), 6, 0x2a04);
  EXPECT_GOOD(third_.Send(kReady));
  EXPECT_GOOD(host_.Send(kReady));
}

TEST_F(Reserve, AHolderThatUnregistersReleases) {
  Register(host_, 1);
  Register(other_, 2);
  EXPECT_GOOD(Out(host_, 1, kExclusiveRegistrants, 1, 0));
  EXPECT_GOOD(Out(host_, 0, 0, 1, 0));
  EXPECT_SENSE(other_.Send(kReady), 6, 0x2a04);
  EXPECT_TRUE(MayWrite(third_));
}

TEST_F(Reserve, AllRegistrantsHoldUntilTheLastGoes) {
  Register(host_, 1);
  Register(other_, 2);
  EXPECT_GOOD(Out(host_, 1, kExclusiveAll, 1, 0));
  EXPECT_EQ(In(host_, 1).Number(8, 8), 0u);
  EXPECT_GOOD(Out(host_, 0, 0, 1, 0));
  EXPECT_TRUE(MayWrite(other_));
  EXPECT_FALSE(MayWrite(third_));
  EXPECT_GOOD(Out(other_, 0, 0, 2, 0));
  EXPECT_TRUE(MayWrite(third_));
}

TEST_F(Reserve, ClearEndsEverything) {
  Register(host_, 1);
  Register(other_, 2);
  Out(host_, 1, kExclusive, 1, 0);
  EXPECT_GOOD(Out(other_, 3, 0, 2, 0));
  EXPECT_SENSE(host_.Send(kReady), 6, 0x2a03);
  EXPECT_EQ(In(host_, 0).Number(4, 4), 0u);
  EXPECT_TRUE(MayWrite(third_));
}

TEST_F(Reserve, PreemptionTakesOver) {
  Register(host_, 1);
  Register(other_, 2);
  Register(third_, 1);
  EXPECT_GOOD(Out(host_, 1, kExclusive, 1, 0));
  EXPECT_SENSE(Out(other_, 4, kExclusive, 2, 0), 5, 0x2600);
  EXPECT_EQ(Out(other_, 4, kExclusive, 2, 99).status, Status::kReservationConflict);
  EXPECT_GOOD(Out(other_, 5, kWriteExclusive, 2, 1));
  EXPECT_TRUE(MayWrite(other_));
  EXPECT_SENSE(third_.Send(kReady), 6, 0x2a05);
  EXPECT_SENSE(host_.Send(kReady), 6, 0x2a05);
  EXPECT_EQ(WriteBlock(host_, "x").status, Status::kReservationConflict);
  Answer held = In(other_, 1);
  EXPECT_EQ(held.Number(8, 8), 2u);
  EXPECT_EQ(held.Number(21, 1), static_cast<uint64_t>(kWriteExclusive));
  EXPECT_EQ(In(other_, 0).Number(4, 4), 8u);
}

TEST_F(Reserve, PreemptionOfOthersLeavesTheReservation) {
  Register(host_, 1);
  Register(other_, 2);
  Register(third_, 3);
  Out(host_, 1, kExclusive, 1, 0);
  EXPECT_GOOD(Out(other_, 4, kExclusive, 2, 3));
  EXPECT_SENSE(In(third_, 0), 6, 0x2a05);
  EXPECT_TRUE(MayWrite(host_));
  EXPECT_FALSE(MayWrite(other_));
}

TEST_F(Reserve, PreemptionOfAllRegistrantsByKeyZero) {
  Register(host_, 1);
  Register(other_, 2);
  Out(host_, 1, kExclusiveAll, 1, 0);
  EXPECT_GOOD(Out(other_, 4, kExclusive, 2, 0));
  EXPECT_TRUE(MayWrite(other_));
  EXPECT_FALSE(MayWrite(host_));
  EXPECT_EQ(In(other_, 0).Number(4, 4), 8u);
}

TEST_F(Reserve, ReportsWhatItCanAndWhoHolds) {
  EXPECT_EQ(In(host_, 2).data, Raw({0, 8, 0x10, 0x80, 0xea, 0x01, 0, 0}));
  Register(host_, 1);
  Register(other_, 2);
  Out(host_, 1, kExclusive, 1, 0);
  Answer status = In(host_, 3);
  EXPECT_EQ(status.Number(4, 4), status.data.size() - 8);
  EXPECT_EQ(status.Number(8, 8), 1u);
  EXPECT_EQ(status.Number(20, 2), 0x0103u);  // the holder, and the type
  EXPECT_EQ(status.Number(26, 2), 1u);       // target port
  size_t id = status.Number(28, 4);
  EXPECT_EQ(status.Number(32, 1), 0x45u);
  EXPECT_EQ(status.Number(34, 2), id - 4);
  EXPECT_EQ(status.data.substr(36, 17), "iqn.a:one,i,0x1" + std::string(2, '\0'));
  EXPECT_EQ(status.Number(32 + id, 8), 2u);
}

TEST_F(Reserve, RegistrationsRuleOutTheOtherKind) {
  Register(host_, 1);
  EXPECT_EQ(StatusOf(other_, kReserve), Status::kReservationConflict);
  EXPECT_EQ(StatusOf(host_, kReserve), Status::kReservationConflict);
  Out(host_, 1, kExclusive, 1, 0);
  // The holder is told that all is well (compatible reservation handling).
  EXPECT_GOOD(host_.Send(kReserve));
  EXPECT_GOOD(host_.Send(kRelease));
  EXPECT_EQ(StatusOf(other_, kRelease), Status::kReservationConflict);
  EXPECT_FALSE(MayWrite(other_));
}

TEST_F(Reserve, RegistrationsOutliveSessions) {
  Register(host_, 1);
  Out(host_, 1, kExclusive, 1, 0);
  drive_.SessionEnded(host_.initiator());
  drive_.Reset();
  EXPECT_FALSE(MayWrite(other_));
  Host again(drive_, host_.initiator().port, 77);
  EXPECT_TRUE(MayWrite(again));
}

}  // namespace
}  // namespace oca::scsi
