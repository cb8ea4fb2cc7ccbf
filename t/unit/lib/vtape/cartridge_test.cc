#include "lib/vtape/cartridge.h"

#include <cerrno>
#include <memory>

#include "gtest/gtest.h"
#include "lib/io/testing/fault_file_system.h"
#include "t/support/random.h"
#include "t/support/vtape_storage.h"
#include "t/unit/lib/vtape/tapes.h"

namespace oca::vtape {
namespace {

using Stop = Cartridge::Stop;
using Kind = Cartridge::ReadOutcome::Kind;

class CartridgeTest : public testing::Test {
 protected:
  void Make(const Attributes& attributes = TapeAttributes()) {
    Status status = Cartridge::Create(storage_, kTape, attributes);
    ASSERT_TRUE(status.ok()) << status.message();
    Reload();
  }
  void Reload(const Cartridge::Options& options = {}) {
    tape_.reset();
    auto tape = Cartridge::Load(storage_, kTape, options);
    ASSERT_TRUE(tape.ok()) << tape.status().message();
    tape_ = *std::move(tape);
  }
  // b: a block, |: a filemark.
  void Fill(const std::string& pattern) {
    for (char c : pattern) {
      Status status = c == '|' ? tape_->WriteFilemarks(1, true) : tape_->Write(random_.Bytes(100));
      ASSERT_TRUE(status.ok()) << status.message();
    }
  }
  Kind Next() {
    char byte;
    auto read = tape_->Read({&byte, 1});
    EXPECT_TRUE(read.ok()) << read.status().message();
    return read.ok() ? read->kind : Kind::kEndOfData;
  }
  void ExpectSpace(Result<Cartridge::SpaceOutcome> outcome, uint64_t spaced, Stop stop,
                   uint64_t position) {
    ASSERT_TRUE(outcome.ok()) << outcome.status().message();
    EXPECT_EQ(outcome->spaced, spaced);
    EXPECT_EQ(outcome->stop, stop);
    EXPECT_EQ(tape_->position(), position);
  }

