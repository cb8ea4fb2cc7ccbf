#include "fs/chunk/sha256.h"

#include <openssl/evp.h>

#include <cassert>
#include <cstdlib>

#include "fs/chunk/sha256_avx512.h"
#include "fs/chunk/sha256_lanes.h"
#include "fs/chunk/sha256_ni.h"

namespace oca::chunk {
namespace {

// One digest context per thread: fetching SHA-256 for each chunk would cost more than hashing a
// small one.
class Digest {
 public:
  Digest() : method_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
    if (method_ == nullptr || context_ == nullptr)
      std::abort();  // out of memory, or an OpenSSL without SHA-256
  }
  ~Digest() {
    EVP_MD_CTX_free(context_);
    EVP_MD_free(method_);
  }
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  Fingerprint Of(std::string_view bytes) {
    Fingerprint out;
    unsigned size = 0;
    if (EVP_DigestInit_ex2(context_, method_, nullptr) != 1 ||
        EVP_DigestUpdate(context_, bytes.data(), bytes.size()) != 1 ||
        EVP_DigestFinal_ex(context_, out.bytes.data(), &size) != 1 || size != out.bytes.size()) {
      std::abort();  // cannot fail for SHA-256 in memory; a wrong fingerprint would lose data
    }
    return out;
  }

 private:
  EVP_MD* method_;
  EVP_MD_CTX* context_;
};

// Without SHA-NI: fewer are quicker one after the other.
constexpr size_t kFewestForAvx512 = 4;

const internal::Sha256Kernels& Kernels() {
  static const internal::Sha256Kernels kernels = {.sha_ni = internal::HasShaNi(),
                                                  .avx512 = internal::PrefersAvx512()};
  return kernels;
}

}  // namespace

Fingerprint Sha256Reference(std::string_view chunk) {
  thread_local Digest digest;
  return digest.Of(chunk);
}

void Sha256Many(std::span<const std::string_view> chunks, std::span<Fingerprint> out) {
  assert(chunks.size() == out.size());
  const internal::Sha256Kernels& kernels = Kernels();
  if (kernels.sha_ni || (kernels.avx512 && chunks.size() >= kFewestForAvx512)) {
    internal::Sha256InLanes(kernels, chunks, out);
    return;
  }
  for (size_t i = 0; i < chunks.size(); ++i) out[i] = Sha256Reference(chunks[i]);
}

Fingerprint Sha256(std::string_view chunk) {
  Fingerprint out;
  Sha256Many({&chunk, 1}, {&out, 1});
  return out;
}

}  // namespace oca::chunk
