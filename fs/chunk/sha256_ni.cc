// One SHA-256 stream is bound by the latency of sha256rnds2: each pair of rounds needs the pair
// before. Up to four chunks are therefore hashed in one loop, their instructions interleaved, and a
// lane whose chunk ends takes the next one. Instruction sequence as in Gulley et al., "Intel SHA
// Extensions" (2013), and FIPS 180-4.
#include "fs/chunk/sha256_ni.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <vector>

// AVX for its three-operand forms of the other instructions: compilers spill less.
#define OCA_SHA_TARGET __attribute__((target("sha,avx")))

namespace oca::chunk::internal {
namespace {

constexpr size_t kBlock = 64;
constexpr int kLanes = 4;

alignas(64) constexpr uint32_t kRoundConstants[64] = {
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2};

// The eight words as sha256rnds2 wants them, from the lowest: F E B A, H G D C.
struct State {
  __m128i abef;
  __m128i cdgh;
};

// One chunk on its way: its whole blocks are read in place, its last one or two from `tail`.
struct Lane {
  State state;
  const uint8_t* next = nullptr;  // first byte not hashed yet
  size_t blocks = 0;              // whole blocks at `next`
  size_t index = 0;               // of the chunk in the batch
  size_t tail_blocks = 0;         // still to come from `tail`; 0 once `next` points into it
  alignas(16) uint8_t tail[2 * kBlock];
};

OCA_SHA_TARGET void Start(std::string_view chunk, size_t index, Lane* lane) {
  lane->state.abef = _mm_set_epi32(0x6A09E667, static_cast<int>(0xBB67AE85), 0x510E527F,
                                   static_cast<int>(0x9B05688C));
  lane->state.cdgh =
      _mm_set_epi32(0x3C6EF372, static_cast<int>(0xA54FF53A), 0x1F83D9AB, 0x5BE0CD19);
  lane->next = reinterpret_cast<const uint8_t*>(chunk.data());
  lane->blocks = chunk.size() / kBlock;
  lane->index = index;
  const size_t rest = chunk.size() % kBlock;
  lane->tail_blocks = rest + 9 > kBlock ? 2 : 1;
  std::memset(lane->tail, 0, sizeof lane->tail);
  if (rest != 0) std::memcpy(lane->tail, chunk.data() + chunk.size() - rest, rest);
  lane->tail[rest] = 0x80;
  const uint64_t bits = __builtin_bswap64(uint64_t{chunk.size()} * 8);
  std::memcpy(lane->tail + lane->tail_blocks * kBlock - sizeof bits, &bits, sizeof bits);
}

OCA_SHA_TARGET void Finish(const Lane& lane, Fingerprint* out) {
  alignas(16) uint32_t feba[4], hgdc[4];
  _mm_store_si128(reinterpret_cast<__m128i*>(feba), lane.state.abef);
  _mm_store_si128(reinterpret_cast<__m128i*>(hgdc), lane.state.cdgh);
  const uint32_t words[8] = {feba[3], feba[2], hgdc[3], hgdc[2],
                             feba[1], feba[0], hgdc[1], hgdc[0]};
  for (int i = 0; i < 8; ++i) {
    const uint32_t big_endian = __builtin_bswap32(words[i]);
    std::memcpy(out->bytes.data() + 4 * i, &big_endian, 4);
  }
}

// Hashes `blocks` blocks of each of lanes[0..N).
template <int N>
OCA_SHA_TARGET void Compress(Lane* const* lanes, size_t blocks) {
  const __m128i big_endian = _mm_set_epi64x(0x0C0D0E0F08090A0B, 0x0405060700010203);
  __m128i abef[N], cdgh[N];
  const uint8_t* next[N];
#pragma GCC unroll 4
  for (int l = 0; l < N; ++l) {
    abef[l] = lanes[l]->state.abef;
    cdgh[l] = lanes[l]->state.cdgh;
    next[l] = lanes[l]->next;
  }
  for (; blocks != 0; --blocks) {
    __m128i abef_before[N], cdgh_before[N];
    __m128i w[N][4];  // the last 16 words of the message schedule
#pragma GCC unroll 4
    for (int l = 0; l < N; ++l) {
      abef_before[l] = abef[l];
      cdgh_before[l] = cdgh[l];
    }
#pragma GCC unroll 16
    for (int step = 0; step < 16; ++step) {  // four rounds each
      const __m128i constants =
          _mm_load_si128(reinterpret_cast<const __m128i*>(kRoundConstants + 4 * step));
#pragma GCC unroll 4
      for (int l = 0; l < N; ++l) {
        __m128i& now = w[l][step & 3];
        if (step < 4) {
          now = _mm_shuffle_epi8(
              _mm_loadu_si128(reinterpret_cast<const __m128i*>(next[l] + 16 * step)), big_endian);
        } else {
          const __m128i last = w[l][(step + 3) & 3];
          now = _mm_add_epi32(_mm_sha256msg1_epu32(now, w[l][(step + 1) & 3]),
                              _mm_alignr_epi8(last, w[l][(step + 2) & 3], 4));
          now = _mm_sha256msg2_epu32(now, last);
        }
        __m128i sum = _mm_add_epi32(now, constants);
        cdgh[l] = _mm_sha256rnds2_epu32(cdgh[l], abef[l], sum);
        sum = _mm_shuffle_epi32(sum, 0x0E);
        abef[l] = _mm_sha256rnds2_epu32(abef[l], cdgh[l], sum);
      }
    }
#pragma GCC unroll 4
    for (int l = 0; l < N; ++l) {
      abef[l] = _mm_add_epi32(abef[l], abef_before[l]);
      cdgh[l] = _mm_add_epi32(cdgh[l], cdgh_before[l]);
      next[l] += kBlock;
    }
  }
#pragma GCC unroll 4
  for (int l = 0; l < N; ++l) {
    lanes[l]->state.abef = abef[l];
    lanes[l]->state.cdgh = cdgh[l];
  }
}

void CompressLanes(Lane* const* lanes, int count, size_t blocks) {
  switch (count) {
    case 1:
      return Compress<1>(lanes, blocks);
    case 2:
      return Compress<2>(lanes, blocks);
    case 3:
      return Compress<3>(lanes, blocks);
    default:
      return Compress<4>(lanes, blocks);
  }
}

// Moves the lane on by `blocks`; true when its chunk is done.
bool Advance(size_t blocks, Lane* lane) {
  lane->next += blocks * kBlock;
  lane->blocks -= blocks;
  if (lane->blocks == 0 && lane->tail_blocks != 0) {
    lane->next = lane->tail;
    lane->blocks = lane->tail_blocks;
    lane->tail_blocks = 0;
  }
  return lane->blocks == 0;
}

// Longest first: the lanes then run dry at about the same time.
std::vector<uint32_t> LongestFirst(std::span<const std::string_view> chunks) {
  std::vector<uint32_t> order(chunks.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return chunks[a].size() > chunks[b].size(); });
  return order;
}

}  // namespace