  support::Random random_{1};
  io::FaultFileSystem fs_;
  support::VtapeStorage storage_{fs_};
  std::unique_ptr<Cartridge> tape_;
};

TEST_F(CartridgeTest, BlocksOfAllSizesComeBack) {
  Make();
  Objects written;
  for (size_t n : {1u, 2u, 511u, 512u, 65536u, 70000u, kMaxBlockBytes}) {
    written.push_back(random_.Bytes(n));
    ASSERT_TRUE(tape_->Write(written.back()).ok());
    written.push_back("");
    ASSERT_TRUE(tape_->WriteFilemarks(1, n % 2 == 0).ok());
  }
  Status status;
  EXPECT_EQ(ReadAll(*tape_, &status), written);
  ASSERT_TRUE(tape_->Unload().ok());
  Reload();
  EXPECT_EQ(ReadAll(*tape_, &status), written);
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(tape_->attributes().loads, 2u);
}

TEST_F(CartridgeTest, PayloadFileHoldsNothingButPayload) {
  Make();
  std::string all;
  for (int i = 0; i < 300; ++i) {
    std::string block = random_.Bytes(random_.Between(1, 3000));
    all += block;
    ASSERT_TRUE(tape_->Write(block).ok());
    ASSERT_TRUE(tape_->WriteFilemarks(i % 10 == 0 ? 1 : 0, true).ok());
  }
  ASSERT_TRUE(tape_->Sync().ok());
  auto payload = ReadWhole(storage_, std::string(kTape) + "/payload", all.size() + 1);
  ASSERT_TRUE(payload.ok());
  EXPECT_EQ(*payload, all);
}

TEST_F(CartridgeTest, ASmallerBufferGetsTheBeginningAndTheBlockIsPassed) {
  Make();
  std::string block = random_.Bytes(1000);
  ASSERT_TRUE(tape_->Write(block).ok());
  tape_->Rewind();
  std::string buffer(10, '\0');
  auto read = tape_->Read(buffer);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->block_bytes, 1000u);
  EXPECT_EQ(read->copied, 10u);
  EXPECT_EQ(buffer, block.substr(0, 10));
  EXPECT_EQ(Next(), Kind::kEndOfData);
}

TEST_F(CartridgeTest, SizesThatCannotBeAreRefused) {
  Make();
  EXPECT_EQ(tape_->Write("").code(), Code::kInvalid);
  EXPECT_EQ(tape_->Write(std::string(kMaxBlockBytes + 1, 'x')).code(), Code::kInvalid);
  EXPECT_EQ(tape_->objects(), 0u);
}

TEST_F(CartridgeTest, SpaceStopsWhereTheStandardSays) {
  Make();
  Fill("bb|bbb||b");  // objects 0..8; filemarks 2, 6, 7
  tape_->Rewind();
  ExpectSpace(tape_->SpaceBlocks(1), 1, Stop::kDone, 1);
  ExpectSpace(tape_->SpaceBlocks(5), 1, Stop::kFilemark, 3);
  ExpectSpace(tape_->SpaceBlocks(3), 3, Stop::kDone, 6);
  ExpectSpace(tape_->SpaceBlocks(-3), 3, Stop::kDone, 3);
  ExpectSpace(tape_->SpaceBlocks(-9), 0, Stop::kFilemark, 2);
  ExpectSpace(tape_->SpaceBlocks(-9), 2, Stop::kBeginning, 0);
  ExpectSpace(tape_->SpaceFilemarks(2), 2, Stop::kDone, 7);
  ExpectSpace(tape_->SpaceFilemarks(2), 1, Stop::kEndOfData, 9);
  ExpectSpace(tape_->SpaceBlocks(1), 0, Stop::kEndOfData, 9);
  ExpectSpace(tape_->SpaceFilemarks(-2), 2, Stop::kDone, 6);
  ExpectSpace(tape_->SpaceFilemarks(-2), 1, Stop::kBeginning, 0);
  ExpectSpace(tape_->SpaceBlocks(INT64_MIN), 0, Stop::kBeginning, 0);
  tape_->SpaceToEnd();
  EXPECT_EQ(tape_->position(), 9u);
}

TEST_F(CartridgeTest, LocateFindsObjectsAndFiles) {
  Make();
  Fill("bb|bbb||b");
  EXPECT_TRUE(tape_->Locate(2));
  EXPECT_EQ(Next(), Kind::kFilemark);
  EXPECT_FALSE(tape_->Locate(100));
  EXPECT_EQ(tape_->position(), 9u);
  for (auto [file, object] : {std::pair{0, 0}, {1, 3}, {2, 7}, {3, 8}}) {
    auto found = tape_->LocateFile(file);
    ASSERT_TRUE(found.ok() && *found);
    EXPECT_EQ(tape_->position(), static_cast<uint64_t>(object));
    EXPECT_EQ(*tape_->FileNumber(), static_cast<uint64_t>(file));
  }
  auto found = tape_->LocateFile(4);
  ASSERT_TRUE(found.ok());
  EXPECT_FALSE(*found);
}

TEST_F(CartridgeTest, OverwritingMakesAnEndOfData) {
  Make();
  Fill("bbbb|bb");
  tape_->Locate(2);
  Fill("b");
  EXPECT_EQ(Next(), Kind::kEndOfData);
  EXPECT_EQ(tape_->objects(), 3u);
  EXPECT_EQ(tape_->filemarks(), 0u);
  EXPECT_EQ(tape_->used_bytes(), 300u);
  tape_->Locate(1);
  ASSERT_TRUE(tape_->Erase().ok());
  EXPECT_EQ(tape_->objects(), 1u);
}

TEST_F(CartridgeTest, WarnsBeforeItIsFullAndThenRefuses) {
  Make(TapeAttributes(1 << 20));
  int written = 0;
  while (!tape_->in_early_warning()) {
    ASSERT_TRUE(tape_->Write(random_.Bytes(4000)).ok());
    ++written;
  }
  EXPECT_EQ(written, 260);  // the first with at most 10,485 bytes left
  Status status;
  while ((status = tape_->Write(random_.Bytes(4000))).ok()) ++written;
  EXPECT_EQ(status.code(), Code::kEndOfMedium);
  EXPECT_EQ(written, 262);
  EXPECT_EQ(tape_->objects(), 262u);
  // Filemarks and labels' ends still fit.
  EXPECT_TRUE(tape_->WriteFilemarks(2, false).ok());
  EXPECT_EQ(tape_->WriteFilemarks(1 << 24, false).code(), Code::kEndOfMedium);
  EXPECT_EQ(tape_->objects(), 264u);
}

TEST_F(CartridgeTest, WormTakesMoreButNothingElse) {
  Make(TapeAttributes(64 << 20, MediumKind::kWorm));
  Fill("bb||");
  tape_->Locate(3);  // between the filemarks at the end
  Fill("b|");
  tape_->Locate(2);
  EXPECT_EQ(tape_->Write("x").code(), Code::kWorm);
  tape_->Rewind();
  EXPECT_EQ(tape_->Write("x").code(), Code::kWorm);
  EXPECT_EQ(tape_->WriteFilemarks(1, false).code(), Code::kWorm);
  EXPECT_EQ(tape_->Erase().code(), Code::kWorm);
  EXPECT_EQ(tape_->objects(), 5u);
  ASSERT_TRUE(tape_->Unload().ok());
  Reload();
  EXPECT_EQ(tape_->Write("x").code(), Code::kWorm);
  tape_->Locate(4);
  EXPECT_TRUE(tape_->Write("x").ok());
}

TEST_F(CartridgeTest, AWormTapeOfFilemarksAloneIsNotOverwrittenAtItsBeginning) {
  Make(TapeAttributes(64 << 20, MediumKind::kWorm));
  Fill("||");
  tape_->Rewind();
  EXPECT_EQ(tape_->Write("x").code(), Code::kWorm);
}

TEST_F(CartridgeTest, WriteProtectionRefusesEveryChange) {
  Make();
  Fill("b");
  ASSERT_TRUE(tape_->SetWriteProtected(true).ok());
  EXPECT_EQ(tape_->Write("x").code(), Code::kWriteProtected);
  EXPECT_EQ(tape_->WriteFilemarks(0, false).code(), Code::kWriteProtected);
  EXPECT_EQ(tape_->Erase().code(), Code::kWriteProtected);
  ASSERT_TRUE(tape_->Unload().ok());
  Reload();
  EXPECT_TRUE(tape_->attributes().write_protected);
  EXPECT_EQ(tape_->objects(), 1u);
}

TEST_F(CartridgeTest, MamIsKeptAndLimited) {
  Make();
  ASSERT_TRUE(tape_->SetMam(0x0803, {MamFormat::kText, "label"}).ok());
  EXPECT_EQ(tape_->SetMam(0x1400, {MamFormat::kBinary, std::string(kMaxMamBytes, 'x')}).code(),
            Code::kNoSpace);
  tape_.reset();  // as after a crash
  Reload();
  ASSERT_EQ(tape_->attributes().mam.size(), 1u);
  EXPECT_EQ(tape_->attributes().mam.at(0x0803).value, "label");
  ASSERT_TRUE(tape_->SetMam(0x0803, {}).ok());
  EXPECT_TRUE(tape_->attributes().mam.empty());
}

TEST_F(CartridgeTest, OneAtATimeHasItLoaded) {
  Make();
  EXPECT_EQ(Cartridge::Load(storage_, kTape, {}).status().code(), Code::kBusy);
  EXPECT_EQ(Cartridge::Remove(storage_, kTape).code(), Code::kBusy);
  EXPECT_EQ(Cartridge::Create(storage_, kTape, TapeAttributes()).code(), Code::kBusy);
  ASSERT_TRUE(tape_->Unload().ok());
  EXPECT_EQ(Cartridge::Create(storage_, kTape, TapeAttributes()).code(), Code::kExists);
  ASSERT_TRUE(Cartridge::Remove(storage_, kTape).ok());
  EXPECT_EQ(Cartridge::Load(storage_, kTape, {}).status().code(), Code::kNotFound);
}

TEST_F(CartridgeTest, ABlockThatChangedOnDiskIsAnErrorAndIsPassed) {
  Make();
  Fill("bbb");
  ASSERT_TRUE(tape_->Unload().ok());
  auto payload = fs_.Open(std::string(kTape) + "/payload", io::OpenMode::kReadWrite);
  ASSERT_TRUE(payload.ok() && (*payload)->WriteAt(150, "?").ok());
  Reload();
  EXPECT_EQ(Next(), Kind::kBlock);
  char byte;
  EXPECT_EQ(tape_->Read({&byte, 1}).status().code(), Code::kDamaged);
  EXPECT_EQ(Next(), Kind::kBlock);
}

TEST_F(CartridgeTest, DamageOfWhatWasDurableIsNeverCutOff) {
  Make();
  Fill(std::string(300, 'b'));
  ASSERT_TRUE(tape_->Unload().ok());
  auto index = fs_.Open(std::string(kTape) + "/index", io::OpenMode::kReadWrite);
  ASSERT_TRUE(index.ok());
  ASSERT_TRUE((*index)->WriteAt(kEntriesOffset + 299 * kEntryBytes, "?").ok());
  Reload();
  EXPECT_EQ(tape_->Write("x").code(), Code::kDamaged);
  Status status;
  EXPECT_EQ(ReadAll(*tape_, &status).size(), 299u);
  EXPECT_EQ(status.code(), Code::kDamaged);
  ASSERT_TRUE(tape_->Unload().ok());
  ASSERT_TRUE((*index)->Truncate(kEntriesOffset + 200 * kEntryBytes).ok());
  Reload();
  EXPECT_EQ(tape_->Write("x").code(), Code::kDamaged);
  status = Status();
  EXPECT_EQ(ReadAll(*tape_, &status).size(), 200u);
}

TEST_F(CartridgeTest, BlocksThatAFullDiskRefusedAreKeptAndWrittenOnceThereIsSpace) {
  Make();
  Reload({.write_behind_bytes = 1000});
  Objects taken;
  fs_.SetCapacity(64 << 10);
  Status status;
  while (taken.size() < 1000) {
    std::string block = random_.Bytes(400);
    status = tape_->Write(block);
    if (!status.ok()) break;
    taken.push_back(std::move(block));
  }
  EXPECT_EQ(status.code(), Code::kNoSpace);
  EXPECT_EQ(tape_->objects(), taken.size()) << "the block that was refused is not there";
  EXPECT_EQ(tape_->WriteFilemarks(0, false).code(), Code::kNoSpace);
  fs_.SetCapacity(64 << 20);
  ASSERT_TRUE(tape_->WriteFilemarks(0, false).ok());
  fs_.PowerCycle(5);
  Reload();
  status = Status();
  EXPECT_EQ(ReadAll(*tape_, &status), taken);
  EXPECT_TRUE(status.ok()) << status.message();
}

TEST_F(CartridgeTest, WhatIsOverwrittenIsNotWrittenAfterwards) {
  Make();
  Reload({.write_behind_bytes = 1000});
  Fill("b");
  ASSERT_TRUE(tape_->Sync().ok());
  Fill("bbbbbbbbbbbbbbbb");
  tape_->Locate(1);
  ASSERT_TRUE(tape_->Write("new").ok());
  ASSERT_TRUE(tape_->Unload().ok());
  Reload();
  Status status;
  Objects found = ReadAll(*tape_, &status);
  ASSERT_TRUE(status.ok()) << status.message();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[1], "new");
  auto payload = fs_.Open(std::string(kTape) + "/payload", io::OpenMode::kReadWrite);
  ASSERT_TRUE(payload.ok());
  EXPECT_EQ(*(*payload)->Size(), 103u);
}

