// Whether a folder is still the one that it was.
#ifndef OCA_GATEWAYS_VTL_OCAVTL_FOLDER_WATCH_H_
#define OCA_GATEWAYS_VTL_OCAVTL_FOLDER_WATCH_H_

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"

namespace oca::vtl {

// Remembers which folder a path leads to. Files that were opened on a mount are dead once the mount
// is, though another one may stand in its place. Not thread-safe.
class FolderWatch {
 public:
  // kNotFound.
  static absl::StatusOr<FolderWatch> Of(const std::string& path);
  FolderWatch(FolderWatch&& other) noexcept;
  FolderWatch& operator=(FolderWatch&& other) noexcept;
  ~FolderWatch();

  bool StillThere() const;

 private:
  FolderWatch(std::string path, int fd, dev_t device, ino_t inode);

  std::string path_;
  int fd_;  // keeps the mount's number from being used again
  dev_t device_;
  ino_t inode_;
};

}  // namespace oca::vtl

#endif  // OCA_GATEWAYS_VTL_OCAVTL_FOLDER_WATCH_H_
