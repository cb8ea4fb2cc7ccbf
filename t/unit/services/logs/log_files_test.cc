#include "services/logs/log_files.h"

#include <sys/stat.h>
#include <zstd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/logs/compressor.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::logs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string Contents(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

class Files : public testing::Test {
 protected:
  std::unique_ptr<LogFiles> Open(Limits limits) {
    return std::make_unique<LogFiles>(
        dir_.path(), limits, [this] { return now_; },
        [this](const std::string& path) { rotated_.push_back(path); });
  }
  std::string Log(const std::string& name = "a") { return Contents(dir_.Path(name + ".log")); }

  support::TempDir dir_;
  absl::Time now_ = absl::FromUnixSeconds(4'000'000'000);  // 2096-10-02: no file is younger
  std::vector<std::string> rotated_;
};

TEST(LogName, IsPlain) {
  for (const char* name : {"ocafsd", "watcher_spawn", "a-1"}) EXPECT_TRUE(IsLogName(name)) << name;
  for (const char* name :
       {"", "-x", "../x", "a b", "A", "a.log", "a/b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    EXPECT_FALSE(IsLogName(name)) << name;
  }
}

TEST_F(Files, EachProcessHasItsOwn) {
  auto files = Open({});
  files->Append("a", "one");
  files->Append("b", "two");
  files->Append("a", std::string_view("th\nr\0ee", 7));
  EXPECT_EQ(Log("a"), "one\nth r ee\n");
  EXPECT_EQ(Log("b"), "two\n");
  files = Open({});
  files->Append("b", "three");
  EXPECT_EQ(Log("b"), "two\nthree\n");
}

TEST_F(Files, AFullOneIsRotatedAndTheOldestGo) {
  auto files = Open({.max_bytes = 10, .keep_files = 2});
  for (int i = 0; i < 4; ++i) {
    files->Append("a", "line " + std::to_string(i));
    now_ += absl::Seconds(1);
  }
  EXPECT_EQ(Log(), "line 3\n");
  ASSERT_EQ(rotated_.size(), 3u);
  EXPECT_EQ(rotated_[0], dir_.Path("a-20961002T070641.000Z.log"));
  EXPECT_FALSE(std::filesystem::exists(rotated_[0]));
  EXPECT_EQ(Contents(rotated_[1]), "line 1\n");
  EXPECT_EQ(Contents(rotated_[2]), "line 2\n");
  EXPECT_THAT(LogFiles::Uncompressed(dir_.path()), ElementsAre(rotated_[1], rotated_[2]));
}

TEST_F(Files, AnOldOneIsRotated) {
  auto files = Open({.max_age = absl::Hours(1)});
  files->Append("a", "old");
  files->LookAfter();
  ASSERT_EQ(rotated_.size(), 1u);
  files->Append("a", "new");
  EXPECT_EQ(Contents(rotated_[0]), "old\n");
  EXPECT_EQ(Log(), "new\n");
}

TEST_F(Files, WhatSomebodyMovedAwayIsOpenedAnew) {
  auto files = Open({.max_age = absl::InfiniteDuration()});
  files->Append("a", "one");
  std::filesystem::rename(dir_.Path("a.log"), dir_.Path("mine"));
  files->LookAfter();
  files->Append("a", "two");
  EXPECT_EQ(Log(), "two\n");
  EXPECT_EQ(Contents(dir_.Path("mine")), "one\n");
}

TEST_F(Files, LinesThatCannotBeWrittenAreCounted) {
  auto files = Open({});
  std::filesystem::create_directory(dir_.Path("a.log"));  // it cannot be opened
  files->Append("a", "one");
  files->Append("a", "two");
  EXPECT_EQ(files->lost(), 2u);
  std::filesystem::remove(dir_.Path("a.log"));
  files->Append("a", "three");
  EXPECT_EQ(Log(), "2096-10-02T07:06:40.000+00:00 W a[0] log_lines_lost lines=2\nthree\n");
  files->Append("a", "four");
  EXPECT_THAT(Log(), testing::EndsWith("three\nfour\n"));
}

TEST_F(Files, CompressedTheyHoldTheSame) {
  const std::string path = dir_.Path("a-20961002T070640.000Z.log");
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "line " + std::to_string(i) + "\n";
  std::ofstream(path) << text;
  ASSERT_OK(CompressFile(path));
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_LT(std::filesystem::file_size(path + ".zst"), text.size() / 4);
  const std::string packed = Contents(path + ".zst");
  std::string plain(text.size(), ' ');
  // All of it, in frames one after another.
  ASSERT_EQ(ZSTD_decompress(plain.data(), plain.size(), packed.data(), packed.size()), text.size());
  EXPECT_EQ(plain, text);
  EXPECT_THAT(LogFiles::Uncompressed(dir_.path()), IsEmpty());
}

TEST_F(Files, WhatCannotBeCompressedStays) {
  const std::string path = dir_.Path("a-20961002T070640.000Z.log");
  std::ofstream(path) << "text";
  std::filesystem::create_directory(path + ".zst.part");
  EXPECT_FALSE(CompressFile(path).ok());
  EXPECT_EQ(Contents(path), "text");
}

}  // namespace
}  // namespace oca::logs
