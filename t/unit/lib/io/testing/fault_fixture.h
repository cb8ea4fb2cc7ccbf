// Short calls on a FaultFileSystem, and outcomes of a power cut over many seeds.
#ifndef OCA_T_UNIT_LIB_IO_TESTING_FAULT_FIXTURE_H_
#define OCA_T_UNIT_LIB_IO_TESTING_FAULT_FIXTURE_H_

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "lib/io/file_system.h"
#include "lib/io/testing/fault_file_system.h"
#include "t/support/status_matchers.h"

namespace oca::io {

inline constexpr uint64_t kSeeds = 200;

inline std::unique_ptr<File> MustOpen(FileSystem& fs, const std::string& path, OpenMode mode) {
  auto file = fs.Open(path, mode);
  EXPECT_OK(file);
  return file.ok() ? *std::move(file) : nullptr;
}

// A file with synced contents; its name is not synced.
inline std::unique_ptr<File> PutSynced(FileSystem& fs, const std::string& path,
                                       std::string_view contents) {
  auto file = MustOpen(fs, path, OpenMode::kTruncate);
  EXPECT_OK(file->WriteAt(0, contents));
  EXPECT_OK(file->Sync());
  return file;
}

// A file whose contents and name are durable.
inline std::unique_ptr<File> PutDurable(FileSystem& fs, const std::string& path,
                                        std::string_view contents) {
  auto file = PutSynced(fs, path, contents);
  EXPECT_OK(fs.SyncDir(DirName(path)));
  return file;
}

inline void MakeDurableDir(FileSystem& fs, const std::string& path) {
  EXPECT_OK(fs.CreateDir(path));
  EXPECT_OK(fs.SyncDir(DirName(path)));
}

// Contents, or "-" when the file is missing.
inline std::string GetOrDash(FileSystem& fs, const std::string& path) {
  auto contents = ReadFile(fs, path);
  EXPECT_TRUE(contents.ok() || ErrnoOf(contents.status()) == ENOENT) << contents.status();
  return contents.ok() ? *contents : "-";
}

// "a=1 b=2 d/ d/c=3": all files below `dir` with their contents.
inline std::string Tree(FileSystem& fs, const std::string& dir = "/") {
  auto names = fs.List(dir);
  EXPECT_OK(names);
  if (!names.ok()) return "?";
  std::sort(names->begin(), names->end());
  std::vector<std::string> parts;
  for (const std::string& name : *names) {
    std::string path = JoinPath(dir, name);
    if (fs.Stat(path)->is_directory) {
      parts.push_back(path.substr(1) + "/");
      std::string below = Tree(fs, path);
      if (!below.empty()) parts.push_back(below);
    } else {
      parts.push_back(fmt::format("{}={}", path.substr(1), GetOrDash(fs, path)));
    }
  }
  return fmt::format("{}", fmt::join(parts, " "));
}

using Outcomes = std::set<std::string>;

// What `look` sees after `work` and a power cut, over all seeds.
inline Outcomes OutcomesOf(const std::function<void(FaultFileSystem&)>& work,
                           const std::function<std::string(FaultFileSystem&)>& look) {
  Outcomes outcomes;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    FaultFileSystem fs;
    work(fs);
    fs.PowerCycle(seed);
    outcomes.insert(look(fs));
  }
  return outcomes;
}

inline Outcomes TreesAfter(const std::function<void(FaultFileSystem&)>& work) {
  return OutcomesOf(work, [](FaultFileSystem& fs) { return Tree(fs); });
}

}  // namespace oca::io

#endif  // OCA_T_UNIT_LIB_IO_TESTING_FAULT_FIXTURE_H_
