// The bytes of test vectors.
#ifndef OCA_T_UNIT_LIB_CRYPTO_HEX_H_
#define OCA_T_UNIT_LIB_CRYPTO_HEX_H_

#include <string>
#include <string_view>

#include "absl/strings/escaping.h"

namespace oca::crypto {

inline std::string Hex(std::string_view digits) {
  return absl::HexStringToBytes(std::string(digits));
}

}  // namespace oca::crypto

#endif  // OCA_T_UNIT_LIB_CRYPTO_HEX_H_
