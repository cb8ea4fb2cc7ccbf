// Times as messages carry them.
#ifndef OCA_LIB_API_TIMESTAMP_H_
#define OCA_LIB_API_TIMESTAMP_H_

#include <cstdint>

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace oca::api {

// To the microsecond, as PostgreSQL keeps times.
google::protobuf::Timestamp TimestampOf(absl::Time time);

// Of nanoseconds since 1970, not before.
google::protobuf::Timestamp TimestampOfNanos(int64_t unix_ns);

}  // namespace oca::api

#endif  // OCA_LIB_API_TIMESTAMP_H_
