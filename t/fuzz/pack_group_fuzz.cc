// One encoded group, and its payload.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "fs/format/delta.h"
#include "fs/format/pack.h"
#include "fs/store/codec.h"
#include "t/fuzz/target.h"

OCA_FUZZ(pack_group_fuzz) {
  using namespace oca;  // NOLINT
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto group = format::DecodeGroup(bytes);
  if (!group.ok()) {
    // Checksums hide the payload's decoders from a fuzzer: the input is a payload, too.
    for (auto codec : {format::Codec::kZstd, format::Codec::kLz4}) {
      auto plain = store::Decompress(codec, bytes, 100'000);
      if (plain.ok() && plain->size() != 100'000) std::abort();
    }
    if (auto deltas = format::DecodeDeltas(bytes, size / 100 + 1); deltas.ok()) {
      if (format::EncodeDeltas(*deltas) != bytes) std::abort();
    }
    std::string chunk(5000, '\0');
    (void)store::DecompressDelta(bytes, bytes.substr(size / 2), chunk.data(), 5000);
    return 0;
  }
  if (group->encoded_size > size) std::abort();
  if (format::EncodeGroup(group->header, group->payload) != bytes.substr(0, group->encoded_size)) {
    std::abort();
  }
  auto plain = store::Decompress(group->header.codec, group->payload, group->header.raw_bytes);
  if (plain.ok() && plain->size() != group->header.raw_bytes) std::abort();
  return 0;
}
