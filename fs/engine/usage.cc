#include "fs/engine/usage.h"

#include <map>

namespace oca::engine {

Usage& Usage::operator+=(const Usage& other) {
  plain_bytes += other.plain_bytes;
  stored_bytes += other.stored_bytes;
  physical_bytes += other.physical_bytes;
  delta_plain_bytes += other.delta_plain_bytes;
  delta_stored_bytes += other.delta_stored_bytes;
  return *this;
}

Usage& Usage::operator-=(const Usage& other) {
  plain_bytes -= other.plain_bytes;
  stored_bytes -= other.stored_bytes;
  physical_bytes -= other.physical_bytes;
  delta_plain_bytes -= other.delta_plain_bytes;
  delta_stored_bytes -= other.delta_stored_bytes;
  return *this;
}

PackSummary Summarize(const format::PackFooter& footer, uint64_t file_bytes) {
  std::map<ContainerId, Usage> by_container;
  for (const format::FooterGroup& group : footer.groups) {
    Usage& usage = by_container[group.container];
    usage.physical_bytes += group.encoded_size;
    bool data =
        group.chunk_count > 0 && footer.chunks[group.first_chunk].kind == format::ChunkKind::kData;
    if (!data) continue;  // a group holds either data or nodes
    usage.plain_bytes += group.raw_bytes;
    usage.stored_bytes += group.stored_bytes;
    if (!footer.of_deltas()) continue;
    usage.delta_plain_bytes += group.raw_bytes;
    usage.delta_stored_bytes += group.stored_bytes;
  }
  PackSummary summary;
  summary.file_bytes = file_bytes;
  summary.chunk_count = static_cast<uint32_t>(footer.chunks.size());
  summary.key = footer.key;
  summary.of_deltas = footer.of_deltas();
  summary.containers.assign(by_container.begin(), by_container.end());
  return summary;
}

void EncodePackSummary(const PackSummary& summary, std::string* out) {
  PutVarint(out, summary.file_bytes);
  PutVarint(out, summary.chunk_count);
  PutVarint(out, summary.key);
  PutVarint(out, summary.of_deltas ? 1 : 0);
  PutVarint(out, summary.containers.size());
  for (const auto& [container, usage] : summary.containers) {
    PutVarint(out, container.value);
    PutVarint(out, usage.plain_bytes);
    PutVarint(out, usage.stored_bytes);
    PutVarint(out, usage.physical_bytes);
    PutVarint(out, usage.delta_plain_bytes);
    PutVarint(out, usage.delta_stored_bytes);
  }
}

PackSummary DecodePackSummary(ByteReader& in) {
  PackSummary summary;
  summary.file_bytes = in.Varint();
  summary.chunk_count = static_cast<uint32_t>(in.Varint());
  summary.key = static_cast<format::KeyId>(in.Varint());
  summary.of_deltas = in.Varint() != 0;
  uint64_t count = in.Varint();
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    ContainerId container{static_cast<uint32_t>(in.Varint())};
    Usage usage;
    usage.plain_bytes = in.Varint();
    usage.stored_bytes = in.Varint();
    usage.physical_bytes = in.Varint();
    usage.delta_plain_bytes = in.Varint();
    usage.delta_stored_bytes = in.Varint();
    summary.containers.emplace_back(container, usage);
  }
  return summary;
}

}  // namespace oca::engine
