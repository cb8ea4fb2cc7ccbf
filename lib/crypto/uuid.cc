#include "lib/crypto/uuid.h"

#include "absl/strings/escaping.h"
#include "lib/base/status.h"
#include "lib/crypto/secret.h"

namespace oca::crypto {
namespace {

constexpr size_t kDashes[] = {8, 13, 18, 23};
constexpr size_t kTextBytes = 36;

bool IsDash(size_t at) {
  for (size_t dash : kDashes) {
    if (at == dash) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::string> RandomUuid() {
  OCA_ASSIGN_OR_RETURN(std::string bytes, RandomBytes(16));
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  std::string hex = absl::BytesToHexString(bytes);
  for (size_t at : kDashes) hex.insert(at, 1, '-');
  return hex;
}

bool IsUuid(std::string_view text) {
  if (text.size() != kTextBytes) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (IsDash(i) ? c != '-' : !hex) return false;
  }
  return true;
}

}  // namespace oca::crypto
