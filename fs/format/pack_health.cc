#include "fs/format/pack_health.h"

#include "fs/format/pack_parts.h"
#include "lib/base/coding.h"

namespace oca::format {
namespace {

constexpr std::string_view kHealthMagic = "OCAHEALT";
constexpr size_t kHealthFixedSize = 8 + 2 + 2 + 4;

}  // namespace

std::string EncodePackHealth(const PackHealth& health) {
  std::string out(kHealthMagic);
  PutLe<uint16_t>(&out, kPackVersion);
  PutLe<uint16_t>(&out, 0);
  PutLe<uint32_t>(&out, static_cast<uint32_t>(health.damaged.size()));
  for (const auto& [position, found] : health.damaged) {
    PutVarint(&out, position.first.value);
    PutVarint(&out, position.second);
    PutVarint(&out, static_cast<uint64_t>(found));
  }
  PutVarint(&out, health.checks.size());
  for (const auto& [pack, check] : health.checks) {
    PutVarint(&out, pack.value);
    PutVarint(&out, static_cast<uint64_t>(check.at) << 1 | (check.verified ? 1 : 0));
  }
  PutCrc(&out);
  return out;
}

absl::StatusOr<PackHealth> DecodePackHealth(std::string_view bytes) {
  if (bytes.size() < kHealthFixedSize + kCrcSize || !bytes.starts_with(kHealthMagic) ||
      !CrcHolds(bytes)) {
    return absl::DataLossError("pack health: not such a file, or its checksum is wrong");
  }
  ByteReader in(bytes.substr(kHealthMagic.size(), bytes.size() - kHealthMagic.size() - kCrcSize));
  if (absl::Status known = CheckVersion(in.Le<uint16_t>(), "pack health"); !known.ok()) {
    return known;
  }
  in.Le<uint16_t>();
  PackHealth health;
  for (uint32_t left = in.Le<uint32_t>(); left > 0 && in.ok(); --left) {
    const PackId pack{in.Varint()};
    const uint64_t offset = in.Varint();
    health.damaged[{pack, offset}] = static_cast<int64_t>(in.Varint());
  }
  for (uint64_t left = in.Varint(); left > 0 && in.ok(); --left) {
    const PackId pack{in.Varint()};
    const uint64_t word = in.Varint();
    health.checks[pack] = {static_cast<int64_t>(word >> 1), (word & 1) != 0};
  }
  if (!in.ok() || !in.empty()) {
    return absl::DataLossError("pack health: counts and size contradict each other");
  }
  return health;
}

}  // namespace oca::format
