#include "services/events/spool_format.h"

#include <cstdint>

#include "lib/base/coding.h"
#include "lib/base/crc32c.h"

namespace oca::events {
namespace {

constexpr size_t kHeadBytes = 8;

uint32_t CrcOf(std::string_view length, std::string_view payload) {
  return Crc32c(payload, Crc32c(length));
}

}  // namespace

void AppendRecord(std::string_view payload, std::string* out) {
  std::string length;
  PutLe(&length, static_cast<uint32_t>(payload.size()));
  *out += length;
  PutLe(out, CrcOf(length, payload));
  *out += payload;
}

absl::StatusOr<Segment> ParseSegment(std::string_view bytes) {
  if (!bytes.starts_with(kSegmentMagic)) {
    return absl::DataLossError("this is no segment of the event spool");
  }
  Segment segment;
  segment.good_bytes = kSegmentMagic.size();
  for (;;) {
    const std::string_view rest = bytes.substr(segment.good_bytes);
    if (rest.size() < kHeadBytes) break;
    const size_t length = GetLe<uint32_t>(rest.data());
    const uint32_t crc = GetLe<uint32_t>(rest.data() + sizeof(uint32_t));
    if (length > kMaxRecordBytes || length > rest.size() - kHeadBytes) break;
    const std::string_view payload = rest.substr(kHeadBytes, length);
    if (CrcOf(rest.substr(0, sizeof(uint32_t)), payload) != crc) break;
    segment.records.push_back(payload);
    segment.good_bytes += kHeadBytes + length;
  }
  return segment;
}

}  // namespace oca::events
