#include "services/events/spool.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/log/log.h"
#include "services/events/spool_format.h"

namespace oca::events {
namespace {

constexpr std::string_view kSuffix = ".events";

std::optional<uint64_t> NumberOf(std::string_view name) {
  uint64_t number = 0;
  if (!name.ends_with(kSuffix)) return std::nullopt;
  name.remove_suffix(kSuffix.size());
  if (!absl::SimpleAtoi(absl::string_view(name.data(), name.size()), &number)) return std::nullopt;
  return number;
}

}  // namespace

std::string Spool::PathOf(uint64_t number) const {
  return fmt::format("{}/{:010}{}", dir_, number, kSuffix);
}

absl::StatusOr<std::unique_ptr<Spool>> Spool::Open(io::FileSystem& fs, const std::string& dir,
                                                   SpoolLimits limits) {
  OCA_RETURN_IF_ERROR(io::CreateDirs(fs, dir));
  std::unique_ptr<Spool> spool(new Spool(fs, dir, limits));
  absl::MutexLock lock(&spool->mu_);
  OCA_RETURN_IF_ERROR(spool->Load());
  return spool;
}

absl::Status Spool::Load() {
  OCA_ASSIGN_OR_RETURN(std::vector<std::string> names, fs_.List(dir_));
  std::vector<uint64_t> numbers;
  for (const std::string& name : names) {
    if (std::optional<uint64_t> number = NumberOf(name)) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  for (uint64_t number : numbers) {
    OCA_RETURN_IF_ERROR(LoadFile(number, number == numbers.back()));
    next_number_ = number + 1;
  }
  DropEmptyHeads();
  return absl::OkStatus();
}

absl::Status Spool::LoadFile(uint64_t number, bool last) {
  const std::string path = PathOf(number);
  OCA_ASSIGN_OR_RETURN(std::string text, io::ReadFile(fs_, path));
  absl::StatusOr<Segment> segment = ParseSegment(text);
  const size_t good = segment.ok() ? segment->good_bytes : 0;
  if (good < text.size()) {
    // The last one may have been cut off in the middle of a record that nobody was promised.
    if (last) {
      log::Info("event_spool_cut_off", "file", path, "good_bytes", good, "bytes", text.size());
    } else {
      log::Warning("event_spool_damaged", "file", path, "good_bytes", good, "bytes", text.size());
    }
  }
  File file{number, segment.ok() ? segment->records.size() : 0, text.size()};
  records_ += file.records;
  bytes_ += file.bytes;
  files_.push_back(file);
  return absl::OkStatus();
}

absl::Status Spool::Append(std::span<const std::string> records) {
  std::string text;
  for (const std::string& record : records) {
    if (record.size() > kMaxRecordBytes) {
      return absl::InvalidArgumentError(fmt::format("an event has {} bytes, and {} are possible",
                                                    record.size(), kMaxRecordBytes));
    }
    AppendRecord(record, &text);
  }
  absl::MutexLock lock(&mu_);
  if (bytes_ + text.size() > limits_.total_bytes) {
    return absl::ResourceExhaustedError(
        fmt::format("the event spool {} is full ({} bytes)", dir_, bytes_));
  }
  if (absl::Status status = Write(text); !status.ok()) {
    // What the file now holds after its last good record is unknown: nothing is added to it.
    tail_.reset();
    return status;
  }
  File& file = files_.back();
  file.records += records.size();
  file.bytes += text.size();
  records_ += records.size();
  added_.Ring();
  bytes_ += text.size();
  if (files_.size() == 1 && head_read_) {
    head_.insert(head_.end(), records.begin(), records.end());
  }
  if (file.bytes >= limits_.segment_bytes) tail_.reset();
  return absl::OkStatus();
}

absl::Status Spool::Write(const std::string& text) {
  if (tail_ == nullptr) OCA_RETURN_IF_ERROR(BeginFile());
  OCA_RETURN_IF_ERROR(tail_->WriteAt(files_.back().bytes, text));
  return tail_->Sync();
}

absl::Status Spool::BeginFile() {
  const uint64_t number = next_number_++;
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<io::File> file,
                       fs_.Open(PathOf(number), io::OpenMode::kCreateNew));
  // It counts from here on, whatever becomes of it: it has to be removed.
  files_.push_back({number, 0, kSegmentMagic.size()});
  bytes_ += kSegmentMagic.size();
  OCA_RETURN_IF_ERROR(file->WriteAt(0, kSegmentMagic));
  OCA_RETURN_IF_ERROR(fs_.SyncDir(dir_));
  tail_ = std::move(file);
  return absl::OkStatus();
}

absl::Status Spool::ReadHead() {
  DropEmptyHeads();
  if (head_read_ || files_.empty()) return absl::OkStatus();
  const File& file = files_.front();
  OCA_ASSIGN_OR_RETURN(std::string text, io::ReadFile(fs_, PathOf(file.number)));
  OCA_ASSIGN_OR_RETURN(Segment segment, ParseSegment(text));
  // Records after those that were acknowledged may be there: of an Append that failed at the end.
  const size_t count = std::min<size_t>(segment.records.size(), file.records);
  if (count < file.records) {
    return absl::DataLossError(fmt::format("{} holds {} events, and {} were written",
                                           PathOf(file.number), count, file.records));
  }
  head_.assign(segment.records.begin(), segment.records.begin() + static_cast<int64_t>(count));
  head_read_ = true;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> Spool::Front(size_t count) {
  absl::MutexLock lock(&mu_);
  if (absl::Status status = ReadHead(); !status.ok()) {
    if (!absl::IsDataLoss(status)) return status;
    // The disk has changed what it had taken: the file's rest is lost, the files after it are not.
    log::Error("event_spool_damaged", "error", MessageOf(status));
    records_ -= files_.front().records;
    files_.front().records = 0;
    if (files_.size() == 1) tail_.reset();
    OCA_RETURN_IF_ERROR(ReadHead());
  }
  const size_t n = std::min(count, head_.size());
  return std::vector<std::string>(head_.begin(), head_.begin() + static_cast<int64_t>(n));
}

void Spool::Pop(size_t count) {
  absl::MutexLock lock(&mu_);
  count = std::min(count, head_.size());
  head_.erase(head_.begin(), head_.begin() + static_cast<int64_t>(count));
  if (count > 0) files_.front().records -= count;
  records_ -= count;
  DropEmptyHeads();
}

void Spool::DropEmptyHeads() {
  while (!files_.empty() && files_.front().records == 0) {
    const File file = files_.front();
    // One that stays brings back what was popped, no more.
    if (absl::Status removed = fs_.RemoveFile(PathOf(file.number)); !removed.ok()) {
      log::Info("event_spool_file_stays", "error", MessageOf(removed));
    }
    if (files_.size() == 1) tail_.reset();
    files_.pop_front();
    bytes_ -= file.bytes;
    head_.clear();
    head_read_ = false;
  }
}

bool Spool::AwaitRecord(absl::Duration timeout) {
  if (records() > 0) return true;
  added_.WaitFor(timeout);
  return records() > 0;
}

uint64_t Spool::records() const {
  absl::MutexLock lock(&mu_);
  return records_;
}

uint64_t Spool::bytes() const {
  absl::MutexLock lock(&mu_);
  return bytes_;
}

}  // namespace oca::events
