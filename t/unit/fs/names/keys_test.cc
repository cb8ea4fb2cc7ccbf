// Keys: bytes as documented, byte order is the order of walks, values of directory keys.
#include "fs/names/keys.h"

#include <sys/stat.h>

#include <vector>

#include "gtest/gtest.h"
#include "t/support/status_matchers.h"

namespace oca::names {
namespace {

using absl::StatusCode::kDataLoss;
using support::StatusIs;
constexpr InodeNo kIno{0x0102030405060708};

TEST(Keys, BytesAreAsDocumented) {
  const std::string number = "\x01\x02\x03\x04\x05\x06\x07\x08";
  EXPECT_EQ(InodeKey(kIno), "I" + number);
  EXPECT_EQ(EntryKey(kIno, "name"), "D" + number + "name");
  EXPECT_EQ(OrderKey(kIno, 0x1122), "L" + number + std::string("\0\0\0\0\0\0\x11\x22", 8));
  EXPECT_EQ(XattrKey(kIno, "user.a"), "X" + number + "user.a");
  EXPECT_EQ(OrphanKey(kIno), "O" + number);
  EXPECT_EQ(GroupKey(GroupId(0x01020304)), "G\x01\x02\x03\x04");
  EXPECT_EQ(ContainerKey(ContainerId(0x01020304)), "C\x01\x02\x03\x04");
  EXPECT_EQ(CountersKey(ContainerId(0x01020304)), "N\x01\x02\x03\x04");
  EXPECT_EQ(SuperKey(SuperItem::kVersion), "Sv");
  EXPECT_EQ(SuperKey(SuperItem::kInode), "Si");
  EXPECT_EQ(SuperKey(SuperItem::kCookie), "Sc");
  EXPECT_EQ(SuperKey(SuperItem::kGroup), "Sg");
  EXPECT_EQ(SuperKey(SuperItem::kContainer), "Sk");
}

TEST(Keys, ByteOrderIsNumericOrder) {
  const std::vector<uint64_t> numbers = {0,         1, 255, 256, 65535, 1u << 31, uint64_t{1} << 63,
                                         UINT64_MAX};
  for (size_t i = 1; i < numbers.size(); ++i) {
    EXPECT_LT(InodeKey(InodeNo(numbers[i - 1])), InodeKey(InodeNo(numbers[i])));
    EXPECT_LT(OrderKey(kIno, numbers[i - 1]), OrderKey(kIno, numbers[i]));
    EXPECT_LT(OrderKey(InodeNo(numbers[i - 1]), UINT64_MAX), OrderKey(InodeNo(numbers[i]), 0));
    EXPECT_LT(EntryKey(InodeNo(numbers[i - 1]), "\xff"), EntryKey(InodeNo(numbers[i]), "a"));
  }
}

TEST(Keys, NumberTailAndCookieComeBack) {
  for (uint64_t number : {uint64_t{0}, uint64_t{1}, kIno.value, UINT64_MAX}) {
    EXPECT_EQ(*NumberOfKey(InodeKey(InodeNo(number))), number);
    EXPECT_EQ(*NumberOfKey(EntryKey(InodeNo(number), "n")), number);
    EXPECT_EQ(*CookieOfKey(OrderKey(kIno, number)), number);
  }
  const std::string name("\0\xff/", 3);
  EXPECT_EQ(TailOfKey(EntryKey(kIno, name)), name);
  EXPECT_EQ(TailOfKey(XattrKey(kIno, "")), "");
}

TEST(Keys, ShortAndLongKeysAreDamage) {
  const std::string key = OrderKey(kIno, 5);
  for (size_t length = 0; length < key.size(); ++length) {
    const std::string cut = key.substr(0, length);
    EXPECT_EQ(NumberOfKey(cut).ok(), length >= 9) << length;
    EXPECT_THAT(CookieOfKey(cut), StatusIs(kDataLoss)) << length;
    EXPECT_EQ(TailOfKey(cut).size(), length < 9 ? 0 : length - 9);
  }
  EXPECT_THAT(CookieOfKey(key + "x"), StatusIs(kDataLoss));
}

TEST(Keys, PrefixEndIsTheLeastKeyAboveThePrefix) {
  EXPECT_EQ(PrefixEnd("I"), "J");
  EXPECT_EQ(PrefixEnd("I\xff"), "J");
  EXPECT_EQ(PrefixEnd("I\x01\xff\xff"), "I\x02");
  EXPECT_EQ(PrefixEnd(""), "");          // no end
  EXPECT_EQ(PrefixEnd("\xff\xff"), "");  // no end
  EXPECT_EQ(PrefixEnd(NumberedPrefix('L', 0xff)), std::string("L\0\0\0\0\0\0\1", 8));
}

TEST(Keys, EntryValueComesBackWhole) {
  const EntryValue entry = {.ino = kIno, .type = S_IFSOCK, .cookie = 0x1122};
  const std::string bytes = EncodeEntry(entry);
  EXPECT_EQ(bytes, std::string("\x01\x0c\x08\x07\x06\x05\x04\x03\x02\x01\x22\x11\0\0\0\0\0\0", 18));
  ASSERT_OK_AND_ASSIGN(const EntryValue back, DecodeEntry(bytes));
  EXPECT_EQ(back.ino, entry.ino);
  EXPECT_EQ(back.type, entry.type);
  EXPECT_EQ(back.cookie, entry.cookie);
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_THAT(DecodeEntry(bytes.substr(0, length)), StatusIs(kDataLoss)) << length;
  }
  EXPECT_THAT(DecodeEntry(bytes + "x"), StatusIs(kDataLoss));
}

TEST(Keys, OrderValueComesBackWhole) {
  const std::string name("n\0\xff", 3);
  const EntryValue entry = {.ino = kIno, .type = S_IFREG, .cookie = 9};
  const std::string bytes = EncodeOrder(entry, name);
  EXPECT_EQ(bytes, std::string("\x01\x08\x08\x07\x06\x05\x04\x03\x02\x01n\0\xff", 13));
  EntryValue back;
  std::string_view back_name;
  ASSERT_OK(DecodeOrder(bytes, &back, &back_name));
  EXPECT_EQ(back.ino, entry.ino);
  EXPECT_EQ(back.type, entry.type);
  EXPECT_EQ(back.cookie, 0u);
  EXPECT_EQ(back_name, name);
  for (size_t length = 0; length <= bytes.size() - name.size(); ++length) {
    EXPECT_THAT(DecodeOrder(bytes.substr(0, length), &back, &back_name), StatusIs(kDataLoss))
        << length;
  }
}

TEST(Keys, EntryValuesOutOfRangeAreDamage) {
  const std::string good = EncodeEntry({.ino = kIno, .type = S_IFREG, .cookie = 9});
  EntryValue entry;
  std::string_view name;
  for (char version : {'\0', '\2', '\xff'}) {
    std::string bytes = good;
    bytes[0] = version;
    EXPECT_THAT(DecodeEntry(bytes), StatusIs(kDataLoss));
    EXPECT_THAT(DecodeOrder(bytes, &entry, &name), StatusIs(kDataLoss));
  }
  std::string bytes = good;
  bytes[1] = 0x10;  // no file type has these bits
  EXPECT_THAT(DecodeEntry(bytes), StatusIs(kDataLoss));
  EXPECT_THAT(DecodeEntry(EncodeEntry({.ino = InodeNo(0), .type = S_IFREG})), StatusIs(kDataLoss));
}

TEST(Keys, Numbers) {
  for (uint64_t number : {uint64_t{0}, uint64_t{0x0102}, UINT64_MAX}) {
    EXPECT_EQ(*DecodeNumber(EncodeNumber(number)), number);
  }
  EXPECT_EQ(EncodeNumber(0x0102), std::string("\x02\x01\0\0\0\0\0\0", 8));
  EXPECT_THAT(DecodeNumber(""), StatusIs(kDataLoss));
  EXPECT_THAT(DecodeNumber(std::string(7, 'x')), StatusIs(kDataLoss));
  EXPECT_THAT(DecodeNumber(std::string(9, 'x')), StatusIs(kDataLoss));
}

}  // namespace
}  // namespace oca::names
