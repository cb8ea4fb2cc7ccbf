#include "fs/names/write_buffer.h"

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace oca::names {
namespace {

std::string Text(const std::vector<Change>& changes) {
  std::string text;
  for (const Change& c : changes) text += c.key + "=" + c.value.value_or("-") + " ";
  return text;
}

TEST(WriteBuffer, TheLastChangeOfAKeyCounts) {
  WriteBuffer buffer;
  buffer.Apply({{"a", "1"}, {"b", "1"}, {"a", "2"}});
  buffer.Apply({{"b", std::nullopt}});
  ASSERT_NE(buffer.Find("a"), nullptr);
  EXPECT_EQ(*buffer.Find("a"), "2");
  ASSERT_NE(buffer.Find("b"), nullptr);
  EXPECT_EQ(*buffer.Find("b"), std::nullopt);
  EXPECT_EQ(buffer.Find("c"), nullptr);
}

TEST(WriteBuffer, BytesFollowWhatIsHeld) {
  WriteBuffer buffer;
  EXPECT_EQ(buffer.bytes(), 0u);
  buffer.Apply({{"key", std::string(1000, 'x')}});
  const size_t one = buffer.bytes();
  EXPECT_GT(one, 1000u);
  for (int i = 0; i < 100; ++i) buffer.Apply({{"key", std::string(1000, 'y')}});
  EXPECT_EQ(buffer.bytes(), one);
  buffer.Apply({{"key", std::nullopt}});
  EXPECT_EQ(buffer.bytes(), one - 1000);
}

TEST(WriteBuffer, WhatIsBeingWrittenIsStillFoundAndNewerChangesHideIt) {
  WriteBuffer buffer;
  buffer.Apply({{"a", "1"}, {"b", "1"}, {"d", "1"}});
  EXPECT_EQ(buffer.BeginFlush()->size(), 3u);
  EXPECT_EQ(*buffer.Find("a"), "1");
  buffer.Apply({{"b", std::nullopt}, {"c", "2"}});
  EXPECT_EQ(Text(buffer.Range("a", "d")), "a=1 b=- c=2 ");
  EXPECT_EQ(Text(buffer.Range("b", "")), "b=- c=2 d=1 ");
  buffer.EndFlush(/*written=*/true);
  EXPECT_EQ(buffer.Find("a"), nullptr);
  EXPECT_EQ(Text(buffer.Range("", "")), "b=- c=2 ");
}

TEST(WriteBuffer, WhatCouldNotBeWrittenComesBackUnderNewerChanges) {
  WriteBuffer buffer;
  buffer.Apply({{"a", "1"}, {"b", "1"}});
  const size_t before = buffer.bytes();
  buffer.BeginFlush();
  buffer.Apply({{"b", "2"}});
  buffer.EndFlush(/*written=*/false);
  EXPECT_EQ(Text(buffer.Range("", "")), "a=1 b=2 ");
  EXPECT_EQ(buffer.bytes(), before);
}

TEST(WriteBuffer, ManyChangesAsAMapHasThem) {
  std::mt19937 random(7);
  WriteBuffer buffer;
  std::map<std::string, std::optional<std::string>> model;
  bool flushing = false;
  std::map<std::string, std::optional<std::string>> of_flush;
  for (int i = 0; i < 20000; ++i) {
    const std::string key = std::to_string(random() % 200);
    const unsigned what = random() % 100;
    if (what == 0 && !flushing) {
      buffer.BeginFlush();
      of_flush = model;
      flushing = true;
    } else if (what == 1 && flushing) {
      const bool written = random() % 2 == 0;
      buffer.EndFlush(written);
      // What was not changed since is gone when it was written.
      if (written) {
        std::erase_if(model, [&](const auto& entry) {
          const auto old = of_flush.find(entry.first);
          return old != of_flush.end() && old->second == entry.second;
        });
      }
      flushing = false;
    } else {
      // Every value is a new one, so that a change is never mistaken for an older one.
      std::optional<std::string> value = std::to_string(i);
      if (random() % 4 == 0 && !flushing) value = std::nullopt;
      buffer.Apply({{key, value}});
      model[key] = value;
    }
    if (i % 50 == 0) {
      std::string expected;
      for (const auto& [k, v] : model) expected += k + "=" + v.value_or("-") + " ";
      ASSERT_EQ(Text(buffer.Range("", "")), expected) << "after step " << i;
    }
  }
}

}  // namespace
}  // namespace oca::names
