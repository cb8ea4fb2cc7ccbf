#include "fs/chunk/sha256_lanes.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <utility>
#include <vector>

#include "fs/chunk/sha256_avx512.h"
#include "fs/chunk/sha256_ni.h"

namespace oca::chunk::internal {
namespace {

// A turn of AVX-512 costs the same for any number of lanes, and SHA-NI is half as fast as a full
// one (Intel Emerald Rapids; limits of 8 to 12 cannot be told apart there).
constexpr size_t kFewestLanesOfAvx512 = 12;

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

// The chunks of one call, longest first: the lanes then run dry at about the same time.
class Batch {
 public:
  Batch(std::span<const std::string_view> chunks, std::span<Fingerprint> out)
      : chunks_(chunks), out_(out), order_(chunks.size()) {
    std::iota(order_.begin(), order_.end(), 0);
    std::sort(order_.begin(), order_.end(),
              [&](uint32_t a, uint32_t b) { return chunks[a].size() > chunks[b].size(); });
  }

  bool empty() const { return begun_ == order_.size(); }
  void StartNext(Lane* lane) {
    const size_t index = order_[begun_++];
    Start(chunks_[index], index, lane);
    Advance(0, lane);  // a chunk of less than a block begins with its tail
  }
  void Finish(const Lane& lane) {
    for (int i = 0; i < 8; ++i) {
      const uint32_t big_endian = __builtin_bswap32(lane.words[i]);
      std::memcpy(out_[lane.index].bytes.data() + 4 * i, &big_endian, 4);
    }
  }

 private:
  const std::span<const std::string_view> chunks_;
  const std::span<Fingerprint> out_;
  std::vector<uint32_t> order_;
  size_t begun_ = 0;
};

// Until fewer than `fewest` lanes have work; returns those, which have it still.
std::vector<Lane*> RunWide(size_t fewest, Batch* batch, std::span<Lane, kAvx512Lanes> lanes) {
  Avx512Words words{};
  std::vector<size_t> active;
  const auto start_next = [&](size_t l) {
    batch->StartNext(&lanes[l]);
    for (int i = 0; i < 8; ++i) words[i][l] = lanes[l].words[i];
  };
  const auto take_words = [&](size_t l) {
    for (int i = 0; i < 8; ++i) lanes[l].words[i] = words[i][l];
  };
  while (active.size() < lanes.size() && !batch->empty()) {
    active.push_back(active.size());
    start_next(active.back());
  }
  while (active.size() >= fewest) {
    size_t blocks = lanes[active[0]].blocks;
    std::array<const uint8_t*, kAvx512Lanes> from;
    from.fill(lanes[active[0]].next);  // what lanes without work make of it is nobody's
    for (size_t l : active) {
      blocks = std::min(blocks, lanes[l].blocks);
      from[l] = lanes[l].next;
    }
    CompressAvx512(from, blocks, &words);
    std::erase_if(active, [&](size_t l) {
      if (!Advance(blocks, &lanes[l])) return false;
      take_words(l);
      batch->Finish(lanes[l]);
      if (batch->empty()) return true;
      start_next(l);
      return false;
    });
  }
  std::vector<Lane*> left;
  for (size_t l : active) {
    take_words(l);
    left.push_back(&lanes[l]);
  }
  return left;
}

// The lanes of `active`, and what of the batch was not begun.
void RunNarrow(std::vector<Lane*> active, Batch* batch) {
  while (!active.empty()) {
    const size_t count = std::min(active.size(), kShaNiLanes);
    size_t blocks = active[0]->blocks;
    for (size_t l = 1; l < count; ++l) blocks = std::min(blocks, active[l]->blocks);
    CompressShaNi(active.data(), static_cast<int>(count), blocks);
    for (size_t l = count; l-- > 0;) {
      if (!Advance(blocks, active[l])) continue;
      batch->Finish(*active[l]);
      if (!batch->empty()) {
        batch->StartNext(active[l]);
      } else {
        active[l] = active.back();
        active.pop_back();
      }
    }
  }
}

}  // namespace

void Sha256InLanes(const Sha256Kernels& kernels, std::span<const std::string_view> chunks,
                   std::span<Fingerprint> out) {
  Batch batch(chunks, out);
  std::array<Lane, kAvx512Lanes> lanes;
  if (kernels.avx512) {
    RunNarrow(RunWide(kernels.sha_ni ? kFewestLanesOfAvx512 : 1, &batch, lanes), &batch);
    return;
  }
  std::vector<Lane*> active;
  while (active.size() < kShaNiLanes && !batch.empty()) {
    active.push_back(&lanes[active.size()]);
    batch.StartNext(active.back());
  }
  RunNarrow(std::move(active), &batch);
}

}  // namespace oca::chunk::internal
