// absl::Status with an errno inside: how a failure keeps the exact POSIX meaning up to the mount.
#ifndef OCA_LIB_BASE_STATUS_H_
#define OCA_LIB_BASE_STATUS_H_

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace oca {

// A status whose ErrnoOf() is exactly `error_number`. The code follows absl::ErrnoToStatusCode, but
// for EIO-like corruption use absl::DataLossError. Never OK: an `error_number` that is not positive
// stands for EIO. `what` says what was wrong and where.
absl::Status PosixError(int error_number, std::string_view what);

// The errno for `status`: the one PosixError put there, else the table's row for its code; 0 for
// OK. kDataLoss and everything without a better row is EIO. Thread-safe.
int ErrnoOf(const absl::Status& status);

// The message alone. Debian's absl::string_view is not std::string_view; ours is, so conversions
// stand here.
inline std::string_view MessageOf(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

// `status` with "context: " put before its message; code and payloads are kept. OK stays OK.
absl::Status Annotate(const absl::Status& status, std::string_view context);

}  // namespace oca

#define OCA_STATUS_CONCAT_INNER(a, b) a##b
#define OCA_STATUS_CONCAT(a, b) OCA_STATUS_CONCAT_INNER(a, b)

// Returns from the calling function when `expr` (an absl::Status) is not OK.
#define OCA_RETURN_IF_ERROR(expr)                                     \
  do {                                                                \
    if (absl::Status oca_st_ = (expr); !oca_st_.ok()) return oca_st_; \
  } while (0)

// `lhs` = value of `expr` (an absl::StatusOr), or returns its status.
#define OCA_ASSIGN_OR_RETURN(lhs, expr) \
  OCA_ASSIGN_OR_RETURN_IMPL(OCA_STATUS_CONCAT(oca_sor_, __LINE__), lhs, expr)
#define OCA_ASSIGN_OR_RETURN_IMPL(tmp, lhs, expr) \
  auto tmp = (expr);                              \
  if (!tmp.ok()) return std::move(tmp).status();  \
  lhs = *std::move(tmp)

#endif  // OCA_LIB_BASE_STATUS_H_
