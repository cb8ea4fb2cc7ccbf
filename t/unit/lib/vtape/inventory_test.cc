#include "lib/vtape/inventory.h"

#include "gtest/gtest.h"
#include "lib/vtape/models.h"

namespace oca::vtape {
namespace {

Inventory Small() {
  Inventory out;
  out.serial = "LIB0000001";
  out.barcode_prefix = "AFNGC6";
  out.next_barcode = 3;
  out.drives = {{{}, "LIB0000001A", 4, false}, {{"AFNGC6002", 1002, false}, "DRV2", 9, true}};
  out.drives[0].serial = "DRV1";
  out.slots = {{"AFNGC6000", 0, false}, {"AFNGC6001", 1001, false}, {}};
  out.mail_slots = {{}, {"X", 0, true}};
  out.shelf = {"OUT1", "OUT2"};
  out.removing = {"GONE"};
  return out;
}

TEST(InventoryFormat, ComesBackAsItWas) {
  auto found = DecodeInventory(EncodeInventory(Small()));
  ASSERT_TRUE(found.ok()) << found.status().message();
  EXPECT_EQ(*found, Small());
}

TEST(InventoryFormat, CutShortOrChangedIsDamage) {
  std::string bytes = EncodeInventory(Small());
  for (size_t at = 0; at < bytes.size(); ++at) {
    EXPECT_EQ(DecodeInventory(bytes.substr(0, at)).status().code(), Code::kDamaged) << at;
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    EXPECT_EQ(DecodeInventory(damaged).status().code(), Code::kDamaged) << at;
  }
}

TEST(InventoryFormat, ACartridgeInTwoPlacesIsDamage) {
  Inventory inventory = Small();
  inventory.slots[2].barcode = "OUT1";
  EXPECT_EQ(DecodeInventory(EncodeInventory(inventory)).status().code(), Code::kDamaged);
  inventory = Small();
  inventory.drives[0].serial = "DRV2";
  EXPECT_EQ(DecodeInventory(EncodeInventory(inventory)).status().code(), Code::kDamaged);
}

TEST(Robot, MovesAndRemembersTheSlot) {
  Inventory inventory = Small();
  ASSERT_TRUE(MoveMedium(inventory, 1000, 500).ok());
  EXPECT_FALSE(inventory.slots[0].full());
  EXPECT_EQ(inventory.drives[0].element.barcode, "AFNGC6000");
  EXPECT_EQ(inventory.drives[0].element.source_address, 1000);
  ASSERT_TRUE(MoveMedium(inventory, 500, 10).ok());
  EXPECT_EQ(inventory.mail_slots[0].source_address, 1000);
  EXPECT_FALSE(inventory.mail_slots[0].placed_by_operator);
  EXPECT_EQ(FindBarcode(inventory, "AFNGC6000"), 10);
  EXPECT_EQ(FindBarcode(inventory, "OUT1"), std::nullopt);
}

TEST(Robot, ImpossibleMovesChangeNothing) {
  Inventory inventory = Small();
  EXPECT_EQ(MoveMedium(inventory, 1003, 500).code(), Code::kNotFound);
  EXPECT_EQ(MoveMedium(inventory, 1000, 502).code(), Code::kNotFound);
  EXPECT_EQ(MoveMedium(inventory, 1000, kRobotAddress).code(), Code::kNotFound);
  EXPECT_EQ(MoveMedium(inventory, 1002, 500).code(), Code::kEmpty);
  EXPECT_EQ(MoveMedium(inventory, 1000, 501).code(), Code::kOccupied);
  EXPECT_TRUE(MoveMedium(inventory, 1000, 1000).ok());
  EXPECT_EQ(ExchangeMedium(inventory, 1000, 500, 1002).code(), Code::kEmpty);
  EXPECT_EQ(ExchangeMedium(inventory, 1000, 501, 1001).code(), Code::kOccupied);
  EXPECT_EQ(ExchangeMedium(inventory, 1000, 1000, 1002).code(), Code::kOccupied);
  EXPECT_EQ(ExchangeMedium(inventory, 1000, 501, 499).code(), Code::kNotFound);
  EXPECT_EQ(inventory, Small());
}

TEST(Robot, ExchangesAcrossOneOrTwoPlaces) {
  Inventory inventory = Small();
  ASSERT_TRUE(ExchangeMedium(inventory, 1000, 501, 1000).ok());
  EXPECT_EQ(inventory.drives[1].element.barcode, "AFNGC6000");
  EXPECT_EQ(inventory.slots[0].barcode, "AFNGC6002");
  ASSERT_TRUE(ExchangeMedium(inventory, 1001, 501, 1002).ok());
  EXPECT_EQ(inventory.drives[1].element.barcode, "AFNGC6001");
  EXPECT_EQ(inventory.slots[2].barcode, "AFNGC6000");
  EXPECT_FALSE(inventory.slots[1].full());
}

TEST(Barcodes, CountInBase36UntilTheyAreUsedUp) {
  Inventory inventory = Small();
  EXPECT_EQ(*NextBarcode(inventory), "AFNGC6003");
  inventory.next_barcode = 36 * 36 + 35;
  EXPECT_EQ(*NextBarcode(inventory), "AFNGC610Z");
  inventory.next_barcode = 36 * 36 * 36 - 1;
  EXPECT_EQ(*NextBarcode(inventory), "AFNGC6ZZZ");
  EXPECT_EQ(NextBarcode(inventory).status().code(), Code::kNoSpace);
}

TEST(DriveModels, ReadTwoGenerationsBackUntilLto8) {
  EXPECT_EQ(DriveModelOf(4)->product, "ULT3580-TD4");
  EXPECT_EQ(DriveModelOf(3), nullptr);
  EXPECT_TRUE(DriveReads(7, 5) && !DriveWrites(7, 5) && DriveWrites(7, 6));
  EXPECT_TRUE(DriveReads(9, 8) && !DriveReads(9, 7) && !DriveReads(4, 5));
}

}  // namespace
}  // namespace oca::vtape
