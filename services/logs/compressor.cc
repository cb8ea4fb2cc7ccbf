#include "services/logs/compressor.h"

#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "lib/base/status.h"
#include "lib/io/file_system.h"
#include "lib/log/log.h"

namespace oca::logs {
namespace {

struct FreeCCtx {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

absl::Status Failed(const std::string& path) {
  return absl::ErrnoToStatus(errno, "log file " + path);
}

absl::Status WriteAll(int fd, const char* data, size_t size, const std::string& path) {
  while (size > 0) {
    const ssize_t n = write(fd, data, size);
    if (n < 0) return Failed(path);
    data += n;
    size -= static_cast<size_t>(n);
  }
  return absl::OkStatus();
}

// Everything that `in` holds, compressed, to `out`.
absl::Status Copy(int in, int out, const std::string& path) {
  const std::unique_ptr<ZSTD_CCtx, FreeCCtx> context(ZSTD_createCCtx());
  if (context == nullptr) return absl::ResourceExhaustedError("no memory for a zstd context");
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::vector<char> plain(ZSTD_CStreamInSize());
  std::vector<char> packed(ZSTD_CStreamOutSize());
  for (bool ended = false; !ended;) {
    const ssize_t n = read(in, plain.data(), plain.size());
    if (n < 0) return Failed(path);
    const ZSTD_EndDirective mode = n == 0 ? ZSTD_e_end : ZSTD_e_continue;
    ZSTD_inBuffer from{plain.data(), static_cast<size_t>(n), 0};
    for (size_t left = 1; left != 0;) {
      ZSTD_outBuffer to{packed.data(), packed.size(), 0};
      left = ZSTD_compressStream2(context.get(), &to, &from, mode);
      if (ZSTD_isError(left)) return absl::InternalError(ZSTD_getErrorName(left));
      OCA_RETURN_IF_ERROR(WriteAll(out, packed.data(), to.pos, path));
      if (mode == ZSTD_e_continue && from.pos == from.size) break;
    }
    ended = n == 0;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CompressFile(const std::string& path) {
  const std::string final_path = path + ".zst";
  const std::string part = final_path + ".part";
  const int in = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (in < 0) return Failed(path);
  absl::Cleanup close_in = [in] { close(in); };
  const int out = open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (out < 0) return Failed(part);
  absl::Status status = Copy(in, out, part);
  if (status.ok() && fsync(out) != 0) status = Failed(part);
  close(out);
  if (status.ok()) status = io::PosixFileSystem().Rename(part, final_path);
  if (!status.ok()) {
    unlink(part.c_str());
    return status;
  }
  if (unlink(path.c_str()) != 0) return Failed(path);
  return absl::OkStatus();
}

Compressor::Compressor() : thread_([this] { Loop(); }) {}

Compressor::~Compressor() {
  {
    absl::MutexLock lock(&mu_);
    stop_ = true;
  }
  thread_.join();
}

void Compressor::Add(std::string path) {
  absl::MutexLock lock(&mu_);
  paths_.push_back(std::move(path));
}

void Compressor::Loop() {
  while (true) {
    std::string path;
    {
      auto wanted = [this]()
                        ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return stop_ || !paths_.empty(); };
      absl::MutexLock lock(&mu_, absl::Condition(&wanted));
      if (stop_) return;
      path = std::move(paths_.front());
      paths_.pop_front();
    }
    absl::Status status = CompressFile(path);
    // It is rotated away by its age all the same.
    if (!status.ok()) log::Warning("log_not_compressed", "error", MessageOf(status));
  }
}

}  // namespace oca::logs
