#include "lib/api/timestamp.h"

#include "google/protobuf/util/time_util.h"

namespace oca::api {

google::protobuf::Timestamp TimestampOf(absl::Time time) {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(time));
}

google::protobuf::Timestamp ExactTimestampOf(absl::Time time) {
  return TimestampOfNanos(absl::ToUnixNanos(time));
}

google::protobuf::Timestamp TimestampOfNanos(int64_t unix_ns) {
  constexpr int64_t kSecond = 1'000'000'000;
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(unix_ns / kSecond);
  timestamp.set_nanos(static_cast<int32_t>(unix_ns % kSecond));
  return timestamp;
}

}  // namespace oca::api
