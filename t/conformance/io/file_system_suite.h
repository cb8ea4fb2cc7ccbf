// What every implementation of lib/io/file_system.h does. A new one is added to AllFileSystems
// below.
#ifndef OCA_T_CONFORMANCE_IO_FILE_SYSTEM_SUITE_H_
#define OCA_T_CONFORMANCE_IO_FILE_SYSTEM_SUITE_H_

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "lib/io/file_system.h"
#include "lib/io/overlay_file_system.h"
#include "lib/io/testing/fault_file_system.h"
#include "lib/io/testing/memory_file_system.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::io {

enum class Kind { kPosix, kMemory, kFault, kOverlay };

class FileSystemSuite : public testing::TestWithParam<Kind> {
 protected:
  FileSystemSuite() {
    switch (GetParam()) {
      case Kind::kPosix:
        temp_ = std::make_unique<support::TempDir>();
        dir_ = temp_->path();
        fs_ = &PosixFileSystem();
        return;
      case Kind::kMemory:
        owned_ = std::make_unique<MemoryFileSystem>();
        break;
      case Kind::kOverlay:
        below_ = std::make_unique<MemoryFileSystem>();
        EXPECT_OK(below_->CreateDir("/base"));
        dir_ = "/base";
        owned_ = std::make_unique<OverlayFileSystem>(*below_, std::vector<std::string>{dir_});
        fs_ = owned_.get();
        return;
      case Kind::kFault:
        owned_ = std::make_unique<FaultFileSystem>();
        break;
    }
    fs_ = owned_.get();
    dir_ = "/base";
    EXPECT_OK(fs_->CreateDir(dir_));
  }

  std::string P(std::string_view name) const { return JoinPath(dir_, name); }

  std::unique_ptr<File> MustOpen(std::string_view name, OpenMode mode) {
    auto file = fs_->Open(P(name), mode);
    EXPECT_OK(file);
    return file.ok() ? *std::move(file) : nullptr;
  }
  void Put(std::string_view name, std::string_view contents) {
    EXPECT_OK(MustOpen(name, OpenMode::kTruncate)->WriteAt(0, contents));
  }
  std::string Get(std::string_view name) {
    auto contents = ReadFile(*fs_, P(name));
    EXPECT_OK(contents);
    return contents.ok() ? *contents : "";
  }
  std::vector<std::string> Names(std::string_view name = "") {
    auto names = fs_->List(name.empty() ? dir_ : P(name));
    EXPECT_OK(names);
    std::vector<std::string> sorted = names.ok() ? *names : std::vector<std::string>();
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }

  std::unique_ptr<support::TempDir> temp_;
  std::unique_ptr<FileSystem> below_;  // of an overlay
  std::unique_ptr<FileSystem> owned_;
  FileSystem* fs_ = nullptr;
  std::string dir_;
};

inline std::string KindName(const testing::TestParamInfo<Kind>& info) {
  constexpr const char* kNames[] = {"Posix", "Memory", "Fault", "Overlay"};
  return kNames[static_cast<size_t>(info.param)];
}
inline auto AllFileSystems() {
  return testing::Values(Kind::kPosix, Kind::kMemory, Kind::kFault, Kind::kOverlay);
}

}  // namespace oca::io

#endif  // OCA_T_CONFORMANCE_IO_FILE_SYSTEM_SUITE_H_
