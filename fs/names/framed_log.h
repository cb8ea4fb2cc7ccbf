// A log file whose torn tail can be told from its sound part, byte for byte: what RocksDB appends
// between two syncs becomes one frame with a checksum, and a frame is durable before the next one
// is written. So after a power cut the sound frames are exactly a prefix of what was appended,
// whatever sectors of the last frame made it to the disk; and a broken frame with a sound one after
// it can only be damage. Byte map in docs/format/names.md.
#ifndef OCA_FS_NAMES_FRAMED_LOG_H_
#define OCA_FS_NAMES_FRAMED_LOG_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "lib/io/file_system.h"

namespace oca::names {

inline constexpr size_t kLogHeaderBytes = 32;
inline constexpr size_t kFrameHeaderBytes = 32;
inline constexpr size_t kMaxFramePayloadBytes = 64u << 20;

// Thread-safe.
class FramedLogWriter {
 public:
  // The first Sync that has something to write makes the file. `number` is the file's, `salt` tells
  // this file's frames from bytes that only look like them.
  FramedLogWriter(io::FileSystem* fs, std::string path, uint64_t number, uint64_t salt);

  // Keeps `data` in memory. Never fails.
  void Append(std::string_view data);
  // Writes all that was appended before the call and makes it durable, the file's name too.
  // `before_write` is called when it is settled which bytes come next, before they are written; its
  // error stops the write. After an error nothing is lost: the next call repeats it.
  absl::Status Sync(const std::function<absl::Status()>& before_write);
  // Bytes appended so far.
  uint64_t appended_bytes() const;
  uint64_t unsynced_bytes() const;

 private:
  void TakePending() ABSL_EXCLUSIVE_LOCKS_REQUIRED(sync_mu_) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status WriteFrame() ABSL_EXCLUSIVE_LOCKS_REQUIRED(sync_mu_);

  io::FileSystem* const fs_;
  const std::string path_;
  const uint64_t number_;
  const uint64_t salt_;

  mutable absl::Mutex mu_;
  std::string pending_ ABSL_GUARDED_BY(mu_);  // empty, or room for a frame header and payload
  uint64_t appended_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t synced_bytes_ ABSL_GUARDED_BY(mu_) = 0;

  absl::Mutex sync_mu_ ABSL_ACQUIRED_BEFORE(mu_);
  std::string frame_ ABSL_GUARDED_BY(sync_mu_);  // being written; like pending_
  std::unique_ptr<io::File> file_ ABSL_GUARDED_BY(sync_mu_);
  bool name_synced_ ABSL_GUARDED_BY(sync_mu_) = false;
  uint64_t file_end_ ABSL_GUARDED_BY(sync_mu_) = 0;
  uint64_t framed_bytes_ ABSL_GUARDED_BY(sync_mu_) = 0;  // payload in frames before frame_
};

// Reads the sound frames of a log from its start. Not thread-safe.
class FramedLogReader {
 public:
  // `number` must be the file's.
  FramedLogReader(std::unique_ptr<io::File> file, uint64_t number);

  // The next bytes of the log, fewer than out.size() only at its end. kDataLoss when a frame is
  // damaged.
  absl::StatusOr<size_t> Read(std::span<char> out);
  // Bytes from here to the log's end; moves to the end.
  absl::StatusOr<uint64_t> SkipToEnd();

 private:
  absl::Status ReadHeader();
  // Loads the next frame; leaves payload_ empty at the end.
  absl::Status NextFrame();
  // The log ends at file_offset_: fails when sound frames follow.
  absl::Status CheckTail();

  const std::unique_ptr<io::File> file_;
  const uint64_t number_;
  bool started_ = false;
  bool ended_ = false;
  uint64_t file_size_ = 0;
  uint64_t file_offset_ = 0;
  uint64_t log_offset_ = 0;  // of the next frame
  uint64_t salt_ = 0;
  std::string payload_;
  size_t payload_used_ = 0;
};

}  // namespace oca::names

#endif  // OCA_FS_NAMES_FRAMED_LOG_H_
