// The cartridge in t/golden reads as it was written, for ever; and what is written today is the
// same bytes.
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "gtest/gtest.h"
#include "lib/vtape/cartridge.h"
#include "t/support/temp_dir.h"
#include "t/unit/lib/vtape/tapes.h"

namespace oca::vtape {
namespace {

constexpr char kGolden[] = OCA_SOURCE_DIR "/t/golden/cartridge-v1";

const Objects kObjects = {std::string(80, 'V'), "", "block two", std::string(3000, 'x'), "", ""};

void WriteGolden(const std::string& dir) {
  Attributes attributes = TapeAttributes();
  attributes.mam[0x0803] = {MamFormat::kText, "golden"};
  ASSERT_TRUE(Cartridge::Create(PosixStorage(), dir, attributes).ok());
  auto tape = Cartridge::Load(PosixStorage(), dir, {});
  ASSERT_TRUE(tape.ok());
  for (const std::string& object : kObjects) {
    ASSERT_TRUE((object.empty() ? (*tape)->WriteFilemarks(1, true) : (*tape)->Write(object)).ok());
  }
  ASSERT_TRUE((*tape)->Unload().ok());
}

TEST(CartridgeGolden, Version1IsWrittenAndRead) {
  support::TempDir temp;
  std::string fresh = temp.Path("fresh");
  WriteGolden(fresh);
  std::string copy = temp.Path("copy");
  std::filesystem::create_directory(copy);
  for (const char* file : {"attributes", "index", "payload"}) {
    std::string golden = std::string(kGolden) + "/" + file;
    auto expected = ReadWhole(PosixStorage(), golden, 1 << 20);
    ASSERT_TRUE(expected.ok()) << expected.status().message();
    EXPECT_EQ(*ReadWhole(PosixStorage(), fresh + "/" + file, 1 << 20), *expected) << file;
    std::filesystem::copy_file(golden, copy + "/" + file);
  }
  auto tape = Cartridge::Load(PosixStorage(), copy, {});
  ASSERT_TRUE(tape.ok()) << tape.status().message();
  Status status;
  EXPECT_EQ(ReadAll(**tape, &status), kObjects);
  EXPECT_EQ((*tape)->attributes().mam.at(0x0803).value, "golden");
  EXPECT_TRUE((*tape)->CanWrite().ok());
}

}  // namespace
}  // namespace oca::vtape
