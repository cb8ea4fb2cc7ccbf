// Bytes of a stream in one piece of memory, with room before them.
#ifndef OCA_FS_ENGINE_STREAM_BUFFER_H_
#define OCA_FS_ENGINE_STREAM_BUFFER_H_

#include <cstddef>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

namespace oca::engine {

// Not thread-safe. What was moved from is empty, without memory.
class StreamBuffer {
 public:
  // What goes before bytes that are there already is not larger than this as a rule: with the
  // largest chunks, one that is not complete.
  static constexpr size_t kHeadroom = 256 << 10;

  StreamBuffer() = default;
  // A copy, in memory of just that size.
  explicit StreamBuffer(std::string_view bytes);
  StreamBuffer(StreamBuffer&& other) noexcept { Swap(other); }
  StreamBuffer& operator=(StreamBuffer&& other) noexcept {
    StreamBuffer(std::move(other)).Swap(*this);
    return *this;
  }

  char* data() { return memory_.get() + begin_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // How many bytes it can hold behind kHeadroom without new memory.
  size_t capacity() const { return room_ > kHeadroom ? room_ - kHeadroom : 0; }
  // How many bytes can be put before these without moving them.
  size_t headroom() const { return begin_; }
  // NOLINTNEXTLINE(google-explicit-constructor): it goes wherever bytes of a string go.
  operator std::string_view() const { return {memory_.get() + begin_, size_}; }

  // Forgets the bytes and keeps the memory.
  void Clear();
  // Memory for as many bytes behind kHeadroom, where an empty buffer's bytes will begin: at a page.
  void Reserve(size_t capacity);
  // Bytes that are added without being set may be anything.
  void Resize(size_t size);
  void Append(std::string_view bytes);
  void AppendZeros(size_t count);
  void Prepend(std::string_view bytes);

 private:
  struct Free {
    Free() : alignment(std::align_val_t{__STDCPP_DEFAULT_NEW_ALIGNMENT__}) {}
    std::align_val_t alignment;
    void operator()(char* memory) const { ::operator delete(memory, alignment); }
  };

  void Swap(StreamBuffer& other) noexcept;
  // Memory of `room` bytes, with these bytes in it from `begin` on.
  void Move(size_t room, size_t begin);

  std::unique_ptr<char, Free> memory_;
  size_t room_ = 0;
  size_t begin_ = 0;
  size_t size_ = 0;
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_STREAM_BUFFER_H_
