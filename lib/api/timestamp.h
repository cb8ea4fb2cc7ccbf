// Times as messages carry them.
#ifndef OCA_LIB_API_TIMESTAMP_H_
#define OCA_LIB_API_TIMESTAMP_H_

#include <cstdint>

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace oca::api {

// To the microsecond, as PostgreSQL keeps times.
google::protobuf::Timestamp TimestampOf(absl::Time time);

// To the nanosecond; of a time since 1970.
google::protobuf::Timestamp ExactTimestampOf(absl::Time time);
google::protobuf::Timestamp TimestampOfNanos(int64_t unix_ns);

}  // namespace oca::api

#endif  // OCA_LIB_API_TIMESTAMP_H_
