#include "lib/conf/conf.h"

#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/base/status.h"
#include "lib/conf/suggest.h"

namespace oca::conf {
namespace {

std::string ErrorOf(std::string_view text) {
  absl::StatusOr<Config> config = Parse(text, "x.toml");
  EXPECT_FALSE(config.ok()) << text;
  EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(MessageOf(config.status()));
}

TEST(Conf, EmptyTextGivesDefaults) {
  absl::StatusOr<Config> config = Parse("", "x.toml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->fs.memory_budget_bytes, 1ull << 30);
  EXPECT_EQ(config->database.dsn, "");
  EXPECT_EQ(config->log.level, "info");
}

TEST(Conf, ReadsEveryKey) {
  absl::StatusOr<Config> config = Parse(R"(
[fs]
memory_budget = "256 MiB"
commit_interval_ms = 100
workers = 3
mount_threads = 4
allow_other = false
read_ahead_kib = 0
[database]
dsn = "host=/tmp dbname=oca"
[log]
level = "debug"
)",
                                        "x.toml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->fs.memory_budget_bytes, 256u << 20);
  EXPECT_EQ(config->fs.commit_interval_ms, 100);
  EXPECT_EQ(config->fs.workers, 3);
  EXPECT_EQ(config->fs.mount_threads, 4);
  EXPECT_FALSE(config->fs.allow_other);
  EXPECT_EQ(config->fs.read_ahead_kib, 0);
  EXPECT_EQ(config->database.dsn, "host=/tmp dbname=oca");
  EXPECT_EQ(config->log.level, "debug");
}

TEST(Conf, ByteSizesAreNumbersOrStringsWithUnits) {
  EXPECT_EQ(Parse("fs.memory_budget = 134217728", "x")->fs.memory_budget_bytes, 128u << 20);
  EXPECT_EQ(Parse("fs.memory_budget = \"2TiB\"", "x")->fs.memory_budget_bytes, 2ull << 40);
  EXPECT_NE(ErrorOf("fs.memory_budget = \"2TB\"").find("\"512MiB\""), std::string::npos);
  EXPECT_NE(ErrorOf("fs.memory_budget = \"99999999999TiB\"").find("must be"), std::string::npos);
  EXPECT_NE(ErrorOf("fs.memory_budget = -1").find("must be"), std::string::npos);
  EXPECT_NE(ErrorOf("fs.memory_budget = 1000").find("at least 64 MiB"), std::string::npos);
}

TEST(Conf, UnknownKeyNamesLineAndNearestKey) {
  EXPECT_EQ(ErrorOf("[fs]\n\nmemory_buget = 1\n"),
            "x.toml:3: unknown key in [fs]: \"memory_buget\"; did you mean \"memory_budget\"?");
}

TEST(Conf, UnknownKeyFarFromAllListsThem) {
  EXPECT_EQ(ErrorOf("[log]\ncolour = 1\n"),
            "x.toml:2: unknown key in [log]: \"colour\"; known are level, max_size, max_age_hours, "
            "keep_files, syslog");
}

TEST(Conf, UnknownSectionNamesNearest) {
  EXPECT_EQ(ErrorOf("\n[databse]\ndsn = \"\"\n"),
            "x.toml:2: unknown section: \"databse\"; did you mean \"database\"?");
  EXPECT_NE(ErrorOf("fs = 1").find("must be a section"), std::string::npos);
}

TEST(Conf, WrongTypeOrRangeSaysWhatItMustBe) {
  EXPECT_EQ(ErrorOf("[fs]\nworkers = \"two\"\n"),
            "x.toml:2: fs.workers must be a whole number from 0 to 1024");
  EXPECT_EQ(ErrorOf("[fs]\nmount_threads = 1\n"),
            "x.toml:2: fs.mount_threads must be a whole number from 2 to 256");
  EXPECT_EQ(ErrorOf("[fs]\nallow_other = 1\n"), "x.toml:2: fs.allow_other must be true or false");
  EXPECT_EQ(ErrorOf("[database]\ndsn = 5\n"), "x.toml:2: database.dsn must be a string");
  EXPECT_NE(ErrorOf("log.level = \"loud\"").find("must be one of \"debug\""), std::string::npos);
}

TEST(Conf, SyntaxErrorNamesLine) {
  EXPECT_NE(ErrorOf("[fs]\nworkers = = 3\n").find("x.toml:2:"), std::string::npos);
}

TEST(Conf, MissingFileIsNotFound) {
  EXPECT_EQ(LoadFile("/nonexistent/oca.toml").status().code(), absl::StatusCode::kNotFound);
}

TEST(Conf, FileOfTheHomeMayBeMissingButNotOneThatIsNamed) {
  EXPECT_TRUE(LoadOfHome("/nonexistent").ok());
  EXPECT_EQ(LoadOfHome("/nonexistent", "/nonexistent/other.toml").status().code(),
            absl::StatusCode::kNotFound);
  absl::StatusOr<Config> found = LoadOfHome(std::string(OCA_SOURCE_DIR) + "/etc");
  EXPECT_TRUE(found.ok()) << found.status();
}

TEST(Conf, ShippedFileShowsEveryKeyWithItsDefault) {
  std::string path = std::string(OCA_SOURCE_DIR) + "/etc/oca.toml";
  absl::StatusOr<Config> shipped = LoadFile(path);
  ASSERT_TRUE(shipped.ok()) << shipped.status();
  Config defaults;
  EXPECT_EQ(shipped->fs.memory_budget_bytes, defaults.fs.memory_budget_bytes);
  EXPECT_EQ(shipped->fs.commit_interval_ms, defaults.fs.commit_interval_ms);
  EXPECT_EQ(shipped->fs.workers, defaults.fs.workers);
  EXPECT_EQ(shipped->fs.mount_threads, defaults.fs.mount_threads);
  EXPECT_EQ(shipped->fs.allow_other, defaults.fs.allow_other);
  EXPECT_EQ(shipped->fs.read_ahead_kib, defaults.fs.read_ahead_kib);
  EXPECT_EQ(shipped->cleaner.automatic, defaults.cleaner.automatic);
  EXPECT_EQ(shipped->cleaner.start_percent, defaults.cleaner.start_percent);
  EXPECT_EQ(shipped->cleaner.idle_seconds, defaults.cleaner.idle_seconds);
  EXPECT_EQ(shipped->database.dsn, defaults.database.dsn);
  EXPECT_EQ(shipped->log.level, defaults.log.level);
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  for (const std::string& key : KnownKeys()) {
    EXPECT_NE(text.str().find("\n" + key.substr(key.find('.') + 1) + " = "), std::string::npos)
        << key;
  }
}

TEST(EditDistance, CountsChanges) {
  EXPECT_EQ(EditDistance("", ""), 0u);
  EXPECT_EQ(EditDistance("abc", ""), 3u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
  EXPECT_EQ(EditDistance("ab", "ba"), 1u);
  EXPECT_EQ(EditDistance("level", "levle"), 1u);
}

}  // namespace
}  // namespace oca::conf