bool HasShaNi() {
  unsigned a, b, c, d;
  const bool sha = __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_SHA) != 0;
  return sha && __builtin_cpu_supports("avx");
}

void Sha256ManyNi(std::span<const std::string_view> chunks, std::span<Fingerprint> out) {
  const std::vector<uint32_t> order = LongestFirst(chunks);
  std::array<Lane, kLanes> storage;
  std::array<Lane*, kLanes> active;
  size_t queued = 0;
  int count = 0;
  const auto start_next = [&](Lane* lane) {
    const size_t index = order[queued++];
    Start(chunks[index], index, lane);
    Advance(0, lane);  // a chunk of less than a block begins with its tail
  };
  while (count < kLanes && queued < order.size()) {
    active[count] = &storage[count];
    start_next(active[count++]);
  }
  while (count > 0) {
    size_t blocks = active[0]->blocks;
    for (int l = 1; l < count; ++l) blocks = std::min(blocks, active[l]->blocks);
    CompressLanes(active.data(), count, blocks);
    for (int l = count - 1; l >= 0; --l) {
      if (!Advance(blocks, active[l])) continue;
      Finish(*active[l], &out[active[l]->index]);
      if (queued < order.size()) {
        start_next(active[l]);
      } else {
        active[l] = active[--count];
      }
    }
  }
}

}  // namespace oca::chunk::internal

#else

namespace oca::chunk::internal {

bool HasShaNi() { return false; }
void Sha256ManyNi(std::span<const std::string_view>, std::span<Fingerprint>) {}

}  // namespace oca::chunk::internal

#endif
