// A file's attributes between the file system and an entry of a tar archive. Extended attributes,
// and ACLs as what they are in Linux, go as they are.
#ifndef OCA_GATEWAYS_NDMP_DATA_ATTRIBUTES_H_
#define OCA_GATEWAYS_NDMP_DATA_ATTRIBUTES_H_

#include <archive_entry.h>
#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gateways/ndmp/data/file_descriptor.h"

namespace oca::ndmp {

// Parts of a file that hold data; a file without holes has one.
struct Extent {
  uint64_t offset = 0;
  uint64_t length = 0;
};
std::vector<Extent> ExtentsOf(const FileDescriptor& file, uint64_t size);

// Fills in all but the path: stat, target of a symbolic link, extended attributes. `name` stands in
// `folder`; no symbolic link is followed.
absl::Status Describe(const FileDescriptor& folder, const std::string& name,
                      const struct stat& info, archive_entry* entry);

// What an entry says of a file.
struct Attributes {
  mode_t mode = 0;  // with the type
  uid_t owner = 0;
  gid_t group = 0;
  dev_t device = 0;
  uint64_t size = 0;
  timespec times[2] = {};  // of access and change, as utimensat wants them
  std::vector<std::pair<std::string, std::string>> extended;
};
Attributes AttributesOf(archive_entry* entry);

// Gives them to an open file or folder. *refused: the extended attributes that it does not take.
absl::Status Apply(const Attributes& attributes, const FileDescriptor& file,
                   std::vector<std::string>* refused);
// The same by name, for what cannot be opened; a symbolic link is not followed.
absl::Status ApplyByName(const Attributes& attributes, const FileDescriptor& folder,
                         const std::string& name, std::vector<std::string>* refused);

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_DATA_ATTRIBUTES_H_
