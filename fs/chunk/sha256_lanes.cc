#include "fs/chunk/sha256_lanes.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <vector>

#include "fs/chunk/sha256_avx512.h"
#include "fs/chunk/sha256_ni.h"

namespace oca::chunk::internal {
namespace {

// A turn of AVX-512 costs the same for any number of lanes; SHA-NI is 0.74 times as fast as a full
// one (Intel Emerald Rapids), so with fewer lanes than this it is the quicker.
constexpr int kFewestLanesOfAvx512 = 12;

using Lane = Sha256Lane;

void Start(std::string_view chunk, size_t index, Lane* lane) {
  constexpr uint32_t kInitial[8] = {0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
                                    0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};
  std::memcpy(lane->words, kInitial, sizeof kInitial);
  lane->next = reinterpret_cast<const uint8_t*>(chunk.data());
  lane->blocks = chunk.size() / kSha256Block;
  lane->index = index;
  const size_t rest = chunk.size() % kSha256Block;
  lane->tail_blocks = rest + 9 > kSha256Block ? 2 : 1;
  std::memset(lane->tail, 0, sizeof lane->tail);
  if (rest != 0) std::memcpy(lane->tail, chunk.data() + chunk.size() - rest, rest);
  lane->tail[rest] = 0x80;
  const uint64_t bits = __builtin_bswap64(uint64_t{chunk.size()} * 8);
  std::memcpy(lane->tail + lane->tail_blocks * kSha256Block - sizeof bits, &bits, sizeof bits);
}

// Moves the lane on by `blocks`; true when its chunk is done.
bool Advance(size_t blocks, Lane* lane) {
  lane->next += blocks * kSha256Block;
  lane->blocks -= blocks;
  if (lane->blocks == 0 && lane->tail_blocks != 0) {
    lane->next = lane->tail;
    lane->blocks = lane->tail_blocks;
    lane->tail_blocks = 0;
  }
  return lane->blocks == 0;
}

void Finish(const Lane& lane, Fingerprint* out) {
  for (int i = 0; i < 8; ++i) {
    const uint32_t big_endian = __builtin_bswap32(lane.words[i]);
    std::memcpy(out->bytes.data() + 4 * i, &big_endian, 4);
  }
}

// Longest first: the lanes then run dry at about the same time.
std::vector<uint32_t> LongestFirst(std::span<const std::string_view> chunks) {
  std::vector<uint32_t> order(chunks.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return chunks[a].size() > chunks[b].size(); });
  return order;
}

// Takes the first of the lanes as far as the shortest of them goes. Says how many, and how far.
struct Turn {
  int lanes;
  size_t blocks;
};
Turn TakeTurn(const Sha256Kernels& kernels, Lane* const* active, int count) {
  const bool wide = kernels.avx512 && (!kernels.sha_ni || count >= kFewestLanesOfAvx512);
  Turn turn{wide ? count : std::min(count, kShaNiLanes), active[0]->blocks};
  for (int l = 1; l < turn.lanes; ++l) turn.blocks = std::min(turn.blocks, active[l]->blocks);
  (wide ? CompressAvx512 : CompressShaNi)(active, turn.lanes, turn.blocks);
  return turn;
}

}  // namespace

void Sha256InLanes(const Sha256Kernels& kernels, std::span<const std::string_view> chunks,
                   std::span<Fingerprint> out) {
  const std::vector<uint32_t> order = LongestFirst(chunks);
  const int width = kernels.avx512 ? kAvx512Lanes : kShaNiLanes;
  std::array<Lane, kAvx512Lanes> storage;
  std::array<Lane*, kAvx512Lanes> active;
  size_t queued = 0;
  int count = 0;
  const auto start_next = [&](Lane* lane) {
    const size_t index = order[queued++];
    Start(chunks[index], index, lane);
    Advance(0, lane);  // a chunk of less than a block begins with its tail
  };
  while (count < width && queued < order.size()) {
    active[count] = &storage[count];
    start_next(active[count++]);
  }
  while (count > 0) {
    const Turn turn = TakeTurn(kernels, active.data(), count);
    for (int l = turn.lanes - 1; l >= 0; --l) {
      if (!Advance(turn.blocks, active[l])) continue;
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
