// The cleaner's count of references: a file that whoever holds the disk may have written.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "fs/format/pack.h"
#include "fs/format/reference_counts.h"
#include "lib/base/coding.h"
#include "lib/base/crc32c.h"

namespace {

using namespace oca;  // NOLINT

void Require(bool holds) {
  if (!holds) std::abort();
}

void Try(std::string_view bytes) {
  auto counts = format::DecodeReferenceCounts(bytes);
  if (!counts.ok()) return;
  for (const format::ReferenceCounts::Pack& pack : counts->packs) {
    Require(pack.counts.size() <= format::kMaxChunksPerPack);
    Require(pack.dead_bytes <= pack.plain_bytes);
  }
  // Runs may be cut otherwise, but what they say is the same.
  auto again = format::DecodeReferenceCounts(format::EncodeReferenceCounts(*counts));
  Require(again.ok() && *again == *counts);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  Try(bytes);
  if (size < 4) return 0;
  // Once more under a good checksum, else a fuzzer never gets past it.
  StoreLe<uint32_t>(bytes.data() + size - 4, Crc32c(std::string_view(bytes).substr(0, size - 4)));
  Try(bytes);
  return 0;
}
