#include "lib/http/url.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"

namespace oca::http {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(Url, TakesPathAndQueryApart) {
  ASSERT_OK_AND_ASSIGN(Target target, ParseTarget("/v1/a%2Fb/c?x=1+2&y=%C3%A4&z&&w=a=b#frag"));
  EXPECT_EQ(target.path, "/v1/a%2Fb/c");
  EXPECT_THAT(target.segments, ElementsAre("v1", "a%2Fb", "c"));
  EXPECT_THAT(target.parameters, ElementsAre(Pair("x", "1 2"), Pair("y", "\xC3\xA4"), Pair("z", ""),
                                             Pair("w", "a=b")));
  ASSERT_OK_AND_ASSIGN(target, ParseTarget("/"));
  EXPECT_THAT(target.segments, ElementsAre(""));
  ASSERT_OK_AND_ASSIGN(target, ParseTarget("/a//../b/"));
  EXPECT_THAT(target.segments, ElementsAre("a", "", "..", "b", ""));
}

TEST(Url, RefusesWhatIsNone) {
  for (const char* text : {"", "v1", "*", "http://host/", "/a b", "/a\tb", "/%", "/%4", "/%zz",
                           "/%00", "/%ff", "/?x=%c0%80", "/?%ed%a0%80=1", "/\x7f"}) {
    EXPECT_FALSE(ParseTarget(text).ok()) << text;
  }
  std::string deep, many = "/?";
  for (int i = 0; i < 65; ++i) {
    deep += "/a";
    many += "a=1&";
  }
  EXPECT_FALSE(ParseTarget(deep).ok());
  EXPECT_FALSE(ParseTarget(many).ok());
}

TEST(Url, KnowsUtf8) {
  for (const char* good :
       {"", "a", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x90\xB3", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82"}) {
    EXPECT_FALSE(IsUtf8(bad));
  }
}

}  // namespace
}  // namespace oca::http
