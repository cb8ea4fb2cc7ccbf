// Compresses rotated files on a thread of its own.
#ifndef OCA_SERVICES_LOGS_COMPRESSOR_H_
#define OCA_SERVICES_LOGS_COMPRESSOR_H_

#include <deque>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace oca::logs {

// Writes <path>.zst and removes `path`; a crash leaves one of them whole. The error of the disk,
// with the original in place, when that fails.
absl::Status CompressFile(const std::string& path);

// Thread-safe.
class Compressor {
 public:
  Compressor();
  // Ends after the file in hand; the others are found at the next start.
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  void Add(std::string path) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Loop() ABSL_LOCKS_EXCLUDED(mu_);

  absl::Mutex mu_;
  std::deque<std::string> paths_ ABSL_GUARDED_BY(mu_);
  bool stop_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace oca::logs

#endif  // OCA_SERVICES_LOGS_COMPRESSOR_H_
