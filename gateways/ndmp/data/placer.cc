#include "gateways/ndmp/data/placer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>

#include "fmt/format.h"
#include "gateways/ndmp/data/tree.h"
#include "lib/base/status.h"

namespace oca::ndmp {
namespace {

constexpr mode_t kForUsAlone = 0600;
constexpr mode_t kFolderForUsAlone = 0700;
constexpr mode_t kFolderForAll = 0777;  // as far as the umask allows

// Over what stands there, which may be anything but a folder.
absl::Status GiveName(const FileDescriptor& folder, const std::string& from,
                      const std::string& to) {
  if (renameat(folder.get(), from.c_str(), folder.get(), to.c_str()) == 0) return absl::OkStatus();
  absl::Status status = PosixError(errno, "its name");
  unlinkat(folder.get(), from.c_str(), 0);
  return status;
}

}  // namespace

NewFile::~NewFile() {
  if (file_.is_open()) unlinkat(folder_.get(), passing_name_.c_str(), 0);
}

absl::Status NewFile::Write(uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return PosixError(errno, "its contents");
    bytes.remove_prefix(static_cast<size_t>(n));
    offset += static_cast<uint64_t>(n);
  }
  return absl::OkStatus();
}

absl::Status NewFile::Finish(const Attributes& attributes, std::vector<std::string>* refused) {
  if (ftruncate(file_.get(), static_cast<off_t>(attributes.size)) != 0) {
    return PosixError(errno, "its length");
  }
  OCA_RETURN_IF_ERROR(Apply(attributes, file_, refused));
  file_ = FileDescriptor();
  return GiveName(folder_, passing_name_, name_);
}

std::string Placer::PassingName() {
  static std::atomic<uint64_t> last = 0;
  return fmt::format(".ocandmpd.{}.{}", getpid(), ++last);
}

absl::StatusOr<FileDescriptor> Placer::MakeFolder(const std::string& path, mode_t mode) {
  absl::StatusOr<FileDescriptor> folder = OpenBeneath(root_, path, O_RDONLY | O_DIRECTORY);
  // A container that is missing is none that a recovery makes.
  if (ErrnoOf(folder.status()) != ENOENT || path.find('/') == std::string::npos) return folder;
  std::string name;
  OCA_ASSIGN_OR_RETURN(FileDescriptor above, FolderOf(path, &name));
  if (mkdirat(above.get(), name.c_str(), mode) != 0 && errno != EEXIST) {
    return PosixError(errno, NameOfPath(path));
  }
  return OpenBeneath(root_, path, O_RDONLY | O_DIRECTORY);
}

absl::StatusOr<FileDescriptor> Placer::FolderOf(const std::string& path, std::string* name) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) {
    return absl::InvalidArgumentError(fmt::format(
        "{} is a container's place: only a folder can be recovered there", NameOfPath(path)));
  }
  *name = path.substr(slash + 1);
  return MakeFolder(path.substr(0, slash), kFolderForAll);
}

absl::Status Placer::Folder(const std::string& path, Attributes attributes) {
  Leave(path);
  OCA_RETURN_IF_ERROR(MakeFolder(path, kFolderForUsAlone).status());
  open_.push_back({path, std::move(attributes)});
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<NewFile>> Placer::File(const std::string& path) {
  Leave(path);
  std::string name;
  OCA_ASSIGN_OR_RETURN(FileDescriptor folder, FolderOf(path, &name));
  std::unique_ptr<NewFile> file(new NewFile(std::move(folder), std::move(name)));
  const std::string passing = PassingName();
  file->file_ =
      FileDescriptor(openat(file->folder_.get(), passing.c_str(),
                            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kForUsAlone));
  if (!file->file_.is_open()) return PosixError(errno, NameOfPath(path));
  file->passing_name_ = passing;
  return file;
}

absl::Status Placer::HardLink(const std::string& existing, const std::string& path) {
  Leave(path);
  std::string old_name;
  std::string name;
  OCA_ASSIGN_OR_RETURN(FileDescriptor old_folder, FolderOf(existing, &old_name));
  OCA_ASSIGN_OR_RETURN(FileDescriptor folder, FolderOf(path, &name));
  const std::string passing = PassingName();
  if (linkat(old_folder.get(), old_name.c_str(), folder.get(), passing.c_str(), 0) != 0) {
    return PosixError(errno, fmt::format("the link to {}", NameOfPath(existing)));
  }
  OCA_RETURN_IF_ERROR(GiveName(folder, passing, name));
  // When both were one file already, the name that it has in passing stays.
  unlinkat(folder.get(), passing.c_str(), 0);
  return absl::OkStatus();
}

absl::Status Placer::SymbolicLink(const std::string& target, const std::string& path,
                                  const Attributes& attributes) {
  Leave(path);
  std::string name;
  OCA_ASSIGN_OR_RETURN(FileDescriptor folder, FolderOf(path, &name));
  const std::string passing = PassingName();
  if (symlinkat(target.c_str(), folder.get(), passing.c_str()) != 0) {
    return PosixError(errno, NameOfPath(path));
  }
  return Settle(folder, passing, name, path, attributes);
}

absl::Status Placer::Special(const std::string& path, const Attributes& attributes) {
  Leave(path);
  std::string name;
  OCA_ASSIGN_OR_RETURN(FileDescriptor folder, FolderOf(path, &name));
  const std::string passing = PassingName();
  if (mknodat(folder.get(), passing.c_str(), (attributes.mode & S_IFMT) | kForUsAlone,
              attributes.device) != 0) {
    return PosixError(errno, NameOfPath(path));
  }
  return Settle(folder, passing, name, path, attributes);
}

absl::Status Placer::Settle(const FileDescriptor& folder, const std::string& passing,
                            const std::string& name, const std::string& path,
                            const Attributes& attributes) {
  std::vector<std::string> refused;
  absl::Status status = ApplyByName(attributes, folder, passing, &refused);
  if (!status.ok()) {
    unlinkat(folder.get(), passing.c_str(), 0);
    return status;
  }
  TellRefused(path, refused);
  return GiveName(folder, passing, name);
}

void Placer::Leave(std::string_view path) {
  while (!open_.empty() && (path.empty() || !IsWithin(path, open_.back().path))) {
    const Open folder = std::move(open_.back());
    open_.pop_back();
    std::vector<std::string> refused;
    absl::StatusOr<FileDescriptor> opened = OpenBeneath(root_, folder.path, O_RDONLY | O_DIRECTORY);
    absl::Status status =
        opened.ok() ? Apply(folder.attributes, *opened, &refused) : opened.status();
    TellRefused(folder.path, refused);
    folder_failure_.Update(Annotate(status, NameOfPath(folder.path)));
  }
}

void Placer::TellRefused(const std::string& path, const std::vector<std::string>& refused) {
  for (const std::string& each : refused) {
    reporter_.Say(LogType::kWarning,
                  fmt::format("{}: its extended attribute {}", NameOfPath(path), each));
  }
}

}  // namespace oca::ndmp
