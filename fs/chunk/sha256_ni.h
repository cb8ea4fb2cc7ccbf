// SHA-256 of several chunks by interleaved SHA-NI lanes. Internal to fs/chunk.
#ifndef OCA_FS_CHUNK_SHA256_NI_H_
#define OCA_FS_CHUNK_SHA256_NI_H_

#include <span>
#include <string_view>

#include "lib/base/ids.h"

namespace oca::chunk::internal {

// True when this CPU has SHA-NI and what else Sha256ManyNi needs.
bool HasShaNi();

// As Sha256Many; only where HasShaNi().
void Sha256ManyNi(std::span<const std::string_view> chunks, std::span<Fingerprint> out);

}  // namespace oca::chunk::internal

#endif  // OCA_FS_CHUNK_SHA256_NI_H_
