#include "fs/chunk/chunker.h"

#include <algorithm>
#include <cassert>

#include "fs/chunk/scan.h"

namespace oca::chunk {
namespace {

using internal::FloorOf;
using internal::kNone;

struct Scanner {
  internal::FindFirst first;
  internal::FindLast last;
};

Scanner ScannerOf(ChunkerPath path) {
  switch (path) {
#if defined(__x86_64__)
    case ChunkerPath::kAvx2:
      return {internal::FindFirstAvx2, internal::FindLastAvx2};
    case ChunkerPath::kAvx512:
      return {internal::FindFirstAvx512, internal::FindLastAvx512};
#endif
    default:
      break;
  }
  return {internal::FindFirstScalar, internal::FindLastScalar};
}

// The end of the chunk that begins at data[0], of which `available` bytes are there; kNone while a
// later byte could change it.
size_t EndOfChunk(const Scanner& scan, const ChunkerParams& params, const uint8_t* data,
                  size_t available) {
  const size_t target = params.target_bytes, min = params.min_bytes(), max = params.max_bytes();
  if (available < min) return kNone;
  // One position in 2 * target is a candidate before the target, 8 in target after it.
  const uint32_t one_per_target = static_cast<uint32_t>((uint64_t{1} << 32) / target);
  const int32_t strict = FloorOf(one_per_target / 2), loose = FloorOf(one_per_target * 8);
  const size_t found = scan.first(data, min, target, std::min(available, max), strict, loose);
  if (found != kNone || available < max) return found;
  // Low-entropy data: the last of the 64 in target near the maximum keeps cuts aligned with the
  // content.
  const size_t backup = scan.last(data, max - target, max, FloorOf(one_per_target * 64));
  return backup != kNone ? backup : max;
}

}  // namespace

bool ChunkerPathSupported(ChunkerPath path) {
  switch (path) {
    case ChunkerPath::kScalar:
      return true;
#if defined(__x86_64__)
    case ChunkerPath::kAvx2:
      return __builtin_cpu_supports("avx2");
    case ChunkerPath::kAvx512:
      return __builtin_cpu_supports("avx512f");
#endif
    default:
      return false;
  }
}

ChunkerPath BestChunkerPath() {
  static const ChunkerPath best = [] {
    for (ChunkerPath path : {ChunkerPath::kAvx512, ChunkerPath::kAvx2}) {
      if (ChunkerPathSupported(path)) return path;
    }
    return ChunkerPath::kScalar;
  }();
  return best;
}

Chunker::Chunker(ChunkerParams params, ChunkerPath path) : params_(params), path_(path) {
  assert(params.target_bytes == 8192 || params.target_bytes == 16384 ||
         params.target_bytes == 32768 || params.target_bytes == 65536);
  assert(ChunkerPathSupported(path));
}

size_t Chunker::Cut(std::string_view data, bool end_of_stream, std::vector<size_t>* cuts) const {
  const Scanner scan = ScannerOf(path_);
  const auto* bytes = reinterpret_cast<const uint8_t*>(data.data());
  size_t start = 0;
  while (start < data.size()) {
    const size_t available = data.size() - start;
    size_t length = EndOfChunk(scan, params_, bytes + start, available);
    if (length == kNone) {
      if (!end_of_stream) break;
      length = available;
    }
    start += length;
    cuts->push_back(start);
  }
  return start;
}

}  // namespace oca::chunk
