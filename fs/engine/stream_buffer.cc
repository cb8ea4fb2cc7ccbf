#include "fs/engine/stream_buffer.h"

#include <algorithm>
#include <cstring>

namespace oca::engine {
namespace {

constexpr size_t kPageBytes = 4096;
static_assert(StreamBuffer::kHeadroom % kPageBytes == 0);

}  // namespace

StreamBuffer::StreamBuffer(std::string_view bytes) {
  if (bytes.empty()) return;
  Move(bytes.size(), 0);
  Append(bytes);
}

void StreamBuffer::Swap(StreamBuffer& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(room_, other.room_);
  std::swap(begin_, other.begin_);
  std::swap(size_, other.size_);
}

void StreamBuffer::Move(size_t room, size_t begin) {
  Free free;
  if (room > kHeadroom) free.alignment = std::align_val_t{kPageBytes};
  std::unique_ptr<char, Free> memory(static_cast<char*>(::operator new(room, free.alignment)),
                                     free);
  if (size_ > 0) std::memcpy(memory.get() + begin, data(), size_);
  memory_ = std::move(memory);
  room_ = room;
  begin_ = begin;
}

void StreamBuffer::Clear() {
  size_ = 0;
  begin_ = room_ > kHeadroom ? kHeadroom : 0;
}

void StreamBuffer::Reserve(size_t capacity) {
  if (this->capacity() >= capacity) return;
  Move(kHeadroom + std::max(capacity, size_), kHeadroom);
}

void StreamBuffer::Resize(size_t size) {
  if (begin_ + size > room_) Move(begin_ + std::max(size, 2 * size_), begin_);
  size_ = size;
}

void StreamBuffer::Append(std::string_view bytes) {
  if (bytes.empty()) return;
  const size_t at = size_;
  Resize(size_ + bytes.size());
  std::memcpy(data() + at, bytes.data(), bytes.size());
}

void StreamBuffer::AppendZeros(size_t count) {
  const size_t at = size_;
  Resize(size_ + count);
  if (count > 0) std::memset(data() + at, 0, count);
}

void StreamBuffer::Prepend(std::string_view bytes) {
  if (bytes.empty()) return;
  if (bytes.size() > begin_) Move(bytes.size() + size_, bytes.size());
  begin_ -= bytes.size();
  size_ += bytes.size();
  std::memcpy(data(), bytes.data(), bytes.size());
}

}  // namespace oca::engine
