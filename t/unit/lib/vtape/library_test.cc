#include "lib/vtape/library.h"

#include <algorithm>
#include <cerrno>
#include <memory>

#include "gtest/gtest.h"
#include "lib/io/testing/fault_file_system.h"
#include "lib/vtape/cartridge.h"
#include "t/support/random.h"
#include "t/support/vtape_storage.h"

namespace oca::vtape {
namespace {

constexpr char kDir[] = "/library";
constexpr uint64_t k10Gb = 10'000'000'000;

const LibrarySpec kSpec = {.serial = "LIB001",
                           .barcode_prefix = "AFNGC6",
                           .oem_vendor = "",
                           .drive_generation = 4,
                           .drives = 2,
                           .slots = 3,
                           .mail_slots = 2};

class LibraryTest : public testing::Test {
 protected:
  void SetUp() override {
    Status status = Library::Create(storage_, kDir, kSpec);
    ASSERT_TRUE(status.ok()) << status.message();
    library_ = Opened();
  }
  std::unique_ptr<Library> Opened() {
    auto library = Library::Open(storage_, kDir);
    EXPECT_TRUE(library.ok()) << library.status().message();
    return library.ok() ? *std::move(library) : nullptr;
  }
  std::vector<std::string> Add(size_t count, uint64_t capacity_bytes = k10Gb) {
    auto barcodes = library_->AddCartridges({count, capacity_bytes, MediumKind::kData, 4}, fill_);
    EXPECT_TRUE(barcodes.ok()) << barcodes.status().message();
    return barcodes.ok() ? *barcodes : std::vector<std::string>();
  }

