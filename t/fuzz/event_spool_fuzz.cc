// A file of the event spool: whoever holds the disk may have written it.
#include <cstdint>
#include <string>
#include <string_view>

#include "services/events/spool_format.h"
#include "t/fuzz/target.h"

namespace {

using namespace oca;  // NOLINT

using oca::fuzz::Require;

}  // namespace

OCA_FUZZ(event_spool_fuzz) {
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
