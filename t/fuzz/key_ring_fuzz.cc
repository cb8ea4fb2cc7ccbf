// The key ring and encrypted units: bytes that whoever holds the disk may have written.
#include <cstdint>
#include <string>
#include <string_view>

#include "fs/format/key_ring.h"
#include "fs/format/sealed.h"
#include "lib/base/coding.h"
#include "lib/base/crc32c.h"
#include "t/fuzz/target.h"

namespace {

using namespace oca;  // NOLINT

using oca::fuzz::Require;

void TryRing(std::string_view bytes) {
  auto ring = format::DecodeKeyRing(bytes);
  if (!ring.ok()) return;
  Require(!ring->keys.empty() && ring->keys.size() <= format::kMaxContentKeys);
  Require(crypto::IsSane(ring->info.cost));
  Require(ring->salt.size() == format::kKeyRingSaltBytes);
  // Keys that never wrapped anything: it must be refused.
  const format::RingKeys keys{crypto::Secret(std::string(32, 'w')),
                              crypto::Secret(std::string(32, 'a'))};
  Require(!format::OpenKeyRing(*ring, keys).ok());
}

void TrySealed(std::string_view bytes) {
  auto sealed = format::DecodeSealed(bytes);
  auto size = format::EncodedSealedSize(bytes);
  if (!sealed.ok()) return;
  Require(size.ok() && *size == sealed->encoded_size && *size <= bytes.size());
  Require(format::EncodeSealed(sealed->header, sealed->encrypted) == bytes.substr(0, *size));
}

}  // namespace

OCA_FUZZ(key_ring_fuzz) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  TryRing(bytes);
  TrySealed(bytes);
  // Once more under good checksums, else a fuzzer never gets past them.
  auto fix = [&](size_t end) {
    StoreLe<uint32_t>(bytes.data() + end - 4, Crc32c(std::string_view(bytes).substr(0, end - 4)));
  };
  if (size >= 4) fix(size);
  TryRing(bytes);
  if (size > format::kSealedHeaderSize) {
    StoreLe<uint32_t>(bytes.data() + 60,
                      Crc32c(std::string_view(bytes).substr(format::kSealedHeaderSize)));
    fix(format::kSealedHeaderSize);
    TrySealed(bytes);
  }
  return 0;
}