  support::Random random_{1};
  std::function<void(std::span<char>)> fill_ = [this](std::span<char> out) {
    std::string bytes = random_.Bytes(out.size());
    std::copy(bytes.begin(), bytes.end(), out.begin());
  };
  io::FaultFileSystem fs_;
  support::VtapeStorage storage_{fs_};
  std::unique_ptr<Library> library_;
};

TEST_F(LibraryTest, IsMadeOnceAndAsAsked) {
  EXPECT_EQ(Library::Create(storage_, kDir, kSpec).code(), Code::kExists);
  EXPECT_EQ(library_->inventory().drives.size(), 2u);
  EXPECT_EQ(library_->inventory().drives[1].serial, "LIB0010002");
  for (auto [drives, serial, prefix] : {std::tuple{0, "LIB001", "AFNGC6"},
                                        {61, "LIB001", "AFNGC6"},
                                        {1, "", "AFNGC6"},
                                        {1, "LIB0001", "AFNGC6"},
                                        {1, "LIB001", "AFN"}}) {
    LibrarySpec bad = kSpec;
    bad.drives = static_cast<size_t>(drives);
    bad.serial = serial;
    bad.barcode_prefix = prefix;
    EXPECT_EQ(Library::Create(storage_, "/other", bad).code(), Code::kInvalid);
  }
}

TEST_F(LibraryTest, CartridgesOfDifferentSizesFillSlotsAndMakeMore) {
  EXPECT_EQ(Add(2), (std::vector<std::string>{"AFNGC6000", "AFNGC6001"}));
  EXPECT_EQ(Add(3, 80 * k10Gb).back(), "AFNGC6004");
  EXPECT_EQ(library_->inventory().slots.size(), 5u);
  auto attributes = Cartridge::ReadAttributes(storage_, library_->CartridgeDir("AFNGC6004"));
  ASSERT_TRUE(attributes.ok());
  EXPECT_EQ(attributes->capacity_bytes, 80 * k10Gb);
  EXPECT_EQ(attributes->barcode, "AFNGC6004");
}

TEST_F(LibraryTest, MovesAreSeenByOthersAndSurviveAPowerCut) {
  Add(2);
  auto other = Opened();
  ASSERT_TRUE(library_->Move(1000, 500).ok());
  ASSERT_TRUE(other->Move(1001, 501).ok()) << "it reads the inventory before it changes it";
  ASSERT_TRUE(library_->Refresh().ok());
  EXPECT_EQ(library_->inventory(), other->inventory());
  ASSERT_TRUE(library_->Exchange(501, 500, 1002).ok());
  Inventory before = library_->inventory();
  fs_.PowerCycle(1);
  EXPECT_EQ(Opened()->inventory(), before);
  EXPECT_EQ(library_->Move(1000, 500).code(), Code::kEmpty);
}

TEST_F(LibraryTest, DrivesAndSlotsAreAddedAndRemovedWhileInUse) {
  Add(1);
  ASSERT_TRUE(library_->AddDrives(58, 9).ok());
  EXPECT_EQ(library_->AddDrives(1, 9).code(), Code::kInvalid);
  EXPECT_EQ(library_->AddDrives(0, 3).code(), Code::kInvalid);
  ASSERT_TRUE(library_->Move(1000, 559).ok());
  EXPECT_EQ(library_->RemoveDrives(1).code(), Code::kBusy);
  ASSERT_TRUE(library_->Move(559, 1000).ok());
  ASSERT_TRUE(library_->RemoveDrives(59).ok());
  EXPECT_EQ(library_->RemoveDrives(1).code(), Code::kInvalid);
  ASSERT_TRUE(library_->AddDrives(1, 5).ok());
  EXPECT_EQ(library_->inventory().drives[1].serial, "LIB0010061") << "serials are not used again";
  ASSERT_TRUE(library_->AddSlots(2).ok());
  EXPECT_TRUE(library_->Move(1000, 1004).ok());
  ASSERT_TRUE(library_->SetDriveReadOnly(501, true).ok());
  EXPECT_TRUE(library_->inventory().drives[1].read_only);
  EXPECT_EQ(library_->SetDriveReadOnly(1000, true).code(), Code::kNotFound);
}

TEST_F(LibraryTest, CartridgesLeaveAndReturnByTheMailSlots) {
  Add(2);
  ASSERT_TRUE(library_->Move(1000, 10).ok());
  ASSERT_TRUE(library_->Export(10).ok());
  EXPECT_EQ(library_->inventory().shelf, std::vector<std::string>{"AFNGC6000"});
  EXPECT_EQ(library_->Export(10).code(), Code::kEmpty);
  EXPECT_EQ(library_->Import("AFNGC6001", 11).code(), Code::kNotFound) << "it is inside";
  EXPECT_EQ(library_->Import("AFNGC6000", 1002).code(), Code::kNotFound);
  ASSERT_TRUE(library_->Import("AFNGC6000", 11).ok());
  EXPECT_TRUE(library_->inventory().mail_slots[1].placed_by_operator);
  EXPECT_TRUE(library_->inventory().shelf.empty());
  ASSERT_TRUE(library_->Export(1001).ok());
  EXPECT_EQ(library_->Import("AFNGC6001", 11).code(), Code::kOccupied);
}

TEST_F(LibraryTest, RemovalTakesTheFilesButNotFromADrive) {
  Add(1);
  ASSERT_TRUE(library_->Move(1000, 500).ok());
  EXPECT_EQ(library_->RemoveCartridge("AFNGC6000").code(), Code::kBusy);
  EXPECT_EQ(library_->Export(500).code(), Code::kNotFound);
  ASSERT_TRUE(library_->Move(500, 1000).ok());
  ASSERT_TRUE(library_->RemoveCartridge("AFNGC6000").ok());
  EXPECT_EQ(library_->RemoveCartridge("AFNGC6000").code(), Code::kNotFound);
  auto found = Cartridge::ReadAttributes(storage_, library_->CartridgeDir("AFNGC6000"));
  EXPECT_EQ(found.status().code(), Code::kNotFound);
  EXPECT_EQ(Add(1), std::vector<std::string>{"AFNGC6001"}) << "barcodes are not used again";
}

// The steps of a library's life; each must be all there or not at all, whenever the power goes.
class LibraryLife {
 public:
  LibraryLife(Storage& storage, uint64_t seed) : storage_(storage), random_(seed) {}
  bool created = false;
  std::vector<Inventory> history;  // after Create, and after each step that was acknowledged
  bool stopped = true;

