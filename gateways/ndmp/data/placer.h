// Puts what an archive's entries describe at its place in the tree.
#ifndef OCA_GATEWAYS_NDMP_DATA_PLACER_H_
#define OCA_GATEWAYS_NDMP_DATA_PLACER_H_

#include <archive_entry.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateways/ndmp/data/attributes.h"
#include "gateways/ndmp/data/file_descriptor.h"
#include "gateways/ndmp/data/stream.h"

namespace oca::ndmp {

// A file that is being made beside the place that it goes to: what stood there stays until the new
// one is whole. Not thread-safe.
class NewFile {
 public:
  // Gives it up, unless it is finished.
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  absl::Status Write(uint64_t offset, std::string_view bytes);
  // Its attributes, and its name.
  absl::Status Finish(const Attributes& attributes, std::vector<std::string>* refused);

 private:
  friend class Placer;
  NewFile(FileDescriptor folder, std::string name)
      : folder_(std::move(folder)), name_(std::move(name)) {}

  const FileDescriptor folder_;
  const std::string name_;
  FileDescriptor file_;
  std::string passing_name_;
};

// Paths are below the root. Not thread-safe.
class Placer {
 public:
  // Borrows both.
  Placer(const FileDescriptor& root, Reporter& reporter) : root_(root), reporter_(reporter) {}

  // Folders get their attributes when what is in them is done: when something is placed elsewhere,
  // or at LeaveAll. The folders that lead to a path are made when they are missing, but for the
  // container's own.
  absl::Status Folder(const std::string& path, Attributes attributes);
  absl::StatusOr<std::unique_ptr<NewFile>> File(const std::string& path);
  // A second name for a file.
  absl::Status HardLink(const std::string& existing, const std::string& path);
  absl::Status SymbolicLink(const std::string& target, const std::string& path,
                            const Attributes& attributes);
  // A fifo or a device.
  absl::Status Special(const std::string& path, const Attributes& attributes);
  // The first failure of a folder to get them.
  absl::Status LeaveAll() {
    Leave(std::string_view());
    return folder_failure_;
  }
  // Says which extended attributes a file could not have.
  void TellRefused(const std::string& path, const std::vector<std::string>& refused);

 private:
  struct Open {
    std::string path;
    Attributes attributes;
  };
  // The folder of a path, made when it is missing; *name: the last part.
  absl::StatusOr<FileDescriptor> FolderOf(const std::string& path, std::string* name);
  absl::StatusOr<FileDescriptor> MakeFolder(const std::string& path, mode_t mode);
  // Gives folders that `path` is not in their attributes; all of them for an empty one.
  void Leave(std::string_view path);
  std::string PassingName();
  // Gives what stands in `folder` under its name in passing its attributes, then its own name.
  absl::Status Settle(const FileDescriptor& folder, const std::string& passing,
                      const std::string& name, const std::string& path,
                      const Attributes& attributes);

  const FileDescriptor& root_;
  Reporter& reporter_;
  std::vector<Open> open_;  // each lies in the one before
  absl::Status folder_failure_;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_DATA_PLACER_H_
