#include "fs/markers/tar.h"

#include "gtest/gtest.h"
#include "t/unit/fs/markers/archives.h"

namespace oca::markers {
namespace {

using testing::Header;

constexpr std::string_view kGnu("ustar  \0", 8), kV7("\0\0\0\0\0\0\0\0", 8);

void FixChecksum(std::string* block) {
  block->replace(148, 8, "        ");
  unsigned sum = 0;
  for (char c : *block) sum += static_cast<unsigned char>(c);
  block->replace(148, 8, testing::Octal(sum, 6) + std::string("\0 ", 2));
}

TEST(TarHeader, TellsTheFormats) {
  EXPECT_EQ(TarHeader(Header("a", 5, 1))->format, Format::kTarUstar);
  EXPECT_EQ(TarHeader(Header("a", 5, 1, '0', kGnu))->format, Format::kTarGnu);
  EXPECT_EQ(TarHeader(Header("a", 5, 1, '0', kV7))->format, Format::kTarV7);
  EXPECT_EQ(TarHeader(Header("a", 30, 1, 'x'))->format, Format::kTarPax);
  EXPECT_EQ(TarHeader(Header("a", 30, 1, 'g'))->format, Format::kTarPax);
}

TEST(TarHeader, IsNoneWhenAByteIsChangedOrNothingThere) {
  const std::string header = Header("some/name", 1234, 1700000000);
  for (size_t i = 0; i < header.size(); ++i) {
    std::string other = header;
    other[i] = static_cast<char>(other[i] ^ 1);
    // Nothing counts that follows the NUL behind the checksum's digits.
    EXPECT_EQ(TarHeader(other).has_value(), i == 155) << i;
  }
  EXPECT_EQ(TarHeader(std::string(512, '\0')), std::nullopt);
  EXPECT_EQ(TarHeader(std::string(512, ' ')), std::nullopt);
  EXPECT_EQ(TarHeader(std::string(512, '7')), std::nullopt);
}

TEST(TarHeader, TakesChecksumsAsOldWritersWroteThem) {
  std::string block = Header("name", 0, 0);
  unsigned sum = static_cast<unsigned>(std::stoul(block.substr(148, 6), nullptr, 8));
  block.replace(148, 8, " " + testing::Octal(sum, 5) + std::string(" \0", 2));
  EXPECT_TRUE(TarHeader(block));
  // Bytes above 127 taken as signed.
  block = Header("n\xe4me \xff", 0, 0);
  sum = static_cast<unsigned>(std::stoul(block.substr(148, 6), nullptr, 8)) - 2 * 256;
  block.replace(148, 6, testing::Octal(sum, 6));
  EXPECT_TRUE(TarHeader(block));
}

TEST(TarHeader, ExtensionsBelongToTheHeader) {
  for (char type : std::string_view("xgXLK")) {
    EXPECT_EQ(TarHeader(Header("a", 1, 0, type))->bytes, 1024u) << type;
    EXPECT_EQ(TarHeader(Header("a", 512, 0, type))->bytes, 1024u) << type;
    EXPECT_EQ(TarHeader(Header("a", 513, 0, type))->bytes, 1536u) << type;
    EXPECT_EQ(TarHeader(Header("a", 32768, 0, type))->bytes, kMaxRecordBytes) << type;
    // What claims to be longer is taken for payload.
    EXPECT_EQ(TarHeader(Header("a", 32769, 0, type))->bytes, 512u) << type;
    EXPECT_EQ(TarHeader(Header("a", 077777777777, 0, type))->bytes, 512u) << type;
  }
  for (char type : std::string_view("0157SMDV")) {
    EXPECT_EQ(TarHeader(Header("a", 700, 0, type))->bytes, 512u) << type;
  }
}

TEST(TarHeader, BearsSizesInBase256) {
  for (char type : {'0', 'x'}) {
    std::string block = Header("a", 0, 0, type);
    block.replace(124, 12, std::string("\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 12));
    FixChecksum(&block);
    ASSERT_TRUE(TarHeader(block));
    EXPECT_EQ(TarHeader(block)->bytes, 512u);
  }
}

TEST(TarHeader, AboutOneOf16Leads) {
  int leads = 0;
  for (int i = 0; i < 16000; ++i) leads += TarHeader(Header(std::to_string(i), 0, i))->leads;
  EXPECT_GT(leads, 800);
  EXPECT_LT(leads, 1200);
}

}  // namespace
}  // namespace oca::markers
