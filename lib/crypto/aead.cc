#include "lib/crypto/aead.h"

#include <openssl/evp.h>

#include <cstdint>
#include <memory>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/crypto/openssl_bytes.h"
#include "lib/crypto/openssl_error.h"

namespace oca::crypto {
namespace {

constexpr size_t kBlockBytes = 16;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

// One for each thread: making a context costs more than encrypting a small unit.
EVP_CIPHER_CTX* ThreadContext() {
  thread_local std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context(EVP_CIPHER_CTX_new());
  return context.get();
}

// Forgets the key that the thread's context holds.
class ContextUser {
 public:
  ContextUser() : context_(ThreadContext()) {}
  ~ContextUser() {
    if (context_ != nullptr) EVP_CIPHER_CTX_reset(context_);
  }
  ContextUser(const ContextUser&) = delete;
  ContextUser& operator=(const ContextUser&) = delete;
  EVP_CIPHER_CTX* get() const { return context_; }

 private:
  EVP_CIPHER_CTX* const context_;
};

// Fetched once, for the life of the process.
const EVP_CIPHER* Gcm() {
  static EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return cipher;
}
const EVP_CIPHER* Ecb() {
  static EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-ECB", nullptr);
  return cipher;
}

absl::Status CheckSizes(std::string_view key, std::string_view nonce, size_t nonce_bytes) {
  if (key.size() == kKeyBytes && nonce.size() == nonce_bytes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("a key of {} and a nonce of {} bytes; {} and {} are needed", key.size(),
                  nonce.size(), kKeyBytes, nonce_bytes));
}

// AES-256 of whole blocks, in place.
absl::Status EncryptBlocks(std::string_view key, std::string* blocks) {
  ContextUser context;
  int n = 0;
  if (context.get() == nullptr ||
      EVP_EncryptInit_ex2(context.get(), Ecb(), InBytes(key), nullptr, nullptr) != 1 ||
      EVP_CIPHER_CTX_set_padding(context.get(), 0) != 1 ||
      EVP_EncryptUpdate(context.get(), OutBytes(blocks->data()), &n, InBytes(*blocks),
                        static_cast<int>(blocks->size())) != 1) {
    return OpenSslError("AES-256");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SealGcm(std::string_view key, std::string_view nonce, std::string_view associated,
                     std::string_view plain, std::string* out) {
  OCA_RETURN_IF_ERROR(CheckSizes(key, nonce, kGcmNonceBytes));
  ContextUser context;
  const size_t begin = out->size();
  out->resize(begin + plain.size() + kTagBytes);
  char* body = out->data() + begin;
  int n = 0;
  bool done =
      context.get() != nullptr &&
      EVP_EncryptInit_ex2(context.get(), Gcm(), InBytes(key), InBytes(nonce), nullptr) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &n, InBytes(associated),
                        static_cast<int>(associated.size())) == 1 &&
      EVP_EncryptUpdate(context.get(), OutBytes(body), &n, InBytes(plain),
                        static_cast<int>(plain.size())) == 1 &&
      EVP_EncryptFinal_ex(context.get(), OutBytes(body) + plain.size(), &n) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes, body + plain.size()) ==
          1;
  if (done) return absl::OkStatus();
  out->resize(begin);
  return OpenSslError("AES-256-GCM encryption");
}

absl::StatusOr<std::string> OpenGcm(std::string_view key, std::string_view nonce,
                                    std::string_view associated, std::string_view sealed) {
  OCA_RETURN_IF_ERROR(CheckSizes(key, nonce, kGcmNonceBytes));
  if (sealed.size() < kTagBytes) return absl::DataLossError("encrypted bytes are cut off");
  std::string_view body = sealed.substr(0, sealed.size() - kTagBytes);
  std::string tag(sealed.substr(body.size()));
  std::string plain(body.size(), '\0');
  ContextUser context;
  int n = 0;
  bool ready =
      context.get() != nullptr &&
      EVP_DecryptInit_ex2(context.get(), Gcm(), InBytes(key), InBytes(nonce), nullptr) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &n, InBytes(associated),
                        static_cast<int>(associated.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), OutBytes(plain.data()), &n, InBytes(body),
                        static_cast<int>(body.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) == 1;
  if (!ready) return OpenSslError("AES-256-GCM decryption");
  if (EVP_DecryptFinal_ex(context.get(), OutBytes(plain.data()) + plain.size(), &n) == 1) {
    return plain;
  }
  Wipe(plain.data(), plain.size());
  return absl::DataLossError("the authentication tag of encrypted bytes is wrong");
}

absl::StatusOr<Xaes> Xaes::Create(std::string_view key) {
  if (key.size() != kKeyBytes) {
    return absl::InvalidArgumentError(fmt::format("a key of {} bytes", key.size()));
  }
  // Subkey K1 of CMAC (NIST SP 800-38B): the encrypted zero block, doubled in GF(2^128).
  std::string block(kBlockBytes, '\0');
  OCA_RETURN_IF_ERROR(EncryptBlocks(key, &block));
  uint8_t carry = 0;
  for (size_t i = kBlockBytes; i-- > 0;) {
    auto byte = static_cast<uint8_t>(block[i]);
    block[i] = static_cast<char>(byte << 1 | carry);
    carry = byte >> 7;
  }
  block[kBlockBytes - 1] = static_cast<char>(block[kBlockBytes - 1] ^ (carry * 0x87));
  Xaes out{Secret(key), Secret(block)};
  Wipe(block.data(), block.size());
  return out;
}

// NIST SP 800-108r1 key derivation in counter mode with CMAC, label "X", context the first half of
// the nonce: each of the two messages is one whole block.
absl::StatusOr<Secret> Xaes::KeyFor(std::string_view nonce) const {
  std::string blocks;
  for (char counter : {'\1', '\2'}) {
    blocks += '\0';
    blocks += counter;
    blocks += 'X';
    blocks += '\0';
    blocks += nonce.substr(0, kGcmNonceBytes);
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    blocks[i] = static_cast<char>(blocks[i] ^ subkey_.view()[i % kBlockBytes]);
  }
  OCA_RETURN_IF_ERROR(EncryptBlocks(key_.view(), &blocks));
  Secret derived(blocks);
  Wipe(blocks.data(), blocks.size());
  return derived;
}

absl::Status Xaes::Seal(std::string_view nonce, std::string_view associated, std::string_view plain,
                        std::string* out) const {
  OCA_RETURN_IF_ERROR(CheckSizes(key_.view(), nonce, kNonceBytes));
  OCA_ASSIGN_OR_RETURN(Secret derived, KeyFor(nonce));
  return SealGcm(derived.view(), nonce.substr(kGcmNonceBytes), associated, plain, out);
}

absl::StatusOr<std::string> Xaes::Open(std::string_view nonce, std::string_view associated,
                                       std::string_view sealed) const {
  OCA_RETURN_IF_ERROR(CheckSizes(key_.view(), nonce, kNonceBytes));
  OCA_ASSIGN_OR_RETURN(Secret derived, KeyFor(nonce));
  return OpenGcm(derived.view(), nonce.substr(kGcmNonceBytes), associated, sealed);
}

}  // namespace oca::crypto
