#include "lib/event/catalogue.h"

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/event/event.h"

namespace oca::event {
namespace {

// The names in braces.
std::set<std::string> Named(std::string_view text) {
  std::set<std::string> names;
  for (size_t open = text.find('{'); open != text.npos; open = text.find('{', open + 1)) {
    names.insert(std::string(text.substr(open + 1, text.find('}', open) - open - 1)));
  }
  return names;
}

TEST(Catalogue, NumbersAndNamesAreEachOfOneEvent) {
  std::set<uint32_t> numbers;
  std::set<std::string_view> names;
  for (const Definition& definition : kCatalogue) {
    EXPECT_TRUE(numbers.insert(static_cast<uint32_t>(definition.kind)).second) << definition.name;
    EXPECT_TRUE(names.insert(definition.name).second) << definition.name;
    EXPECT_EQ(Find(static_cast<uint32_t>(definition.kind)), &definition);
  }
}

TEST(Catalogue, TextsNameEachFieldAndNoOther) {
  for (const Definition& definition : kCatalogue) {
    SCOPED_TRACE(definition.name);
    std::set<std::string> fields;
    for (size_t i = 0; i < FieldCount(definition); ++i) {
      fields.insert(std::string(definition.fields[i]));
    }
    EXPECT_EQ(Named(definition.text), fields);
    for (const std::string& name : Named(definition.what_to_do)) EXPECT_TRUE(fields.contains(name));
    if (!definition.subject.empty()) {
      EXPECT_TRUE(fields.contains(std::string(definition.subject)));
    }
  }
}

TEST(Catalogue, WhatIsRaisedIsClearedAndSaysWhatToDo) {
  std::set<std::pair<std::string_view, std::string_view>> raised, cleared;
  for (const Definition& definition : kCatalogue) {
    SCOPED_TRACE(definition.name);
    EXPECT_EQ(definition.effect == Effect::kNone, definition.condition.empty());
    if (definition.effect == Effect::kRaises) {
      raised.insert({definition.condition, definition.subject});
      EXPECT_FALSE(definition.what_to_do.empty());
      EXPECT_NE(definition.severity, Severity::kInfo);
    }
    if (definition.effect == Effect::kClears) {
      cleared.insert({definition.condition, definition.subject});
      EXPECT_EQ(definition.severity, Severity::kInfo);
    }
  }
  EXPECT_EQ(raised, cleared);
}

TEST(Catalogue, PageIsUpToDate) {
  std::ifstream file(OCA_EVENTS_PAGE);
  std::stringstream page;
  page << file.rdbuf();
  if (page.str() == CataloguePage()) return;
  std::ofstream(OCA_EVENTS_PAGE) << CataloguePage();
  FAIL() << OCA_EVENTS_PAGE << " was not what the catalogue says; it has been written anew";
}

TEST(Event, HasItsFieldsInItsText) {
  const v1::Event event = Make<Kind::kProcessGivenUp>("ocafsd", "signal 9", 10);
  EXPECT_EQ(TextOf(event),
            "ocafsd ended 10 times in a row, last with signal 9, and is not started any more");
  EXPECT_EQ(SubjectOf(event), "ocafsd");
  EXPECT_THAT(WhatToDo(event), testing::HasSubstr("log/ocafsd.log"));
  EXPECT_EQ(SubjectOf(Make<Kind::kMemoryLow>(4, "1 GiB")), "");
}

TEST(Event, ValuesBecomeTextThatEverybodyCanKeep) {
  const v1::Event event = Make<Kind::kLoginFailed>(std::string("a\0b\n\xff\xc3\xa9\xc3\x28", 9),
                                                   std::string(2000, 'x'));
  EXPECT_EQ(FieldOf(event, "user"), "a?b??\xc3\xa9?(");
  EXPECT_EQ(FieldOf(event, "from").size(), 503u);
  // Overlong, a surrogate, beyond the last scalar, cut off.
  for (const char* bad : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
    EXPECT_THAT(std::string(FieldOf(Make<Kind::kLoginFailed>(bad, ""), "user")),
                testing::MatchesRegex("[?]+"));
  }
  EXPECT_EQ(FieldOf(Make<Kind::kLoginFailed>("\xf0\x9f\x98\x80", ""), "user"), "\xf0\x9f\x98\x80");
}

TEST(Event, UnknownOneIsShownAsItIs) {
  v1::Event event;
  event.set_number(9999);
  event.add_fields()->set_name("a");
  event.mutable_fields(0)->set_value("b");
  EXPECT_EQ(TextOf(event), "event 9999, which this version does not know a=b");
  EXPECT_EQ(WhatToDo(event), "");
  EXPECT_EQ(SubjectOf(event), "");
}

}  // namespace
}  // namespace oca::event
