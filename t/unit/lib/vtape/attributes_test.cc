#include "lib/vtape/attributes.h"

#include "gtest/gtest.h"
#include "t/unit/lib/vtape/tapes.h"

namespace oca::vtape {
namespace {

TEST(CartridgeAttributes, ComeBackAsTheyWere) {
  Attributes attributes = TapeAttributes(uint64_t{800} * 1000 * 1000 * 1000, MediumKind::kWorm);
  attributes.write_protected = true;
  attributes.loads = 3;
  attributes.mam[0x0800] = {MamFormat::kAscii, "Oca"};
  attributes.mam[0x0803] = {MamFormat::kText, std::string(160, 't')};
  auto found = DecodeAttributes(EncodeAttributes(attributes));
  ASSERT_TRUE(found.ok()) << found.status().message();
  EXPECT_EQ(*found, attributes);
}

TEST(CartridgeAttributes, CutShortOrChangedAreDamage) {
  Attributes attributes = TapeAttributes();
  attributes.mam[0x0800] = {MamFormat::kAscii, "Oca"};
  std::string bytes = EncodeAttributes(attributes);
  for (size_t at = 0; at < bytes.size(); ++at) {
    EXPECT_EQ(DecodeAttributes(bytes.substr(0, at)).status().code(), Code::kDamaged) << at;
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    EXPECT_EQ(DecodeAttributes(damaged).status().code(), Code::kDamaged) << at;
  }
}

TEST(CartridgeAttributes, ImpossibleValuesAreDamage) {
  Attributes attributes = TapeAttributes();
  attributes.barcode = "a/b";
  EXPECT_EQ(DecodeAttributes(EncodeAttributes(attributes)).status().code(), Code::kDamaged);
  attributes = TapeAttributes(kMinCapacityBytes - 1);
  EXPECT_EQ(DecodeAttributes(EncodeAttributes(attributes)).status().code(), Code::kDamaged);
}

TEST(Barcode, IsOneToTenCapitalsAndDigits) {
  EXPECT_TRUE(IsBarcode("A"));
  EXPECT_TRUE(IsBarcode("AFNGC6003"));
  EXPECT_TRUE(IsBarcode("0123456789"));
  for (const char* bad : {"", "01234567890", "a1", "A 1", "../x", "A/1"}) {
    EXPECT_FALSE(IsBarcode(bad)) << bad;
  }
}

}  // namespace
}  // namespace oca::vtape
