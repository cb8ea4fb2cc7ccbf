// The cleaner's count of references: a file that whoever holds the disk may have written.
#include <cstdint>
#include <string>
#include <string_view>

#include "fs/format/pack.h"
#include "fs/format/reference_counts.h"
#include "lib/base/coding.h"
#include "lib/base/crc32c.h"
#include "t/fuzz/target.h"

namespace {

using namespace oca;  // NOLINT

using oca::fuzz::Require;

void TryCounts(std::string_view bytes) {
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

OCA_FUZZ(reference_counts_fuzz) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  TryCounts(bytes);
  if (size < 4) return 0;
  // Once more under a good checksum, else a fuzzer never gets past it.
  StoreLe<uint32_t>(bytes.data() + size - 4, Crc32c(std::string_view(bytes).substr(0, size - 4)));
  TryCounts(bytes);
  return 0;
}
