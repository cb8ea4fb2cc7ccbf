// Integers in bytes: little-endian in our files. Decoding is bounds-checked.
#ifndef OCA_LIB_VTAPE_BYTES_H_
#define OCA_LIB_VTAPE_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace oca::vtape {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "Oca runs on little-endian machines");

template <typename Int>
void PutLe(std::string* out, Int value) {
  out->append(reinterpret_cast<const char*>(&value), sizeof value);
}
// A 16-bit length, then the bytes; longer than 65,535 is the caller's mistake.
inline void PutShort(std::string* out, std::string_view bytes) {
  PutLe(out, static_cast<uint16_t>(bytes.size()));
  out->append(bytes);
}

// Reads fields from borrowed bytes. After the first failure every further read gives zero or
// nothing; check ok() at the end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <typename Int>
  Int Le() {
    Int value{};
    std::string_view raw = Take(sizeof value);
    if (raw.size() == sizeof value) std::memcpy(&value, raw.data(), sizeof value);
    return value;
  }
  std::string_view Take(size_t n) {
    if (!ok_ || n > rest_.size()) {
      ok_ = false;
      return {};
    }
    std::string_view out = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return out;
  }
  std::string_view Short() { return Take(Le<uint16_t>()); }

  bool ok() const { return ok_; }
  bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace oca::vtape

#endif  // OCA_LIB_VTAPE_BYTES_H_
