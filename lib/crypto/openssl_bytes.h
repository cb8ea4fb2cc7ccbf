// Bytes as OpenSSL takes and gives them. Private to lib/crypto.
#ifndef OCA_LIB_CRYPTO_OPENSSL_BYTES_H_
#define OCA_LIB_CRYPTO_OPENSSL_BYTES_H_

#include <string_view>

namespace oca::crypto {

inline const unsigned char* InBytes(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* OutBytes(char* bytes) { return reinterpret_cast<unsigned char*>(bytes); }

}  // namespace oca::crypto

#endif  // OCA_LIB_CRYPTO_OPENSSL_BYTES_H_
