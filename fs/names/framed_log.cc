#include "fs/names/framed_log.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "fmt/format.h"
#include "lib/base/coding.h"
#include "lib/base/crc32c.h"
#include "lib/base/status.h"

namespace oca::names {
namespace {

constexpr std::string_view kLogMagic = "OcaNmLog";
constexpr uint32_t kLogVersion = 1;
constexpr uint32_t kFrameMagic = 0x4d46634f;  // "OcFM"
constexpr size_t kHeaderCrcOffset = 28;       // in both kinds of header

// Both kinds of header end with the checksum of what stands before it.
void PutHeaderCrc(std::string* out, size_t header_start) {
  PutLe<uint32_t>(out, Crc32c(std::string_view(*out).substr(header_start, kHeaderCrcOffset)));
}

bool HeaderCrcMatches(std::string_view header) {
  return GetLe<uint32_t>(header.data() + kHeaderCrcOffset) ==
         Crc32c(header.substr(0, kHeaderCrcOffset));
}

std::string LogHeader(uint64_t number, uint64_t salt) {
  std::string out(kLogMagic);
  PutLe<uint32_t>(&out, kLogVersion);
  PutLe<uint64_t>(&out, number);
  PutLe<uint64_t>(&out, salt);
  PutHeaderCrc(&out, 0);
  return out;
}

struct Frame {
  uint32_t payload_bytes = 0;
  uint64_t log_offset = 0;
  uint64_t salt = 0;
  uint32_t payload_crc = 0;
};

std::string FrameHeader(const Frame& frame) {
  std::string out;
  PutLe<uint32_t>(&out, kFrameMagic);
  PutLe<uint32_t>(&out, frame.payload_bytes);
  PutLe<uint64_t>(&out, frame.log_offset);
  PutLe<uint64_t>(&out, frame.salt);
  PutLe<uint32_t>(&out, frame.payload_crc);
  PutHeaderCrc(&out, 0);
  return out;
}

// False when `header` (kFrameHeaderBytes) is none.
bool ParseFrameHeader(std::string_view header, Frame* frame) {
  if (GetLe<uint32_t>(header.data()) != kFrameMagic || !HeaderCrcMatches(header)) return false;
  ByteReader in(header.substr(4));
  frame->payload_bytes = in.Le<uint32_t>();
  frame->log_offset = in.Le<uint64_t>();
  frame->salt = in.Le<uint64_t>();
  frame->payload_crc = in.Le<uint32_t>();
  return frame->payload_bytes > 0 && frame->payload_bytes <= kMaxFramePayloadBytes;
}

// Fills `out` from `offset`; false when the file ends before.
absl::StatusOr<bool> ReadFull(io::File& file, uint64_t offset, std::span<char> out) {
  OCA_ASSIGN_OR_RETURN(const size_t n, file.ReadAt(offset, out));
  return n == out.size();
}

}  // namespace

FramedLogWriter::FramedLogWriter(io::FileSystem* fs, std::string path, uint64_t number,
                                 uint64_t salt)
    : fs_(fs), path_(std::move(path)), number_(number), salt_(salt) {}

void FramedLogWriter::Append(std::string_view data) {
  absl::MutexLock lock(&mu_);
  if (pending_.empty()) pending_.assign(kFrameHeaderBytes, '\0');
  pending_.append(data);
  appended_bytes_ += data.size();
}

uint64_t FramedLogWriter::appended_bytes() const {
  absl::MutexLock lock(&mu_);
  return appended_bytes_;
}

uint64_t FramedLogWriter::unsynced_bytes() const {
  absl::MutexLock lock(&mu_);
  return appended_bytes_ - synced_bytes_;
}

absl::Status FramedLogWriter::Sync(const std::function<absl::Status()>& before_write) {
  absl::MutexLock sync_lock(&sync_mu_);
  const uint64_t target = appended_bytes();
  while (framed_bytes_ < target) {
    if (frame_.empty()) TakePending();
    OCA_RETURN_IF_ERROR(before_write());
    OCA_RETURN_IF_ERROR(WriteFrame());
    absl::MutexLock lock(&mu_);
    synced_bytes_ = framed_bytes_;
  }
  return absl::OkStatus();
}

// Moves what waits, or as much as one frame holds, to frame_.
void FramedLogWriter::TakePending() {
  constexpr size_t kMost = kFrameHeaderBytes + kMaxFramePayloadBytes;
  absl::MutexLock lock(&mu_);
  if (pending_.size() <= kMost) {
    frame_ = std::exchange(pending_, std::string());
    return;
  }
  frame_.assign(pending_, 0, kMost);
  pending_.erase(kFrameHeaderBytes, kMaxFramePayloadBytes);
}

// Writes frame_ at file_end_. A repeated attempt writes the same bytes at the same place.
absl::Status FramedLogWriter::WriteFrame() {
  const std::string_view payload = std::string_view(frame_).substr(kFrameHeaderBytes);
  const std::string header = FrameHeader({.payload_bytes = static_cast<uint32_t>(payload.size()),
                                          .log_offset = framed_bytes_,
                                          .salt = salt_,
                                          .payload_crc = Crc32c(payload)});
  std::memcpy(frame_.data(), header.data(), header.size());
  if (file_ == nullptr) {
    OCA_ASSIGN_OR_RETURN(file_, fs_->Open(path_, io::OpenMode::kTruncate));
  }
  uint64_t offset = file_end_;
  if (offset == 0) {
    OCA_RETURN_IF_ERROR(file_->WriteAt(0, LogHeader(number_, salt_)));
    offset = kLogHeaderBytes;
  }
  OCA_RETURN_IF_ERROR(file_->WriteAt(offset, frame_));
  OCA_RETURN_IF_ERROR(file_->Sync());
  if (!name_synced_) OCA_RETURN_IF_ERROR(fs_->SyncDir(io::DirName(path_)));
  name_synced_ = true;
  framed_bytes_ += payload.size();
  file_end_ = offset + frame_.size();
  frame_.clear();
  return absl::OkStatus();
}

FramedLogReader::FramedLogReader(std::unique_ptr<io::File> file, uint64_t number)
    : file_(std::move(file)), number_(number) {}

absl::StatusOr<size_t> FramedLogReader::Read(std::span<char> out) {
  size_t done = 0;
  while (done < out.size()) {
    if (payload_used_ == payload_.size()) {
      OCA_RETURN_IF_ERROR(NextFrame());
      if (payload_.empty()) break;
    }
    const size_t n = std::min(out.size() - done, payload_.size() - payload_used_);
    std::memcpy(out.data() + done, payload_.data() + payload_used_, n);
    payload_used_ += n;
    done += n;
  }
  return done;
}

absl::StatusOr<uint64_t> FramedLogReader::SkipToEnd() {
  uint64_t skipped = payload_.size() - payload_used_;
  for (;;) {
    OCA_RETURN_IF_ERROR(NextFrame());
    if (payload_.empty()) return skipped;
    skipped += payload_.size();
  }
}

absl::Status FramedLogReader::ReadHeader() {
  started_ = true;
  OCA_ASSIGN_OR_RETURN(file_size_, file_->Size());
  std::string header(kLogHeaderBytes, '\0');
  OCA_ASSIGN_OR_RETURN(const bool full, ReadFull(*file_, 0, header));
  if (!full || !header.starts_with(kLogMagic) || !HeaderCrcMatches(header)) {
    ended_ = true;  // written together with the first frame: torn, so the log is empty
    return CheckTail();
  }
  ByteReader in(std::string_view(header).substr(kLogMagic.size()));
  const uint32_t version = in.Le<uint32_t>();
  const uint64_t number = in.Le<uint64_t>();
  salt_ = in.Le<uint64_t>();
  if (version != kLogVersion) {
    return absl::DataLossError(fmt::format("names: log file of version {}", version));
  }
  if (number != number_) {
    return absl::DataLossError(
        fmt::format("names: log file {} holds the log of file {}", number_, number));
  }
  file_offset_ = kLogHeaderBytes;
  return absl::OkStatus();
}

absl::Status FramedLogReader::NextFrame() {
  payload_.clear();
  payload_used_ = 0;
  if (!started_) OCA_RETURN_IF_ERROR(ReadHeader());
  if (ended_) return absl::OkStatus();
  std::string header(kFrameHeaderBytes, '\0');
  OCA_ASSIGN_OR_RETURN(const bool full, ReadFull(*file_, file_offset_, header));
  Frame frame;
  if (full && ParseFrameHeader(header, &frame) && frame.salt == salt_ &&
      frame.log_offset == log_offset_ &&
      frame.payload_bytes <= file_size_ - file_offset_ - kFrameHeaderBytes) {
    payload_.resize(frame.payload_bytes);
    OCA_ASSIGN_OR_RETURN(const bool whole,
                         ReadFull(*file_, file_offset_ + kFrameHeaderBytes, payload_));
    if (whole && Crc32c(payload_) == frame.payload_crc) {
      file_offset_ += kFrameHeaderBytes + frame.payload_bytes;
      log_offset_ += frame.payload_bytes;
      return absl::OkStatus();
    }
    payload_.clear();
  }
  ended_ = true;
  return CheckTail();
}

absl::Status FramedLogReader::CheckTail() {
  constexpr size_t kStep = 1u << 20;
  std::string window;
  for (uint64_t offset = file_offset_; offset < file_size_; offset += kStep) {
    // Windows overlap so that a header across their border is seen.
    window.resize(std::min<uint64_t>(kStep + kFrameHeaderBytes - 1, file_size_ - offset));
    OCA_ASSIGN_OR_RETURN(const size_t n, file_->ReadAt(offset, window));
    const std::string_view bytes = std::string_view(window).substr(0, n);
    for (size_t at = 0; at + kFrameHeaderBytes <= bytes.size(); ++at) {
      Frame frame;
      if (bytes[at] != static_cast<char>(kFrameMagic & 0xff) ||
          !ParseFrameHeader(bytes.substr(at, kFrameHeaderBytes), &frame)) {
        continue;
      }
      // Without a header the salt is unknown; then any frame that was not the first proves damage.
      const bool ours = file_offset_ == 0 || frame.salt == salt_;
      if (ours && frame.log_offset > log_offset_) {
        return absl::DataLossError(
            fmt::format("names: log file {} is damaged at byte {}", number_, file_offset_));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace oca::names
