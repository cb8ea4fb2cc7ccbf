// Memory for bytes that are all written before they are read: it is not cleared first, as a
// string's is.
#ifndef OCA_LIB_BASE_BUFFER_H_
#define OCA_LIB_BASE_BUFFER_H_

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace oca {

class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(size_t size) : data_(new char[size]), size_(size) {}
  // A copy.
  explicit Buffer(std::string_view bytes) : Buffer(bytes.size()) {
    if (!bytes.empty()) std::memcpy(data_.get(), bytes.data(), bytes.size());
  }

  char* data() { return data_.get(); }
  const char* data() const { return data_.get(); }
  size_t size() const { return size_; }
  // NOLINTNEXTLINE(google-explicit-constructor): it goes wherever bytes of a string go.
  operator std::string_view() const { return {data_.get(), size_}; }

 private:
  std::unique_ptr<char[]> data_;
  size_t size_ = 0;
};

}  // namespace oca

#endif  // OCA_LIB_BASE_BUFFER_H_
