#include "lib/crypto/password.h"

#include <sodium.h>

#include <array>

#include "lib/base/status.h"

namespace oca::crypto {
namespace {

// 32 characters, so that each stands for 5 bits.
constexpr std::string_view kAlphabet = "abcdefghijkmnpqrstuvwxyz23456789";
static_assert(kAlphabet.size() == 32);
constexpr size_t kGeneratedBytes = 16;

// May be called again and by several threads; only the first call does anything.
bool SodiumWorks() { return sodium_init() >= 0; }

}  // namespace

absl::StatusOr<std::string> HashPassword(std::string_view password) {
  if (!SodiumWorks()) return absl::InternalError("libsodium cannot be used");
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  if (crypto_pwhash_str_alg(hash.data(), password.data(), password.size(),
                            crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return absl::ResourceExhaustedError("no memory to hash the password");
  }
  return std::string(hash.data());
}

bool PasswordMatches(std::string_view password, const std::string& hash) {
  return SodiumWorks() && hash.size() < crypto_pwhash_STRBYTES &&
         crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

absl::StatusOr<Secret> GeneratePassword() {
  OCA_ASSIGN_OR_RETURN(Secret random, RandomSecret(kGeneratedBytes));
  std::string text;
  text.reserve(kGeneratedBytes);
  for (char byte : random.view()) {
    text += kAlphabet[static_cast<unsigned char>(byte) % kAlphabet.size()];
  }
  Secret password(text);
  Wipe(text.data(), text.size());
  return password;
}

}  // namespace oca::crypto
