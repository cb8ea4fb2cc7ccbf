// XDR (RFC 4506) as NDMP uses it. One description of a message's fields serves both directions: it
// is called with an XdrWriter to encode, with an XdrReader to decode. Pure.
#ifndef OCA_GATEWAYS_NDMP_WIRE_XDR_H_
#define OCA_GATEWAYS_NDMP_WIRE_XDR_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "gateways/ndmp/wire/enums.h"

namespace oca::ndmp {

// Appends fields. Small integers and enums take four bytes, as in XDR; a 64-bit integer has its
// high word first.
class XdrWriter {
 public:
  explicit XdrWriter(int version) : version_(version) {}

  int version() const { return version_; }
  static constexpr bool kDecodes = false;

  template <typename... Fields>
  void operator()(const Fields&... fields) {
    (Put(fields), ...);
  }
  void Put(uint32_t value);
  void Put(uint16_t value) { Put(static_cast<uint32_t>(value)); }
  void Put(uint64_t value);
  void Put(const std::string& bytes);
  // What an older version does not know becomes the nearest that it does.
  void Put(Error error) { Put(static_cast<uint32_t>(ForVersion(error, version_))); }
  template <size_t N>
  void Put(const std::array<char, N>& bytes) {
    PutPadded({bytes.data(), N});
  }
  template <typename T>
  void Put(const std::vector<T>& items) {
    Put(static_cast<uint32_t>(items.size()));
    for (const T& item : items) Put(item);
  }
  template <typename T>
  void Put(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      Put(static_cast<uint32_t>(value));
    } else {
      T::Fields(*this, value);
    }
  }
  std::string Take() { return std::move(out_); }

 private:
  void PutPadded(std::string_view bytes);

  const int version_;
  std::string out_;
};

// Takes fields from bytes that nobody vouches for. After the first failure every field is zero or
// empty; ask ok() once at the end. The bytes must outlive it.
class XdrReader {
 public:
  XdrReader(std::string_view bytes, int version) : rest_(bytes), version_(version) {}

  int version() const { return version_; }
  static constexpr bool kDecodes = true;
  bool ok() const { return ok_; }
  size_t remaining() const { return rest_.size(); }
  void Fail();

  template <typename... Fields>
  void operator()(Fields&... fields) {
    (Get(fields), ...);
  }
  void Get(uint32_t& value);
  void Get(uint16_t& value);
  void Get(uint64_t& value);
  void Get(std::string& bytes);
  template <size_t N>
  void Get(std::array<char, N>& bytes) {
    std::string_view raw = TakePadded(N);
    if (ok_) raw.copy(bytes.data(), N);
  }
  template <typename T>
  void Get(std::vector<T>& items) {
    uint32_t count = 0;
    Get(count);
    // Each item takes four bytes at least.
    if (count > rest_.size() / 4) Fail();
    items.clear();
    for (uint32_t i = 0; ok_ && i < count; ++i) {
      T item{};
      Get(item);
      if (ok_) items.push_back(std::move(item));
    }
  }
  template <typename T>
  void Get(T& value) {
    if constexpr (std::is_enum_v<T>) {
      uint32_t number = 0;
      Get(number);
      value = static_cast<T>(number);
    } else {
      T::Fields(*this, value);
    }
  }

 private:
  std::string_view TakePadded(size_t n);

  std::string_view rest_;
  const int version_;
  bool ok_ = true;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_WIRE_XDR_H_
