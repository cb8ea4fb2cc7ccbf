// SHA-256 of many chunks by kernels that take several at once: a lane is one chunk on its way.
// Internal to fs/chunk.
#ifndef OCA_FS_CHUNK_SHA256_LANES_H_
#define OCA_FS_CHUNK_SHA256_LANES_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "lib/base/ids.h"

namespace oca::chunk::internal {

constexpr size_t kSha256Block = 64;

// Its whole blocks are read in place, its last one or two from `tail`.
struct Sha256Lane {
  uint32_t words[8];              // the hash value, H0 to H7 of FIPS 180-4
  const uint8_t* next = nullptr;  // first byte not hashed yet
  size_t blocks = 0;              // whole blocks at `next`
  size_t index = 0;               // of the chunk in the batch
  size_t tail_blocks = 0;         // still to come from `tail`; 0 once `next` points into it
  uint8_t tail[2 * kSha256Block];
};

// Which kernels may be used. The caller answers for the CPU having them.
struct Sha256Kernels {
  bool sha_ni = false;
  bool avx512 = false;
};

// As Sha256Many. At least one kernel; lanes are kept full across chunks of different lengths.
void Sha256InLanes(const Sha256Kernels& kernels, std::span<const std::string_view> chunks,
                   std::span<Fingerprint> out);

// FIPS 180-4, 4.2.2.
alignas(64) inline constexpr uint32_t kSha256Constants[64] = {
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2};

}  // namespace oca::chunk::internal

#endif  // OCA_FS_CHUNK_SHA256_LANES_H_
