// Fingerprints: SHA-256, several chunks at once.
#ifndef OCA_FS_CHUNK_SHA256_H_
#define OCA_FS_CHUNK_SHA256_H_

#include <span>
#include <string_view>

#include "lib/base/ids.h"

namespace oca::chunk {

// SHA-256 of each of `chunks` into the same place of `out` (equal sizes). Several chunks go through
// SHA-NI or AVX-512 at once where the CPU has them; OpenSSL elsewhere. Thread-safe.
void Sha256Many(std::span<const std::string_view> chunks, std::span<Fingerprint> out);

// One chunk.
Fingerprint Sha256(std::string_view chunk);

// OpenSSL's code on every CPU: the reference for tests and benchmarks.
Fingerprint Sha256Reference(std::string_view chunk);

}  // namespace oca::chunk

#endif  // OCA_FS_CHUNK_SHA256_H_
