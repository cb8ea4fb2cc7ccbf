#include "fs/fuse/receive.h"

#include <linux/fuse.h>
#include <sys/uio.h>

#include <cstring>

#include "fs/fuse/context.h"
#include "lib/base/status.h"

namespace oca::fuse {
namespace {

constexpr size_t kWriteHeaderBytes = sizeof(fuse_in_header) + sizeof(fuse_write_in);
// Smaller ones are copied to where libfuse expects them: less than what keeping a large memory for
// them would cost.
constexpr size_t kLargeWriteBytes = 256 << 10;
// More memory comes from a file whose writes were small, and is given back.
constexpr size_t kMaxKeptBytes = 2 * kMaxTransferBytes;

struct Received {
  engine::StreamBuffer bytes;
  bool apart = false;
};

thread_local Received received;

bool IsLargeWrite(const char* request, size_t bytes) {
  fuse_in_header header;
  fuse_write_in write;
  std::memcpy(&header, request, sizeof header);
  if (header.opcode != FUSE_WRITE || bytes < kLargeWriteBytes) return false;
  std::memcpy(&write, request + sizeof header, sizeof write);
  return write.size == bytes;
}

// In the place of read(2); at most `size` bytes.
ssize_t ReadRequest(int fd, void* request, size_t size, void*) {
  engine::StreamBuffer& bytes = received.bytes;
  received.apart = false;
  bytes.Clear();
  if (bytes.capacity() > kMaxKeptBytes) bytes = engine::StreamBuffer();
  const size_t room = size - kWriteHeaderBytes;
  bytes.Reserve(room);
  const iovec parts[] = {{request, kWriteHeaderBytes}, {bytes.data(), room}};
  const ssize_t read = readv(fd, parts, 2);
  if (read <= static_cast<ssize_t>(kWriteHeaderBytes)) return read;
  bytes.Resize(static_cast<size_t>(read) - kWriteHeaderBytes);
  received.apart = IsLargeWrite(static_cast<const char*>(request), bytes.size());
  if (!received.apart) {
    std::memcpy(static_cast<char*>(request) + kWriteHeaderBytes, bytes.data(), bytes.size());
  }
  return read;
}

ssize_t WriteAnswer(int fd, iovec* parts, int count, void*) { return writev(fd, parts, count); }

}  // namespace

absl::Status ReceiveWritesApart(fuse_session* session) {
  constexpr fuse_custom_io kIo = {.writev = WriteAnswer,
                                  .read = ReadRequest,
                                  .splice_receive = nullptr,
                                  .splice_send = nullptr};
  const int result = fuse_session_custom_io(session, &kIo, fuse_session_fd(session));
  return result == 0 ? absl::OkStatus() : PosixError(-result, "fuse_session_custom_io");
}

engine::StreamBuffer* ReceivedApart() { return received.apart ? &received.bytes : nullptr; }

}  // namespace oca::fuse
