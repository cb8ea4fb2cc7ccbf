// A file of the event spool: whoever holds the disk may have written it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "services/events/spool_format.h"

namespace {

using namespace oca;  // NOLINT

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto segment = events::ParseSegment(bytes);
  if (!segment.ok()) return 0;
  Require(segment->good_bytes <= size);
  std::string again(events::kSegmentMagic);
  for (std::string_view record : segment->records) {
    Require(record.size() <= events::kMaxRecordBytes);
    events::AppendRecord(record, &again);
  }
  Require(again == bytes.substr(0, segment->good_bytes));
  return 0;
}
