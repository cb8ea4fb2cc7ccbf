#include "gateways/vtl/ocavtl/run_dir.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "lib/base/status.h"

namespace oca::vtl {

absl::StatusOr<std::unique_ptr<RunDir>> RunDir::Create() {
  std::error_code error;
  std::filesystem::path parent = std::filesystem::temp_directory_path(error);
  std::string path = (error ? std::string("/tmp") : parent.string()) + "/ocavtl-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return PosixError(errno, path);
  return std::unique_ptr<RunDir>(new RunDir(path));
}

absl::StatusOr<std::unique_ptr<RunDir>> RunDir::At(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
  if (::mkdir(path.c_str(), 0700) != 0) return PosixError(errno, path);
  return std::unique_ptr<RunDir>(new RunDir(path));
}

RunDir::~RunDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace oca::vtl
