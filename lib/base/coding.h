// Encoding of integers in bytes: little-endian on disk, big-endian in ordered keys, LEB128 varints.
// All decoding is bounds-checked: bytes that come from a disk or a peer are never trusted.
#ifndef OCA_LIB_BASE_CODING_H_
#define OCA_LIB_BASE_CODING_H_

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "lib/base/ids.h"

namespace oca {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "Oca runs on little-endian machines");

template <typename Int>
void PutLe(std::string* out, Int value) {
  out->append(reinterpret_cast<const char*>(&value), sizeof value);
}
template <typename Int>
Int GetLe(const char* p) {
  Int value;
  std::memcpy(&value, p, sizeof value);
  return value;
}
template <typename Int>
void StoreLe(char* p, Int value) {
  std::memcpy(p, &value, sizeof value);
}

// Big-endian: memcmp order is numeric order.
void PutBe32(std::string* out, uint32_t value);
void PutBe64(std::string* out, uint64_t value);

// LEB128, at most 10 bytes.
void PutVarint(std::string* out, uint64_t value);
// A varint length, then the bytes.
void PutLengthPrefixed(std::string* out, std::string_view bytes);

// Reads fields from borrowed bytes. After the first failure every further read fails; check ok()
// once at the end. Not thread-safe; `bytes` must outlive it.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <typename Int>
  Int Le() {
    std::string_view raw = Take(sizeof(Int));
    return raw.size() == sizeof(Int) ? GetLe<Int>(raw.data()) : Int{0};
  }
  uint32_t Be32();
  uint64_t Be64();
  uint64_t Varint();
  std::string_view LengthPrefixed();
  Fingerprint Fp();
  // The next n bytes, or an empty view and !ok() when fewer are left.
  std::string_view Take(size_t n);

  bool ok() const { return ok_; }
  bool empty() const { return rest_.empty(); }
  size_t remaining() const { return rest_.size(); }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace oca

#endif  // OCA_LIB_BASE_CODING_H_
