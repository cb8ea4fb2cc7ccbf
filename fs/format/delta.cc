#include "fs/format/delta.h"

#include "lib/base/coding.h"

namespace oca::format {

std::string EncodeDeltas(std::span<const DeltaChunk> deltas) {
  std::string out;
  for (const DeltaChunk& chunk : deltas) {
    out.append(chunk.fp.view());
    out.append(chunk.base.view());
    PutLe<uint32_t>(&out, static_cast<uint32_t>(chunk.delta.size()));
  }
  for (const DeltaChunk& chunk : deltas) out.append(chunk.delta);
  return out;
}

absl::StatusOr<std::vector<DeltaChunk>> DecodeDeltas(std::string_view payload, size_t chunks) {
  ByteReader in(payload);
  std::vector<DeltaChunk> deltas;
  std::vector<uint32_t> sizes;
  for (size_t i = 0; i < chunks && in.ok(); ++i) {
    DeltaChunk chunk;
    chunk.fp = in.Fp();
    chunk.base = in.Fp();
    sizes.push_back(in.Le<uint32_t>());
    deltas.push_back(chunk);
  }
  for (size_t i = 0; i < deltas.size() && in.ok(); ++i) deltas[i].delta = in.Take(sizes[i]);
  if (!in.ok() || !in.empty()) return absl::DataLossError("deltas: they do not fill their group");
  return deltas;
}

}  // namespace oca::format
