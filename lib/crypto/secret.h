// Bytes that must not outlive their use: keys and passphrases.
#ifndef OCA_LIB_CRYPTO_SECRET_H_
#define OCA_LIB_CRYPTO_SECRET_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace oca::crypto {

// Overwrites `n` bytes at `p`; the compiler does not take it away.
void Wipe(void* p, size_t n);

// Owns bytes and overwrites them when it lets go of them. Never printed, never logged.
class Secret {
 public:
  Secret() = default;
  // Copies; the caller wipes what it copied from.
  explicit Secret(std::string_view bytes) : bytes_(bytes) {}
  Secret(const Secret& other) = default;
  Secret(Secret&& other) noexcept : Secret() { Swap(other); }
  Secret& operator=(Secret other) noexcept {
    Swap(other);
    return *this;
  }
  ~Secret() { Wipe(bytes_.data(), bytes_.size()); }

  std::string_view view() const { return bytes_; }
  size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

 private:
  // A moved-from std::string may keep a short string's bytes; a swapped one is wiped later.
  void Swap(Secret& other) noexcept { bytes_.swap(other.bytes_); }

  std::string bytes_;
};

// `n` bytes of the operating system's generator; kInternal when it has none to give.
absl::StatusOr<Secret> RandomSecret(size_t n);
// The same for what is no secret: salts, nonces.
absl::StatusOr<std::string> RandomBytes(size_t n);

// True when both are equal; takes the same time wherever they differ.
bool EqualInConstantTime(std::string_view a, std::string_view b);

}  // namespace oca::crypto

#endif  // OCA_LIB_CRYPTO_SECRET_H_
