#include "t/support/temp_dir.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "fmt/format.h"

namespace oca::support {

TempDir::TempDir() {
  const char* base = std::getenv("TMPDIR");
  path_ = fmt::format("{}/oca-test-XXXXXX", base != nullptr && *base != '\0' ? base : "/tmp");
  if (mkdtemp(path_.data()) == nullptr) {
    std::perror(path_.c_str());
    std::abort();
  }
}

TempDir::~TempDir() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
  if (error) fmt::print(stderr, "{} is not removed: {}\n", path_, error.message());
}

std::string TempDir::Path(std::string_view name) const { return fmt::format("{}/{}", path_, name); }

}  // namespace oca::support