  void Run() {
    if (!Library::Create(storage_, kDir, kSpec).ok()) return;
    created = true;
    auto library = Library::Open(storage_, kDir);
    if (!library.ok()) return;
    stopped = false;
    history = {(*library)->inventory()};
    Steps(**library);
  }
  Result<std::vector<std::string>> Add(Library& library) {
    return library.AddCartridges({2, k10Gb, MediumKind::kData, 4}, [this](std::span<char> out) {
      std::string bytes = random_.Bytes(out.size());
      std::copy(bytes.begin(), bytes.end(), out.begin());
    });
  }

 private:
  void Steps(Library& library) {
    Step(library, [&] { return Add(library).status(); });
    Step(library, [&] { return library.Move(1000, 500); });
    Step(library, [&] { return library.Exchange(1001, 500, 1001); });
    Step(library, [&] { return library.Move(1001, 10); });
    Step(library, [&] { return library.Export(10); });
    Step(library, [&] { return library.AddDrives(1, 9); });
    Step(library, [&] { return library.Import("AFNGC6000", 11); });
    Step(library, [&] { return library.RemoveCartridge("AFNGC6000"); });
    Step(library, [&] { return Add(library).status(); });
  }
  void Step(Library& library, const std::function<Status()>& step) {
    if (stopped) return;
    stopped = !step().ok();
    if (!stopped) history.push_back(library.inventory());
  }
  Storage& storage_;
  support::Random random_;
};

// Every cartridge that the inventory names can be loaded.
void ExpectAllCartridges(Storage& storage, const Library& library) {
  const Inventory& inventory = library.inventory();
  std::vector<std::string> barcodes = inventory.shelf;
  for (const Drive& drive : inventory.drives) barcodes.push_back(drive.element.barcode);
  for (const Element& element : inventory.slots) barcodes.push_back(element.barcode);
  for (const Element& element : inventory.mail_slots) barcodes.push_back(element.barcode);
  for (const std::string& barcode : barcodes) {
    if (barcode.empty()) continue;
    auto tape = Cartridge::Load(storage, library.CartridgeDir(barcode), {});
    ASSERT_TRUE(tape.ok()) << tape.status().message();
    ASSERT_TRUE((*tape)->Unload().ok());
  }
}

std::vector<Inventory> UndisturbedHistory() {
  io::FaultFileSystem fs;
  support::VtapeStorage storage(fs);
  LibraryLife life(storage, 1);
  life.Run();
  EXPECT_FALSE(life.stopped);
  return life.history;
}

TEST(LibraryPowerCut, LeavesTheInventoryBeforeOrAfterTheStep) {
  const std::vector<Inventory> history = UndisturbedHistory();
  ASSERT_EQ(history.size(), 10u);
  bool cut = true;
  for (uint64_t n = 1; cut; ++n) {
    SCOPED_TRACE(testing::Message() << "cut at call " << n);
    io::FaultFileSystem fs;
    support::VtapeStorage storage(fs);
    fs.CutPowerAt(n);
    LibraryLife life(storage, n);
    life.Run();
    cut = fs.PowerIsCut();
    ASSERT_TRUE(cut || !life.stopped);
    fs.PowerCycle(n);
    auto library = Library::Open(storage, kDir);
    if (!library.ok() && !life.created) {
      ASSERT_EQ(library.status().code(), Code::kNotFound) << library.status().message();
      ASSERT_TRUE(Library::Create(storage, kDir, kSpec).ok());
      continue;
    }
    ASSERT_TRUE(library.ok()) << library.status().message();
    size_t steps = life.history.empty() ? 0 : life.history.size() - 1;
    const Inventory& found = (*library)->inventory();
    ASSERT_TRUE(found == history[steps] ||
                (cut && steps + 1 < history.size() && found == history[steps + 1]))
        << "after " << steps << " steps";
    ExpectAllCartridges(storage, **library);
    ASSERT_TRUE(life.Add(**library).ok()) << "though a cut addition left files";
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace oca::vtape
