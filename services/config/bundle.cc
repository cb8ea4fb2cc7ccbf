#include "services/config/bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/time/clock.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/io/file_system.h"

namespace oca::config {

absl::StatusOr<std::unique_ptr<Bundle>> Bundle::Create(const std::string& path,
                                                       std::string folder) {
  struct archive* archive = archive_write_new();
  if (archive == nullptr) return absl::ResourceExhaustedError("no memory for an archive");
  std::unique_ptr<Bundle> bundle(new Bundle(path, std::move(folder), archive));
  const std::string part = path + ".part";
  // Made first, so that nobody else can read it at any time.
  const int fd = open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return PosixError(errno, part);
  close(fd);
  if (archive_write_add_filter_zstd(archive) != ARCHIVE_OK ||
      archive_write_set_format_pax_restricted(archive) != ARCHIVE_OK ||
      archive_write_open_filename(archive, part.c_str()) != ARCHIVE_OK) {
    return bundle->Failed();
  }
  return bundle;
}

Bundle::Bundle(std::string path, std::string folder, struct archive* archive)
    : path_(std::move(path)), folder_(std::move(folder)), archive_(archive) {}

Bundle::~Bundle() {
  archive_write_free(archive_);
  if (!finished_) unlink((path_ + ".part").c_str());
}

absl::Status Bundle::Failed() const {
  const char* text = archive_error_string(archive_);
  return PosixError(archive_errno(archive_),
                    fmt::format("{}: {}", path_, text == nullptr ? "cannot be written" : text));
}

absl::Status Bundle::Begin(std::string_view name, uint64_t bytes) {
  struct archive_entry* entry = archive_entry_new();
  const absl::Cleanup free_entry = [entry] { archive_entry_free(entry); };
  archive_entry_set_pathname(entry, fmt::format("{}/{}", folder_, name).c_str());
  archive_entry_set_size(entry, static_cast<int64_t>(bytes));
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_perm(entry, 0600);
  archive_entry_set_mtime(entry, absl::ToUnixSeconds(absl::Now()), 0);
  return archive_write_header(archive_, entry) == ARCHIVE_OK ? absl::OkStatus() : Failed();
}

absl::Status Bundle::AddText(std::string_view name, std::string_view text) {
  OCA_RETURN_IF_ERROR(Begin(name, text.size()));
  return archive_write_data(archive_, text.data(), text.size()) ==
                 static_cast<la_ssize_t>(text.size())
             ? absl::OkStatus()
             : Failed();
}

absl::Status Bundle::AddFile(std::string_view name, const std::string& path, uint64_t most_bytes) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return PosixError(errno, path);
  const absl::Cleanup close_file = [fd] { close(fd); };
  struct stat info {};
  if (fstat(fd, &info) != 0) return PosixError(errno, path);
  if (!S_ISREG(info.st_mode)) return absl::NotFoundError(path + ": no regular file");
  const uint64_t size = std::min(static_cast<uint64_t>(info.st_size), most_bytes);
  auto offset = static_cast<off_t>(static_cast<uint64_t>(info.st_size) - size);
  OCA_RETURN_IF_ERROR(Begin(name, size));
  std::array<char, 64 << 10> buffer;
  for (uint64_t left = size; left > 0;) {
    const ssize_t n = pread(fd, buffer.data(), std::min<uint64_t>(left, buffer.size()), offset);
    if (n <= 0) break;  // it was cut meanwhile: the archive has zeros there
    if (archive_write_data(archive_, buffer.data(), static_cast<size_t>(n)) != n) return Failed();
    left -= static_cast<uint64_t>(n);
    offset += n;
  }
  return absl::OkStatus();
}

absl::Status Bundle::Finish() {
  if (archive_write_close(archive_) != ARCHIVE_OK) return Failed();
  OCA_RETURN_IF_ERROR(io::PosixFileSystem().Rename(path_ + ".part", path_));
  finished_ = true;
  return absl::OkStatus();
}

}  // namespace oca::config