TEST_F(CartridgeTest, BlocksAreTakenAndFetchedWithoutTheStorage) {
  Make();
  Reload({.write_behind_bytes = 1000, .read_ahead_bytes = 1000});
  EXPECT_TRUE(tape_->WriteIsQuick(100));
  Objects written;
  for (int i = 0; i < 100; ++i) {
    written.push_back(random_.Bytes(100));
    ASSERT_TRUE(tape_->Write(written.back()).ok());
  }
  tape_->Locate(5);
  EXPECT_FALSE(tape_->WriteIsQuick(100)) << "what stands behind goes first";
  ASSERT_TRUE(tape_->Sync().ok());
  tape_->Rewind();
  EXPECT_FALSE(tape_->ReadIsQuick()) << "nothing was fetched yet";
  int quick = 0;
  std::string block(100, '\0');
  for (const std::string& expected : written) {
    quick += tape_->ReadIsQuick() ? 1 : 0;
    ASSERT_TRUE(tape_->Read(block).ok());
    ASSERT_EQ(block, expected);
  }
  EXPECT_GE(quick, 80) << "but for one in each piece of ten";
  EXPECT_TRUE(tape_->ReadIsQuick()) << "the end of the data is known";
}

TEST_F(CartridgeTest, WhatWasFetchedIsForgottenWhenItIsOverwritten) {
  Make();
  Reload({.write_behind_bytes = 1000, .read_ahead_bytes = 1000});
  Fill(std::string(50, 'b'));
  ASSERT_TRUE(tape_->Sync().ok());
  tape_->Rewind();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Next(), Kind::kBlock);
  const std::string block = random_.Bytes(100);
  ASSERT_TRUE(tape_->Write(block).ok());
  tape_->Locate(9);
  EXPECT_EQ(Next(), Kind::kBlock);
  std::string found(100, '\0');
  ASSERT_TRUE(tape_->Read(found).ok());
  EXPECT_EQ(found, block);
}

