#include "gateways/vtl/ocavtl/folder_watch.h"

#include <filesystem>

#include "gtest/gtest.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::vtl {
namespace {

using support::StatusIs;

TEST(FolderWatch, AnotherFolderInItsPlaceIsNotTheSame) {
  support::TempDir dir;
  const std::string path = dir.Path("folder");
  EXPECT_THAT(FolderWatch::Of(path).status(), StatusIs(absl::StatusCode::kNotFound));
  std::filesystem::create_directory(path);
  ASSERT_OK_AND_ASSIGN(FolderWatch watch, FolderWatch::Of(path));
  EXPECT_TRUE(watch.StillThere());
  std::filesystem::remove(path);
  EXPECT_FALSE(watch.StillThere());
  // Its number is not used again while it is watched.
  std::filesystem::create_directory(path);
  EXPECT_FALSE(watch.StillThere());
  ASSERT_OK_AND_ASSIGN(watch, FolderWatch::Of(path));
  EXPECT_TRUE(watch.StillThere());
}

}  // namespace
}  // namespace oca::vtl
