// A segment of the spool as bytes (docs/format/events.md).
#ifndef OCA_SERVICES_EVENTS_SPOOL_FORMAT_H_
#define OCA_SERVICES_EVENTS_SPOOL_FORMAT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace oca::events {

inline constexpr std::string_view kSegmentMagic = "OCAEVSP1";
inline constexpr size_t kMaxRecordBytes = 64 << 10;

// `payload` has at most kMaxRecordBytes.
void AppendRecord(std::string_view payload, std::string* out);

struct Segment {
  std::vector<std::string_view> records;  // in the segment's bytes
  size_t good_bytes = 0;                  // up to the end of the last of them
};

// The records before the first that is not whole. kDataLoss when the bytes do not begin as a
// segment. `bytes` must outlive the answer.
absl::StatusOr<Segment> ParseSegment(std::string_view bytes);

}  // namespace oca::events

#endif  // OCA_SERVICES_EVENTS_SPOOL_FORMAT_H_
