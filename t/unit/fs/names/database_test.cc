// What look-ups ask of the disk.
#include "fs/names/database.h"

#include <string>
#include <vector>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lib/io/testing/fault_file_system.h"
#include "t/support/status_matchers.h"

namespace oca::names {
namespace {

constexpr int kKeys = 100'000;  // their filter takes 125,000 bytes

std::string Key(int i) { return fmt::format("key{:08}", i); }

TEST(Database, LookUpsReadNothingAgainThoughATablesFilterIsLargerThanTheCache) {
  io::FaultFileSystem fs;
  DatabaseOptions options;
  options.fs = &fs;
  options.clock = &SystemClock();
  options.dir = "/names";
  options.write_barrier = [] { return absl::OkStatus(); };
  options.block_cache_bytes = 120'000;
  options.write_buffer_bytes = 4 << 20;
  ASSERT_OK_AND_ASSIGN(auto database, Database::Open(options));
  for (int i = 0; i < kKeys;) {
    std::vector<Change> changes;
    for (int n = 0; n < 1000; ++n, ++i) changes.push_back({Key(i), std::string("value")});
    ASSERT_OK(database->Write(std::move(changes)));
  }
  ASSERT_OK(database->Rewrite());
  const auto look_up = [&] {
    std::string value;
    for (int i = 50'000; i < 50'040; ++i) {
      ASSERT_OK_AND_ASSIGN(const bool there, database->Get(Key(i), &value));
      EXPECT_TRUE(there) << i;
      ASSERT_OK_AND_ASSIGN(const bool other, database->Get(Key(i) + "x", &value));
      EXPECT_FALSE(other) << i;
    }
  };
  look_up();
  const uint64_t before = fs.Calls();
  look_up();
  EXPECT_EQ(fs.Calls(), before);
}

}  // namespace
}  // namespace oca::names
