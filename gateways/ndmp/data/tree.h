// What of the appliance NDMP backs up and recovers: containers and what is in them. Clients name it
// "/oca/<container>[/path]", wherever the mount is.
//
// Whatever a client says, nothing outside the mount is reached: paths have no "..", and no symbolic
// link is followed, not even one that appears while we look (openat2, RESOLVE_BENEATH).
#ifndef OCA_GATEWAYS_NDMP_DATA_TREE_H_
#define OCA_GATEWAYS_NDMP_DATA_TREE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "gateways/ndmp/data/file_descriptor.h"

namespace oca::ndmp {

struct Container {
  std::string name;
  std::string path;  // where this machine sees it
  uint64_t total_bytes = 0;
  uint64_t used_bytes = 0;
  uint64_t available_bytes = 0;
  uint64_t total_inodes = 0;
  uint64_t used_inodes = 0;
};

// Thread-safe.
class Tree {
 public:
  // `mount`: where the containers are mounted. It may come and go.
  explicit Tree(std::string mount) : mount_(std::move(mount)) {}

  // By name; none while nothing is mounted.
  std::vector<Container> Containers() const;
  // The folder of all containers as it is mounted now.
  absl::StatusOr<FileDescriptor> OpenRoot() const;

 private:
  const std::string mount_;
};

// A path without "." and doubled or outer '/': "/a//b/." is "a/b". kInvalidArgument for ".." and
// NUL.
absl::StatusOr<std::string> CleanPath(std::string_view text);
// The path below the mount of a client's name: "c1/a" of "/oca/c1/a". kInvalidArgument, saying how
// a name looks.
absl::StatusOr<std::string> PathOfName(std::string_view name);
// "/oca/c1/a" of "c1/a".
std::string NameOfPath(std::string_view path);
// "a/b" of "a" and "b"; either may be empty.
std::string Join(std::string_view folder, std::string_view name);
// Whether `path` is `folder` or lies in it; all lies in "".
bool IsWithin(std::string_view path, std::string_view folder);

// Opens `path` ("" = the root itself) below `root`, with `flags` of open(2).
absl::StatusOr<FileDescriptor> OpenBeneath(const FileDescriptor& root, const std::string& path,
                                           int flags);

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_DATA_TREE_H_
