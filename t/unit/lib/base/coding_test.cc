#include "lib/base/coding.h"

#include <limits>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace oca {
namespace {

using namespace std::string_literals;

TEST(Coding, LittleEndianBytes) {
  std::string out;
  PutLe<uint16_t>(&out, 0x0102);
  PutLe<uint32_t>(&out, 0x03040506);
  PutLe<uint64_t>(&out, 0x0708090a0b0c0d0e);
  EXPECT_EQ(out, "\x02\x01\x06\x05\x04\x03\x0e\x0d\x0c\x0b\x0a\x09\x08\x07"s);
  EXPECT_EQ(GetLe<uint32_t>(out.data() + 2), 0x03040506u);
  StoreLe<uint16_t>(out.data(), 0x1122);
  EXPECT_EQ(GetLe<uint16_t>(out.data()), 0x1122);
}

TEST(Coding, BigEndianBytesSortAsNumbers) {
  std::string out;
  PutBe32(&out, 0x01020304);
  PutBe64(&out, 0x05060708090a0b0c);
  EXPECT_EQ(out, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c"s);
  ByteReader reader(out);
  EXPECT_EQ(reader.Be32(), 0x01020304u);
  EXPECT_EQ(reader.Be64(), 0x05060708090a0b0cu);
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.empty());
  std::string low, high;
  PutBe64(&low, 255);
  PutBe64(&high, 256);
  EXPECT_LT(low, high);
}

TEST(Varint, RoundTripsAtEveryLength) {
  for (int bits = 0; bits <= 64; ++bits) {
    uint64_t top = bits == 64 ? std::numeric_limits<uint64_t>::max() : (uint64_t{1} << bits) - 1;
    for (uint64_t value : {top, top / 2 + 1, top - (top > 0)}) {
      std::string out;
      PutVarint(&out, value);
      ByteReader reader(out);
      EXPECT_EQ(reader.Varint(), value);
      EXPECT_TRUE(reader.ok());
      EXPECT_TRUE(reader.empty());
    }
    std::string out;
    PutVarint(&out, top);
    EXPECT_EQ(out.size(), static_cast<size_t>(bits == 0 ? 1 : (bits + 6) / 7));
  }
}

TEST(Varint, FailsWhenCutAnywhere) {
  for (uint64_t value : {uint64_t{128}, uint64_t{1} << 40, std::numeric_limits<uint64_t>::max()}) {
    std::string out;
    PutVarint(&out, value);
    for (size_t n = 0; n < out.size(); ++n) {
      ByteReader reader(std::string_view(out).substr(0, n));
      EXPECT_EQ(reader.Varint(), 0u);
      EXPECT_FALSE(reader.ok()) << value << " cut to " << n;
    }
  }
}

TEST(Varint, FailsWhenLongerThanTenBytes) {
  for (size_t n = 10; n <= 20; ++n) {
    std::string raw(n, '\x80');
    raw.push_back('\0');
    ByteReader reader(raw);
    EXPECT_EQ(reader.Varint(), 0u);
    EXPECT_FALSE(reader.ok()) << n;
    EXPECT_EQ(reader.remaining(), 0u);
  }
}

TEST(Varint, FailsWhenTenthByteOverflows) {
  for (int last = 0; last < 256; ++last) {
    std::string raw(9, '\xff');
    raw.push_back(static_cast<char>(last));
    ByteReader reader(raw);
    uint64_t value = reader.Varint();
    EXPECT_EQ(reader.ok(), last <= 1) << last;
    const uint64_t low63 = (uint64_t{1} << 63) - 1;
    EXPECT_EQ(value, last == 0 ? low63 : last == 1 ? std::numeric_limits<uint64_t>::max() : 0);
  }
}

TEST(ByteReader, ReadsWhatWasPut) {
  Fingerprint fp;
  fp.bytes[0] = 9;
  fp.bytes[31] = 1;
  std::string out;
  PutLe<uint32_t>(&out, 7);
  PutLengthPrefixed(&out, "name");
  PutLengthPrefixed(&out, "");
  out.append(fp.view());
  out.append("rest");
  ByteReader reader(out);
  EXPECT_EQ(reader.Le<uint32_t>(), 7u);
  EXPECT_EQ(reader.LengthPrefixed(), "name");
  EXPECT_EQ(reader.LengthPrefixed(), "");
  EXPECT_EQ(reader.Fp(), fp);
  EXPECT_EQ(reader.rest(), "rest");
  EXPECT_EQ(reader.Take(4), "rest");
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.Take(0).empty());
  EXPECT_TRUE(reader.ok());
}

TEST(ByteReader, EveryReadFailsWhenOneByteIsMissing) {
  const std::string bytes(64, '\1');
  const std::string_view view = bytes;
  EXPECT_FALSE([&] {
    ByteReader r(view.substr(0, 1));
    r.Le<uint16_t>();
    return r.ok();
  }());
  EXPECT_FALSE([&] {
    ByteReader r(view.substr(0, 3));
    r.Le<uint32_t>();
    return r.ok();
  }());
  EXPECT_FALSE([&] {
    ByteReader r(view.substr(0, 7));
    r.Le<uint64_t>();
    return r.ok();
  }());
  EXPECT_FALSE([&] {
    ByteReader r(view.substr(0, 3));
    r.Be32();
    return r.ok();
  }());
  EXPECT_FALSE([&] {
    ByteReader r(view.substr(0, 7));
    r.Be64();
    return r.ok();
  }());
  EXPECT_FALSE([&] {
    ByteReader r(view.substr(0, 31));
    r.Fp();
    return r.ok();
  }());
  EXPECT_FALSE([&] {
    ByteReader r(view.substr(0, 1));
    r.LengthPrefixed();
    return r.ok();
  }());
  EXPECT_FALSE([&] {
    ByteReader r(view.substr(0, 5));
    r.Take(6);
    return r.ok();
  }());
}

TEST(ByteReader, LengthPrefixedFailsWhenLengthIsHuge) {
  for (uint64_t length : {uint64_t{5}, uint64_t{1} << 32, std::numeric_limits<uint64_t>::max()}) {
    std::string raw;
    PutVarint(&raw, length);
    raw.append("four");
    ByteReader reader(raw);
    EXPECT_EQ(reader.LengthPrefixed(), "");
    EXPECT_FALSE(reader.ok()) << length;
  }
}

TEST(ByteReader, StaysFailedAfterTheFirstFailure) {
  ByteReader reader("abc");
  reader.Take(4);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.Take(1), "");
  EXPECT_EQ(reader.Take(0), "");
  EXPECT_EQ(reader.Varint(), 0u);
  EXPECT_EQ(reader.Le<uint16_t>(), 0u);
  EXPECT_EQ(reader.Fp(), Fingerprint());
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, NeverCrashesOnAnyTwoBytes) {
  for (int value = 0; value < 65536; ++value) {
    std::string raw = {static_cast<char>(value >> 8), static_cast<char>(value)};
    ByteReader varint(raw), prefixed(raw);
    varint.Varint();
    EXPECT_LE(prefixed.LengthPrefixed().size(), 1u);
  }
}

}  // namespace
}  // namespace oca
