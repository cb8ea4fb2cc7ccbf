// GoogleTest assertions on absl::Status and absl::StatusOr. A failure prints the whole status,
// payloads and errno too.
#ifndef OCA_T_SUPPORT_STATUS_MATCHERS_H_
#define OCA_T_SUPPORT_STATUS_MATCHERS_H_

#include <cstring>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/base/status.h"

namespace oca::support {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& value) {
  return value.status();
}

// "NOT_FOUND: open /a: No such file or directory [oca/errno='2'] (ENOENT)"
inline std::string Describe(const absl::Status& status) {
  std::string text = status.ToString(absl::StatusToStringMode::kWithEverything);
  const char* name = status.ok() ? nullptr : strerrorname_np(ErrnoOf(status));
  if (name != nullptr) text.append(" (").append(name).append(")");
  return text;
}

template <typename StatusLike>
::testing::AssertionResult PredOk(const char* expression, const StatusLike& value) {
  const absl::Status& status = StatusOf(value);
  if (status.ok()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << expression << "\n  should be OK, but is\n  " << Describe(status);
}

template <typename StatusLike>
::testing::AssertionResult PredErrno(const char* expression, const char* errno_expression,
                                     const StatusLike& value, int error_number) {
  const absl::Status& status = StatusOf(value);
  if (ErrnoOf(status) == error_number) return ::testing::AssertionSuccess();
  const char* name = error_number == 0 ? "OK" : strerrorname_np(error_number);
  return ::testing::AssertionFailure()
         << expression << "\n  should be " << (name != nullptr ? name : errno_expression)
         << ", but is\n  " << Describe(status);
}

// Matches a Status or StatusOr of this code: EXPECT_THAT(f(),
// StatusIs(absl::StatusCode::kDataLoss)).
MATCHER_P(StatusIs, code, absl::StatusCodeToString(code)) {
  *result_listener << Describe(StatusOf(arg));
  return StatusOf(arg).code() == code;
}

}  // namespace oca::support

#define EXPECT_OK(expr) EXPECT_PRED_FORMAT1(::oca::support::PredOk, expr)
#define ASSERT_OK(expr) ASSERT_PRED_FORMAT1(::oca::support::PredOk, expr)

// The status's ErrnoOf must be `error_number`: EXPECT_ERRNO(fs.RemoveFile("/a"), ENOENT). 0 means
// OK.
#define EXPECT_ERRNO(expr, error_number) \
  EXPECT_PRED_FORMAT2(::oca::support::PredErrno, expr, error_number)
#define ASSERT_ERRNO(expr, error_number) \
  ASSERT_PRED_FORMAT2(::oca::support::PredErrno, expr, error_number)

// `lhs` = value of `expr` (an absl::StatusOr), which must be OK.
#define ASSERT_OK_AND_ASSIGN(lhs, expr) \
  ASSERT_OK_AND_ASSIGN_IMPL(OCA_STATUS_CONCAT(oca_test_sor_, __LINE__), lhs, expr)
#define ASSERT_OK_AND_ASSIGN_IMPL(tmp, lhs, expr)                                            \
  auto tmp = (expr);                                                                         \
  if (auto oca_ok = ::oca::support::PredOk(#expr, tmp); !oca_ok) FAIL() << oca_ok.message(); \
  lhs = *std::move(tmp)

#endif  // OCA_T_SUPPORT_STATUS_MATCHERS_H_
