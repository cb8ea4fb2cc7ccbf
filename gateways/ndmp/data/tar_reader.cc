#include "gateways/ndmp/data/tar_reader.h"

#include <algorithm>
#include <cerrno>

#include "fmt/format.h"
#include "gateways/ndmp/data/backup.h"
#include "lib/base/status.h"

namespace oca::ndmp {
namespace {

constexpr size_t kFillBytes = 1 << 20;
constexpr uint64_t kLargestPart = 8 << 20;
constexpr uint64_t kTarBlock = 512;

}  // namespace

std::unique_ptr<TarReader> TarReader::Whole(Source& source) {
  return std::unique_ptr<TarReader>(new TarReader(source, 0, !source.asks_cheaply()));
}

std::unique_ptr<TarReader> TarReader::From(Source& source, uint64_t offset) {
  return std::unique_ptr<TarReader>(new TarReader(source, offset, false));
}

TarReader::TarReader(Source& source, uint64_t offset, bool whole)
    : source_(source),
      begin_(offset),
      whole_(whole),
      buffer_(kFillBytes, '\0'),
      archive_(archive_read_new()) {
  archive_read_support_format_tar(archive_.get());
}

la_ssize_t TarReader::Give(archive* a, void* self, const void** bytes) {
  auto* reader = static_cast<TarReader*>(self);
  absl::StatusOr<size_t> n = reader->Fill();
  if (n.ok()) {
    *bytes = reader->buffer_.data();
    return static_cast<la_ssize_t>(*n);
  }
  reader->failure_ = n.status();
  archive_set_error(a, EIO, "the stream has failed");
  return -1;
}

absl::StatusOr<size_t> TarReader::Fill() {
  if (owed_ == 0) {
    uint64_t part = kUnlimited;
    if (!whole_) {
      part = needed_ > taken_ ? std::min(needed_ - taken_, kLargestPart) : kTailBytes;
    }
    OCA_RETURN_IF_ERROR(source_.Ask(begin_ + taken_, part));
    owed_ = part;
  }
  OCA_ASSIGN_OR_RETURN(size_t n,
                       source_.Read(buffer_.data(), std::min<uint64_t>(buffer_.size(), owed_)));
  taken_ += n;
  if (owed_ != kUnlimited) owed_ -= n;
  return n;
}

absl::Status TarReader::Failure() const {
  if (!failure_.ok()) return failure_;
  const char* why = archive_error_string(archive_.get());
  return absl::DataLossError(
      fmt::format("not a tar stream, or damaged: {}", why != nullptr ? why : "it ends too early"));
}

absl::StatusOr<archive_entry*> TarReader::Next() {
  if (!asked_) {
    asked_ = true;
    if (archive_read_open2(archive_.get(), this, nullptr, Give, nullptr, nullptr) != ARCHIVE_OK) {
      return Failure();
    }
  }
  // What the last entry still has is foreseen; of the next one nothing is.
  if (needed_ > 0) archive_read_data_skip(archive_.get());
  needed_ = 0;
  archive_entry* entry = nullptr;
  const int result = archive_read_next_header(archive_.get(), &entry);
  if (result == ARCHIVE_EOF && failure_.ok()) return nullptr;
  if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return Failure();
  Foresee(entry);
  return entry;
}

// What the entry still takes. A map of holes stands before the data, and is not counted.
void TarReader::Foresee(archive_entry* entry) {
  uint64_t stored = 0;
  if (archive_entry_sparse_reset(entry) > 0) {
    la_int64_t offset = 0;
    la_int64_t length = 0;
    while (archive_entry_sparse_next(entry, &offset, &length) == ARCHIVE_OK) {
      stored += static_cast<uint64_t>(length);
    }
  } else if (archive_entry_size_is_set(entry) && archive_entry_size(entry) > 0) {
    stored = static_cast<uint64_t>(archive_entry_size(entry));
  }
  const auto here = static_cast<uint64_t>(archive_filter_bytes(archive_.get(), 0));
  needed_ =
      stored > kUnlimited / 2 ? here : here + (stored + kTarBlock - 1) / kTarBlock * kTarBlock;
}

absl::StatusOr<TarReader::Block> TarReader::Data(bool* ended) {
  const void* bytes = nullptr;
  size_t size = 0;
  la_int64_t offset = 0;
  const int result = archive_read_data_block(archive_.get(), &bytes, &size, &offset);
  *ended = result == ARCHIVE_EOF;
  if (*ended) return Block();
  if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return Failure();
  return Block{{static_cast<const char*>(bytes), size}, static_cast<uint64_t>(offset)};
}

absl::Status TarReader::Drain() {
  while (!whole_ && owed_ > 0) {
    OCA_ASSIGN_OR_RETURN(size_t n, Fill());
    if (n == 0) return absl::UnavailableError("the stream has ended too early");
  }
  return absl::OkStatus();
}

}  // namespace oca::ndmp
