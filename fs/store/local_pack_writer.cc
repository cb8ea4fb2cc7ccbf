#include "fs/store/local_pack_writer.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "lib/base/status.h"

namespace oca::store {
namespace {

// Dirty bytes after which their writing out is started, so that a later Sync has little left to do.
constexpr uint64_t kWritebackBytes = 1 << 20;

}  // namespace

absl::StatusOr<std::unique_ptr<PackWriter>> LocalPackWriter::Create(
    io::FileSystem& fs, const std::string& path, format::PackHeader header, const GroupKeys* keys,
    std::function<absl::Status()> sync_entry) {
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<io::File> file, fs.Open(path, io::OpenMode::kCreateNew));
  if (absl::Status status = file->WriteAt(0, format::EncodePackHeader(header)); !status.ok()) {
    fs.RemoveFile(path).IgnoreError();  // what stays after a failure here is removed by Recover
    return status;
  }
  return std::unique_ptr<PackWriter>(
      new LocalPackWriter(fs, path, header, keys, std::move(file), std::move(sync_entry)));
}

uint64_t LocalPackWriter::size() const {
  absl::MutexLock lock(&mu_);
  return end_;
}

std::shared_ptr<io::File> LocalPackWriter::file() const {
  absl::MutexLock lock(&mu_);
  return file_;
}

uint64_t LocalPackWriter::Reserve(uint64_t size) {
  for (auto it = free_.begin(); it != free_.end(); ++it) {
    auto [offset, room] = *it;
    if (room < size) continue;
    free_.erase(it);
    if (room > size) free_[offset + size] = room - size;
    return offset;
  }
  uint64_t offset = std::max(end_, barrier_);
  end_ = offset + size;
  return offset;
}

void LocalPackWriter::Release(uint64_t offset, uint64_t size, uint64_t generation) {
  auto next = free_.lower_bound(offset);
  if (next != free_.end() && next->first == offset + size) {
    size += next->second;
    next = free_.erase(next);
  }
  if (next != free_.begin()) {
    auto before = std::prev(next);
    if (before->first + before->second == offset) {
      offset = before->first;
      size += before->second;
      free_.erase(before);
    }
  }
  if (offset + size == end_) {
    end_ = offset;
    return;
  }
  free_[offset] = size;
  if (generation != generation_) TrimFree();  // its neighbours may be durable by now
}

void LocalPackWriter::TrimFree() {
  std::map<uint64_t, uint64_t> trimmed;
  for (auto [offset, size] : free_) {
    uint64_t begin = AlignUp(offset);
    uint64_t end = (offset + size) & ~(kSectorBytes - 1);
    if (begin < end) trimmed[begin] = end - begin;
  }
  free_ = std::move(trimmed);
}

absl::StatusOr<uint64_t> LocalPackWriter::Append(std::string_view encoded_group) {
  auto size = format::EncodedGroupSize(encoded_group);
  if (!size.ok() || *size != encoded_group.size()) {
    return absl::InvalidArgumentError(
        fmt::format("append to {}: these bytes are not one encoded group", path_));
  }
  uint64_t offset, generation, reopens;
  std::shared_ptr<io::File> file;
  {
    absl::MutexLock lock(&mu_);
    if (sealing_) {
      return absl::FailedPreconditionError(fmt::format("append to {}: it is sealed", path_));
    }
    offset = Reserve(encoded_group.size());
    generation = generation_;
    reopens = reopens_;
    ++in_flight_[generation % 2];
    file = file_;
  }
  absl::Status status = file->WriteAt(offset, encoded_group);
  uint64_t writeback_from = 0, writeback_to = 0;
  {
    absl::MutexLock lock(&mu_);
    --in_flight_[generation % 2];
    if (!status.ok()) {
      Release(offset, encoded_group.size(), generation);
      return status;
    }
    unsynced_.push_back({offset, encoded_group.size(), generation, reopens != reopens_});
    groups_[offset] = encoded_group.size();
    if (end_ >= written_back_ + kWritebackBytes) {
      writeback_from = written_back_;
      writeback_to = written_back_ = end_ & ~(kSectorBytes - 1);
    }
  }
  if (writeback_to > 0) file->StartWriteback(writeback_from, writeback_to - writeback_from);
  return offset;
}

absl::Status LocalPackWriter::SyncFile(io::File& file) {
  absl::Status status = file.Sync();
  sync_failed_ = !status.ok();
  return status;
}

