#include "lib/base/utf8.h"

#include "gtest/gtest.h"

namespace oca {
namespace {

TEST(Utf8, SequencesOfOneToFourBytes) {
  EXPECT_EQ(Utf8SequenceBytes("a"), 1u);
  EXPECT_EQ(Utf8SequenceBytes("\xc3\xa9x"), 2u);
  EXPECT_EQ(Utf8SequenceBytes("\xe2\x82\xac"), 3u);
  EXPECT_EQ(Utf8SequenceBytes("\xf0\x9f\x98\x80"), 4u);
  EXPECT_EQ(Utf8SequenceBytes("\xf4\x8f\xbf\xbf"), 4u);
}

TEST(Utf8, WhatIsNotWellFormed) {
  for (const char* bad :
       {"\x80", "\xc1\x81", "\xc3", "\xc3x", "\xe2\x82", "\xe0\x9f\xbf", "\xed\xa0\x80",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    EXPECT_EQ(Utf8SequenceBytes(bad), 0u) << bad;
  }
}

TEST(Utf8, PrintableTextReplacesAndCuts) {
  EXPECT_EQ(PrintableText("r\xc3\xa9sum\xc3\xa9", 100), "r\xc3\xa9sum\xc3\xa9");
  EXPECT_EQ(PrintableText("a\n\x7f\xff\xc3", 100), "a????");
  EXPECT_EQ(PrintableText("abc", 3), "abc");
  EXPECT_EQ(PrintableText("abcd", 3), "abc...");
  EXPECT_EQ(PrintableText("ab\xc3\xa9", 3), "ab...");
  EXPECT_EQ(PrintableText("", 0), "");
}

}  // namespace
}  // namespace oca
