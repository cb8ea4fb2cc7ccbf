// A folder of this process alone, for sockets and what children say.
#ifndef OCA_GATEWAYS_VTL_OCAVTL_RUN_DIR_H_
#define OCA_GATEWAYS_VTL_OCAVTL_RUN_DIR_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace oca::vtl {

class RunDir {
 public:
  // Below $TMPDIR or /tmp: short, since a socket's path has at most 107 bytes.
  static absl::StatusOr<std::unique_ptr<RunDir>> Create();
  // At `path`, whose parent exists; what an earlier process left there goes.
  static absl::StatusOr<std::unique_ptr<RunDir>> At(const std::string& path);
  // Removes it with all that is in it.
  ~RunDir();
  RunDir(const RunDir&) = delete;
  RunDir& operator=(const RunDir&) = delete;

  const std::string& path() const { return path_; }

 private:
  explicit RunDir(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

}  // namespace oca::vtl

#endif  // OCA_GATEWAYS_VTL_OCAVTL_RUN_DIR_H_