absl::Status LocalPackWriter::Reopen() {
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<io::File> opened, fs_.Open(path_, io::OpenMode::kReadWrite));
  std::shared_ptr<io::File> fresh = std::move(opened);
  {
    absl::MutexLock lock(&mu_);
    file_ = fresh;
    ++reopens_;
    for (Unsynced& group : unsynced_) group.rewrite = true;
  }
  if (header_durable_) return absl::OkStatus();
  return fresh->WriteAt(0, format::EncodePackHeader(header_));
}

absl::Status LocalPackWriter::RewriteMarked(uint64_t generation) {
  std::vector<Unsynced> marked;
  std::shared_ptr<io::File> file;
  {
    absl::MutexLock lock(&mu_);
    file = file_;
    for (const Unsynced& group : unsynced_) {
      if (group.rewrite && group.generation <= generation) marked.push_back(group);
    }
  }
  for (const Unsynced& group : marked) {
    std::string bytes(group.size, '\0');
    OCA_ASSIGN_OR_RETURN(size_t n, file->ReadAt(group.offset, {bytes.data(), bytes.size()}));
    if (n != bytes.size() || !format::IsWholeGroup(bytes)) {
      return absl::DataLossError(
          fmt::format("{}: the group at {} was lost by a failed sync", path_, group.offset));
    }
    OCA_RETURN_IF_ERROR(file->WriteAt(group.offset, bytes));
  }
  return absl::OkStatus();
}

absl::Status LocalPackWriter::Sync() {
  absl::MutexLock sync_lock(&sync_mu_);
  return SyncLocked();
}

absl::Status LocalPackWriter::SyncLocked() {
  uint64_t generation;
  {
    absl::MutexLock lock(&mu_);
    if (unsynced_.empty() && entry_durable_ && !sync_failed_) return absl::OkStatus();
    generation = generation_++;
    barrier_ = AlignUp(end_);
    TrimFree();
    // Appends that began before the barrier may share sectors with what becomes durable now: they
    // go with it.
    mu_.Await(absl::Condition(
        +[](int* in_flight) { return *in_flight == 0; }, &in_flight_[generation % 2]));
  }
  if (sync_failed_) OCA_RETURN_IF_ERROR(Reopen());
  OCA_RETURN_IF_ERROR(RewriteMarked(generation));
  OCA_RETURN_IF_ERROR(SyncFile(*file()));
  header_durable_ = true;
  {
    absl::MutexLock lock(&mu_);
    std::erase_if(unsynced_, [&](const Unsynced& g) { return g.generation <= generation; });
  }
  if (!entry_durable_) {
    OCA_RETURN_IF_ERROR(sync_entry_());
    entry_durable_ = true;
  }
  return absl::OkStatus();
}

absl::Status LocalPackWriter::CheckFooter(const format::PackFooter& footer) const {
  bool holds = footer.pack == header_ && !footer.groups.empty();
  for (const format::FooterGroup& group : footer.groups) {
    auto it = groups_.find(group.file_offset);
    holds = holds && it != groups_.end() && it->second == group.encoded_size;
  }
  if (holds) {
    auto decoded = format::DecodeFooter(format::EncodeFooterBody(footer, end_), end_, footer.key);
    holds = decoded.ok() && *decoded == footer;
  }
  if (holds) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("seal {}: the footer does not describe groups appended to it", path_));
}

absl::Status LocalPackWriter::Seal(const format::PackFooter& footer) {
  absl::MutexLock sync_lock(&sync_mu_);
  {
    absl::MutexLock lock(&mu_);
    if (sealed_ || in_flight_[0] + in_flight_[1] > 0) {
      return absl::FailedPreconditionError(
          fmt::format("seal {}: it is sealed, or an append runs", path_));
    }
    OCA_RETURN_IF_ERROR(CheckFooter(footer));
    sealing_ = true;
  }
  OCA_RETURN_IF_ERROR(SyncLocked());
  uint64_t offset;
  {
    absl::MutexLock lock(&mu_);
    offset = std::max(end_, barrier_);
  }
  std::shared_ptr<io::File> file = this->file();
  OCA_ASSIGN_OR_RETURN(std::string bytes, EncodeFooterWith(keys_, footer, offset));
  OCA_RETURN_IF_ERROR(file->WriteAt(offset, bytes));
  // A failed Append may have left bytes after it.
  OCA_ASSIGN_OR_RETURN(uint64_t file_size, file->Size());
  if (file_size > offset + bytes.size()) {
    OCA_RETURN_IF_ERROR(file->Truncate(offset + bytes.size()));
  }
  OCA_RETURN_IF_ERROR(SyncFile(*file));
  absl::MutexLock lock(&mu_);
  end_ = offset + bytes.size();
  sealed_ = true;
  return absl::OkStatus();
}

}  // namespace oca::store
