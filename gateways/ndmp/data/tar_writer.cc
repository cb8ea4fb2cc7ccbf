#include "gateways/ndmp/data/tar_writer.h"

#include <cerrno>

#include "fmt/format.h"
#include "gateways/ndmp/data/backup.h"

namespace oca::ndmp {
namespace {

constexpr size_t kBufferBytes = 256 << 10;

}  // namespace

TarWriter::TarWriter(Sink& sink) : sink_(sink), archive_(archive_write_new()) {
  archive* a = archive_.get();
  archive_write_set_format_pax(a);
  // Names are bytes, whatever the locale; extended attributes are there once, as GNU tar has them.
  archive_write_set_options(a, "hdrcharset=BINARY,xattrheader=SCHILY");
  // Each entry is handed on at once, so that we know where it begins.
  archive_write_set_bytes_per_block(a, 0);
  archive_write_open2(a, this, nullptr, Take, nullptr, nullptr);
}

la_ssize_t TarWriter::Take(archive* a, void* self, const void* bytes, size_t size) {
  auto* writer = static_cast<TarWriter*>(self);
  // Closed by its destructor after a failure, the archive still wants to write its end.
  if (writer->failure_.ok()) {
    writer->failure_ = writer->Put({static_cast<const char*>(bytes), size});
  }
  if (writer->failure_.ok()) return static_cast<la_ssize_t>(size);
  archive_set_error(a, EIO, "the stream has ended");
  return -1;
}

absl::Status TarWriter::Put(std::string_view bytes) {
  position_ += bytes.size();
  buffer_.append(bytes);
  return buffer_.size() < kBufferBytes ? absl::OkStatus() : Flush();
}

absl::Status TarWriter::Flush() {
  absl::Status status = sink_.Write(buffer_);
  buffer_.clear();
  return status;
}

absl::Status TarWriter::Outcome(int result) const {
  if (!failure_.ok()) return failure_;
  if (result == ARCHIVE_OK || result == ARCHIVE_WARN) return absl::OkStatus();
  const char* why = archive_error_string(archive_.get());
  std::string text = why != nullptr ? why : "tar cannot hold it";
  return result == ARCHIVE_FAILED ? absl::InvalidArgumentError(text) : absl::InternalError(text);
}

absl::Status TarWriter::Begin(archive_entry* entry) {
  return Outcome(archive_write_header(archive_.get(), entry));
}

absl::Status TarWriter::Data(std::string_view bytes) {
  while (!bytes.empty()) {
    const la_ssize_t n = archive_write_data(archive_.get(), bytes.data(), bytes.size());
    if (n < 0) return Outcome(static_cast<int>(n));
    if (n == 0) break;  // more than the entry has
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return failure_;
}

absl::Status TarWriter::End() { return Outcome(archive_write_finish_entry(archive_.get())); }

absl::Status TarWriter::Finish() {
  if (absl::Status status = Outcome(archive_write_close(archive_.get())); !status.ok()) {
    return status;
  }
  if (absl::Status status = Put(std::string(kTailBytes, '\0')); !status.ok()) return status;
  return Flush();
}

}  // namespace oca::ndmp