TEST_F(CartridgeTest, AFullDiskRefusesTheBlockAndLaterTakesIt) {
  Make();
  Reload({.write_behind_bytes = 0});
  Fill("bb");
  fs_.SetCapacity(64 << 10);
  std::string big = random_.Bytes(256 << 10);
  EXPECT_EQ(tape_->Write(big).code(), Code::kNoSpace);
  EXPECT_EQ(tape_->objects(), 2u);
  fs_.SetCapacity(64 << 20);
  ASSERT_TRUE(tape_->Write(big).ok());
  ASSERT_TRUE(tape_->WriteFilemarks(1, false).ok());
  tape_->Locate(2);
  std::string buffer(big.size(), '\0');
  auto read = tape_->Read(buffer);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(buffer, big);
}

TEST_F(CartridgeTest, AfterAFailedSyncNothingIsWrittenUntilItIsLoadedAgain) {
  Make();
  Fill("b");
  ASSERT_TRUE(tape_->Sync().ok());
  Fill("b");
  fs_.FailMatching(io::Op::kSync, "payload", EIO, io::FaultFileSystem::Duration::kTransient);
  EXPECT_EQ(tape_->WriteFilemarks(0, false).code(), Code::kIo);
  EXPECT_EQ(tape_->Write("x").code(), Code::kIo);
  EXPECT_EQ(tape_->Sync().code(), Code::kIo);
  Reload();
  EXPECT_GE(tape_->objects(), 1u);
  uint64_t objects = tape_->objects();
  fs_.PowerCycle(3);
  Reload();
  EXPECT_EQ(tape_->objects(), objects) << "what a load showed is durable";
  Status status;
  ReadAll(*tape_, &status);
  EXPECT_TRUE(status.ok()) << status.message();
}

}  // namespace
}  // namespace oca::vtape
